"""The fake in process: isolation, nesting, the environment, other hosts, decorators."""

# ruff: noqa: S603 - the processes started here are our own

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses

from customers_sdk import AuthenticationError, Client, ConfigurationError, Customer, TransportError
from customers_sdk.testing import MockCustomers, mock_customers

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "https://other.example/x"


def sign_up(external_id: str = "u-1") -> Customer:
    """A user's own code: a client of its own, the settings from the environment."""
    with Client() as client:
        return client.customers.create(external_id=external_id)


def test_a_clients_own_calls_are_answered_and_kept() -> None:
    with mock_customers() as mock:
        made = sign_up()
        assert [(one.id, one.external_id) for one in mock.customers] == [(made.id, "u-1")]
        assert made.app_id == mock.app_id
        with pytest.raises(AuthenticationError):
            Client("nr_test_sk_other", mock.app_id).customers.list_page()


def test_the_environment_is_set_meanwhile_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", "mine")
    monkeypatch.delenv("NODERAILS_APP_ID", raising=False)
    with pytest.raises(ZeroDivisionError), mock_customers() as mock:  # noqa: PT012
        assert os.environ["NODERAILS_API_KEY"] == mock.api_key
        assert os.environ["NODERAILS_APP_ID"] == mock.app_id
        assert os.environ["NODERAILS_BASE_URL"] == mock.base_url == "https://api.noderails.com"
        raise ZeroDivisionError
    assert os.environ["NODERAILS_API_KEY"] == "mine"
    assert "NODERAILS_APP_ID" not in os.environ


def test_each_use_starts_empty_and_an_inner_one_hides_the_outer() -> None:
    with mock_customers() as outer:
        sign_up("outer")
        with mock_customers() as inner:
            assert inner.customers == ()
            sign_up("inner")
            assert [one.external_id for one in inner.customers] == ["inner"]
        sign_up("outer again")
        assert [one.external_id for one in outer.customers] == ["outer", "outer again"]


def test_one_mock_may_be_entered_again_while_it_is_active() -> None:
    both = mock_customers()
    with both as outer, both as inner:
        sign_up()
        assert (len(outer.customers), len(inner.customers)) == (0, 1)


def test_it_takes_no_thread() -> None:
    before = set(threading.enumerate())
    with mock_customers() as mock:
        mock.client().customers.create(name="Ada")
        assert set(threading.enumerate()) == before


def test_seeds_are_what_the_client_sees(customers_mock: MockCustomers) -> None:
    customers = customers_mock.client().customers
    customer_id = customers_mock.add_customer(name="Ada", metadata={"a": [1]})
    customers_mock.add_payment_intent(customer_id, amount="10.00")
    customers_mock.add_invoice(customer_id, total=7)
    customers_mock.add_chain(77, "own-chain")
    wallet = customers.add_wallet(customer_id, chain_id=77, wallet_address="0x" + "a" * 40)
    shown = customers.retrieve(customer_id)
    assert (str(shown.payment_intents[0].amount), str(shown.invoices[0].total)) == ("10", "7")
    assert wallet.chain is not None
    assert wallet.chain.name == "own-chain"
    assert customers_mock.customers[0].counts.invoices == 1
    assert customers_mock.customers[0].metadata == {"a": [1]}
    customers_mock.reset()
    assert (customers_mock.customers, customers_mock.requests) == ((), ())
    assert customers.create(name="the key still works").name


def test_requests_are_written_down_as_they_were_sent(customers_mock: MockCustomers) -> None:
    customers = customers_mock.client().customers
    made = customers.create(name="Ada", idempotency_key="mine")
    customers.list_page(search="é")
    post, get = customers_mock.requests
    assert (post.method, post.path, post.status) == ("POST", "/customers", 201)
    assert post.json == {"appId": customers_mock.app_id, "name": "Ada"}
    assert post.idempotency_key is not None
    assert len(post.idempotency_key) == 64  # scoped: not the caller's own form
    assert (get.idempotency_key, get.json, get.faults) == (None, None, ())
    assert "search=%C3%A9" in get.query
    assert "Ada" not in repr(customers_mock.requests)
    assert customers_mock.api_key not in repr(customers_mock)
    assert made.id


def test_after_its_end_the_handle_says_so_and_its_clients_are_closed() -> None:
    with mock_customers() as mock:
        mock.client().customers.list_page()
    assert len(mock.requests) == 1
    with pytest.raises(RuntimeError, match="while it is active"):
        _ = mock.customers


def test_other_hosts_are_refused_unless_they_are_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone: list[str] = []

    def real(_: Any, request: requests.PreparedRequest, **__: Any) -> requests.Response:
        gone.append(str(request.url))
        answer = requests.Response()
        answer.status_code = 200
        return answer

    real.__module__ = "requests.adapters"
    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", real)
    with mock_customers(), pytest.raises(requests.ConnectionError):
        requests.get(OTHER, timeout=1)
    for passthrough in (True, "https://other.", ["https://b.example", "https://other.example"]):
        with mock_customers(passthrough=passthrough):
            assert requests.get(OTHER, timeout=1).status_code == 200
            sign_up()
    with mock_customers(passthrough="https://b."), pytest.raises(requests.ConnectionError):
        requests.get(OTHER, timeout=1)
    assert gone == [OTHER] * 3


def test_a_mock_that_is_active_already_decides_about_other_hosts() -> None:
    with responses.RequestsMock() as rsps:
        rsps.get(OTHER, body="outer")
        with mock_customers():
            sign_up()
            assert requests.get(OTHER, timeout=1).text == "outer"
            with pytest.raises(requests.ConnectionError):
                requests.get("https://third.example", timeout=1)


@responses.activate
def test_a_mock_that_begins_later_can_answer_too(customers_mock: MockCustomers) -> None:
    responses.get(OTHER, body="inner")
    with pytest.raises(TransportError):
        Client(max_retries=0).customers.list_page()
    customers_mock.answer_in(responses)
    sign_up()
    assert requests.get(OTHER, timeout=1).text == "inner"
    assert len(customers_mock.customers) == 1


def test_a_fake_may_begin_with_rows() -> None:
    seed = {"customers": [{"id": "c-1"}], "invoices": [{"customer_id": "c-1", "total": 2}]}
    with mock_customers(seed=seed) as mock:
        assert mock.customers[0].counts.invoices == 1
    with mock_customers(seed=25) as one, mock_customers(seed=25) as other:
        assert one.customers == other.customers
        assert len(one.customers) == 25


@pytest.mark.parametrize("wrong", [{"people": []}, {"customers": [{"colour": 1}]}, [], -1, True])
def test_a_wrong_seed_is_refused_and_nothing_stays_patched(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"seed|customers"), mock_customers(seed=wrong):
        pass
    assert "NODERAILS_API_KEY" not in os.environ


def test_every_request_may_take_time() -> None:
    slept: list[float] = []
    with mock_customers(latency=0.25, sleep=slept.append):
        sign_up()
    assert slept == [0.25]


@pytest.mark.parametrize("wrong", [None, 1, [1], [None], object()])
def test_a_wrong_passthrough_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="passthrough must be"):
        mock_customers(passthrough=wrong)


def test_another_base_url_can_be_answered_and_its_neighbours_are_not() -> None:
    with pytest.raises(ConfigurationError):
        mock_customers(base_url="ftp://x")
    with mock_customers(base_url="http://pay.example:8080/api") as mock:
        mock.client(allow_http=True).customers.create(name="x")
        assert mock.requests[0].path == "/customers"
        for url in ("http://pay.example:8080/apis/customers", "http://pay.example/api/customers"):
            with pytest.raises(requests.ConnectionError):
                requests.get(url, timeout=1)


@pytest.mark.parametrize("body", ['{"name":"x"}', b'{"name":"x"}', iter([b'{"name"', b':"x"}'])])
def test_requests_by_hand_are_answered_too(body: Any, customers_mock: MockCustomers) -> None:
    headers = {"x-api-key": customers_mock.api_key, "Content-Type": "application/json"}
    url = f"{customers_mock.base_url}/customers"
    answer = requests.post(url, body, headers=headers, timeout=5)
    assert answer.json()["error"]["message"] == "appId: Required"
    assert requests.head(url, headers=headers, timeout=(5, None)).content == b""
    assert requests.get(f"{url}%2Fx", headers=headers, timeout=5).status_code == 404


def test_threads_may_share_it(customers_mock: MockCustomers) -> None:
    with Client() as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: client.customers.create(external_id=f"u-{n}"), range(100)))
    assert len({one.external_id for one in customers_mock.customers}) == 100


@mock_customers()
def decorated(*args: int, more: int = 0) -> tuple[tuple[int, ...], int, int]:
    """Keeps its name."""
    sign_up()
    return args, more, len(list(Client().customers.list()))


def test_a_decorated_function_gets_no_argument_and_an_empty_fake_each_time() -> None:
    assert decorated(1, 2, more=3) == ((1, 2), 3, 1)
    assert decorated() == ((), 0, 1)
    assert (decorated.__name__, decorated.__doc__) == ("decorated", "Keeps its name.")
    assert "NODERAILS_API_KEY" not in os.environ


def test_coroutines_and_generators_are_decorated_for_as_long_as_they_run() -> None:
    @mock_customers()
    async def later() -> str:
        await asyncio.sleep(0)
        return sign_up().app_id

    @mock_customers()
    def steps() -> Iterator[str]:
        yield sign_up("a").app_id
        yield sign_up("b").app_id

    @mock_customers()
    async def later_steps() -> Any:
        yield sign_up("a").app_id

    async def first() -> str:
        return await later_steps().__anext__()

    assert asyncio.run(later())
    assert len(set(steps())) == 1
    assert asyncio.run(first())


@mock_customers()
class TestDecoratedClass(unittest.TestCase):
    helper = "left alone"

    def test_one(self) -> None:
        sign_up()

    def test_other(self) -> None:
        assert list(Client().customers.list()) == []


class TestDecoratedMethods:
    @mock_customers()
    def test_a_method(self, tmp_path: Any) -> None:
        assert sign_up().external_id == "u-1"
        assert tmp_path.exists()


def test_without_the_extra_the_import_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['responses'] = None; "
    code += "from customers_sdk.testing import mock_customers"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith("needs responses: pip install responses")
