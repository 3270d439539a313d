"""Doubles that answer in the service's place, each used as its own documentation does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests
import responses
import urllib3
from responses.matchers import header_matcher, json_params_matcher

from customers_sdk import Client, NotFoundError, ServerError, TransportError
from tests.doubles import APP, BASE, ID, KEY, customer, detail, envelope, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

CUSTOMER = f"{BASE}/customers/{ID}"


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(KEY, APP, base_url=BASE, max_retries=0) as made:
        yield made


@responses.activate
def test_responses() -> None:
    client = Client(KEY, APP, base_url=BASE, max_retries=0)
    responses.get(CUSTOMER, json=envelope(detail()), match=[header_matcher({"x-api-key": KEY})])
    responses.post(
        f"{BASE}/customers",
        json=envelope(customer()),
        status=201,
        match=[json_params_matcher({"appId": APP, "name": "Ada"})],
    )
    assert client.customers.retrieve(ID).wallets[0].chain_id == 1
    assert client.customers.create(name="Ada").id == ID
    assert [call.request.method for call in responses.calls] == ["GET", "POST"]
    with pytest.raises(TransportError):
        client.customers.list_page()


def test_requests_mock(client: Client) -> None:
    requests_mock = pytest.importorskip("requests_mock", reason="the extra 'doubles' brings it")
    with requests_mock.Mocker() as mocker:
        mocker.get(CUSTOMER, json=envelope(detail()))
        mocker.post(f"{BASE}/customers", json=refusal("X"), status_code=500)
        assert client.customers.retrieve(ID).email == "ada@example.com"
        with pytest.raises(ServerError):
            client.customers.create(name="Ada")
        assert [one.method for one in mocker.request_history] == ["GET", "POST"]
        assert mocker.request_history[0].headers["x-api-key"] == KEY
        assert mocker.last_request.json() == {"appId": APP, "name": "Ada"}
        with pytest.raises(TransportError):
            client.customers.list_page()
        mocker.get(CUSTOMER, exc=requests.ConnectTimeout)
        with pytest.raises(TransportError):
            client.customers.retrieve(ID)


def test_requests_mock_as_an_adapter() -> None:
    requests_mock = pytest.importorskip("requests_mock", reason="the extra 'doubles' brings it")
    adapter = requests_mock.Adapter()
    adapter.register_uri("GET", CUSTOMER, json=envelope(detail()))
    session = requests.Session()
    session.mount("https://", adapter)
    client = Client(KEY, APP, base_url=BASE, session=session, max_retries=0)
    assert client.customers.retrieve(ID).id == ID


def test_pook(client: Client) -> None:
    pook = pytest.importorskip("pook", reason="the extra 'doubles' brings it")
    with pook.use():
        pook.get(CUSTOMER).header("x-api-key", KEY).reply(200).json(envelope(detail()))
        pook.post(f"{BASE}/customers").reply(404).json(refusal("NOT_FOUND"))
        assert client.customers.retrieve(ID).wallets[0].chain_id == 1
        with pytest.raises(NotFoundError):
            client.customers.create(name="Ada")
        assert pook.isdone()


def test_httpretty() -> None:
    httpretty = pytest.importorskip("httpretty", reason="the extra 'doubles' brings it")
    if not urllib3.__version__.startswith("1."):
        pytest.skip("HTTPretty cannot answer any request that goes through urllib3 2.3 or later")
    # Its sockets have no `gettimeout`, which the client's own connections ask for.
    with httpretty.enabled(allow_net_connect=False), requests.Session() as session:
        client = Client(KEY, APP, base_url=BASE, session=session, max_retries=0)
        httpretty.register_uri(httpretty.GET, CUSTOMER, body=json.dumps(envelope(detail())))
        assert client.customers.retrieve(ID).wallets[0].chain_id == 1
        assert httpretty.last_request().headers["x-api-key"] == KEY
