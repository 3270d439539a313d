"""Faults: the same in process and over HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Union

import pytest
import requests
import urllib3

from customers_sdk import (
    ApiError,
    AuthenticationError,
    Client,
    CustomersError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TransportError,
)
from customers_sdk._http import retry
from customers_sdk.sandbox import Sandbox
from customers_sdk.testing import MockCustomers, mock_customers

if TYPE_CHECKING:
    from collections.abc import Iterator

Handle = Union[MockCustomers, Sandbox]


@pytest.fixture(params=["in process", "over HTTP"])
def handle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    monkeypatch.setattr(retry, "BACKOFFS", [lambda *_: 0.0])  # of clients of the sandbox
    with mock_customers() if request.param == "in process" else Sandbox() as made:
        yield made


def statuses(handle: Handle) -> list[Any]:
    return [request.status for request in handle.requests]


def test_a_lost_answer_makes_no_second_customer(handle: Handle) -> None:
    handle.drop_answer_next(method="POST")
    made = handle.client().customers.create(name="no external id")
    assert [one.id for one in handle.customers] == [made.id]
    assert statuses(handle) == [None, 201]
    assert handle.requests[0].faults == ("drop_answer_next",)
    assert handle.requests[0].idempotency_key == handle.requests[1].idempotency_key


def test_a_dropped_answer_is_a_broken_connection_to_anybody(handle: Handle) -> None:
    handle.drop_answer_next()
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get(f"{handle.base_url}/customers", timeout=5)
    assert not isinstance(caught.value, requests.Timeout)


def test_a_time_out_leaves_nothing_behind(handle: Handle) -> None:
    handle.timeout_next(method="POST")
    client = handle.client(timeout=0.3, max_retries=0)
    with pytest.raises(RequestTimeoutError) as caught:
        client.customers.create(external_id="u-1")
    assert caught.value.outcome_unknown
    assert handle.customers == ()
    assert client.customers.create(external_id="u-1").external_id == "u-1"


def test_in_process_no_timeout_is_waited_for() -> None:
    with mock_customers(sleep=pytest.fail) as mock:
        for timeout in (5, (1, 5), urllib3.Timeout(read=5)):
            mock.slow_next(3600)
            with pytest.raises(requests.ReadTimeout):
                requests.get(f"{mock.base_url}/customers", timeout=timeout)
        mock.timeout_next()
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{mock.base_url}/customers", timeout=5)


def test_an_answer_that_comes_in_time_is_waited_for() -> None:
    slept: list[float] = []
    with mock_customers(sleep=slept.append) as mock:
        mock.latency(0.25, path="/customers")
        mock.latency(0.5, method="GET")
        mock.slow_next(1)
        mock.client().customers.list_page()
        mock.client().customers.create(name="x")
        mock.slow_next(1, path="/customers/*")
        mock.client().customers.retrieve(mock.customers[0].id)
    assert slept == [1.75, 0.25, 1.5]


def test_who_hangs_up_loses_the_lock_and_the_write_happens(handle: Handle) -> None:
    """The case that the client cannot mend: no external id, so it must not try again by itself."""
    handle.slow_next(0.8, method="POST")
    client = handle.client(timeout=0.3)
    with pytest.raises(RequestTimeoutError) as caught:
        client.customers.create(name="x")
    assert caught.value.outcome_unknown
    assert len(handle.requests) == 1
    key = str(caught.value.idempotency_key)
    time.sleep(0.7)
    assert len(handle.customers) == 1
    handle.client().customers.create(name="x", idempotency_key=key)
    assert len(handle.customers) == 1


def test_a_second_try_beside_the_first_makes_two(handle: Handle) -> None:
    handle.slow_next(1.0, method="POST")
    client = handle.client(timeout=0.3)
    with pytest.raises(RequestTimeoutError) as caught:
        client.customers.create(name="x")
    handle.client().customers.create(name="x", idempotency_key=caught.value.idempotency_key)
    time.sleep(1.0)
    assert len(handle.customers) == 2


def test_with_an_external_id_a_slow_create_ends_as_one(handle: Handle) -> None:
    handle.slow_next(0.6, method="POST")
    made = handle.client(timeout=0.3).customers.create(external_id="u-1")
    assert [one.id for one in handle.customers] == [made.id]


def test_a_caller_who_waits_keeps_the_lock(handle: Handle) -> None:
    handle.slow_next(0.4, method="POST")
    with handle.client() as client, ThreadPoolExecutor(2) as pool:
        tries = [
            pool.submit(client.customers.create, name="x", idempotency_key="k") for _ in range(2)
        ]
        assert tries[0].result(10) == tries[1].result(10)
    assert len(handle.customers) == 1


def test_failures_are_tried_again_and_run_out(handle: Handle) -> None:
    handle.fail_next(status=503, times=2)
    client = handle.client()
    client.customers.create(name="x")
    assert statuses(handle) == [503, 503, 201]
    handle.fail_next(502, method="GET", message="gone", code="AWAY", retry_after=0, times=3)
    with pytest.raises(ServerError) as caught:
        client.customers.list_page()
    assert (caught.value.code, caught.value.message) == ("AWAY", "gone")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 500])
def test_the_services_own_errors_stay_under_the_key(handle: Handle, status: int) -> None:
    client = handle.client(max_retries=0)
    handle.fail_next(status)
    for replayed in (False, True):
        with pytest.raises(ApiError) as caught:
            client.customers.create(name="x", idempotency_key="k")
        assert (caught.value.status, caught.value.replayed) == (status, replayed)
    assert handle.customers == ()


def test_a_rate_limit_begins_after_so_many_requests_and_can_end(handle: Handle) -> None:
    client = handle.client(max_retries=0)
    handle.rate_limit(after=2, times=1, retry_after=7)
    client.customers.list_page()
    client.customers.list_page()
    with pytest.raises(RateLimitError) as caught:
        client.customers.list_page()
    assert caught.value.retry_after == 7
    assert caught.value.code == "RATE_LIMIT_EXCEEDED"
    client.customers.list_page()


def test_a_limited_write_gets_through_under_the_next_key(handle: Handle) -> None:
    handle.rate_limit(times=1, retry_after=0)
    handle.client().customers.create(name="x")
    assert statuses(handle)[0] == 429
    assert len(handle.customers) == 1


def test_a_page_of_html_is_the_proxys(handle: Handle) -> None:
    handle.html_next()
    answer = requests.get(f"{handle.base_url}/customers", timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "502 Bad Gateway" in answer.text
    handle.html_next(200)
    with pytest.raises(CustomersError):
        handle.client().customers.create(name="x")
    assert handle.customers == ()


def test_while_the_database_is_down_a_key_is_told_so(handle: Handle) -> None:
    client = handle.client()
    handle.database_down()
    with pytest.raises(AuthenticationError, match="database is down"):
        client.customers.create(name="x", idempotency_key="k")
    handle.clear_faults()
    with pytest.raises(AuthenticationError) as caught:
        client.customers.create(name="x", idempotency_key="k")
    assert caught.value.replayed
    client.customers.create(name="x")


def test_faults_wait_for_their_method_and_path_in_their_order(handle: Handle) -> None:
    client = handle.client(max_retries=0)
    made = client.customers.create(name="x")
    handle.fail_next(503, path="/customers/*/wallets", method="post")
    handle.fail_next(502, path="/customers/*")
    handle.fail_next(504, path="/customers/*")
    client.customers.list_page()
    for status in (502, 504):
        with pytest.raises(ServerError) as caught:
            client.customers.retrieve(made.id)
        assert caught.value.status == status
    with pytest.raises(ServerError):
        client.customers.add_wallet(made.id, chain_id=1, wallet_address="0x" + "a" * 40)
    client.customers.add_wallet(made.id, chain_id=1, wallet_address="0x" + "a" * 40)


def test_a_reset_takes_faults_along(handle: Handle) -> None:
    handle.fail_next(503, times=9)
    handle.reset()
    handle.client(max_retries=0).customers.list_page()
    assert statuses(handle) == [200]


WRONG = [
    ("fail_next", {"status": "x"}, "status must be a whole number"),
    ("fail_next", {"status": True}, "status must be a whole number"),
    ("fail_next", {"status": 200}, "status must be at least 400"),
    ("fail_next", {"status": 600}, "status must be at most 599"),
    ("fail_next", {"times": 0}, "times must be at least 1"),
    ("fail_next", {"times": 1.5}, "times must be a whole number"),
    ("fail_next", {"retry_after": -1}, "retry_after must be at least 0"),
    ("fail_next", {"method": "FETCH"}, "method must be one of"),
    ("fail_next", {"method": 1}, "method must be one of"),
    ("fail_next", {"path": "customers"}, "path must begin with a slash"),
    ("fail_next", {"path": "/customers?page=1"}, "path must begin with a slash"),
    ("html_next", {"status": 100}, "status must be at least 200"),
    ("timeout_next", {"times": None}, "times must be a whole number"),
    ("drop_answer_next", {"times": "2"}, "times must be a whole number"),
    ("slow_next", {"seconds": "1"}, "seconds must be a number"),
    ("slow_next", {"seconds": -1}, "seconds must be from 0"),
    ("slow_next", {"seconds": 1e300}, "seconds must be from 0"),
    ("slow_next", {"seconds": 10**400}, "seconds must be from 0"),
    ("latency", {"seconds": float("nan")}, "seconds must be from 0"),
    ("latency", {"seconds": True}, "seconds must be a number"),
    ("rate_limit", {"after": -1}, "after must be at least 0"),
    ("rate_limit", {"times": 0}, "times must be at least 1"),
    ("database_down", {"times": 0}, "times must be at least 1"),
]


@pytest.mark.parametrize(("name", "arguments", "text"), WRONG)
def test_wrong_arguments_are_told_clearly(
    name: str, arguments: dict[str, Any], text: str, customers_mock: MockCustomers
) -> None:
    with pytest.raises((TypeError, ValueError), match=text):
        getattr(customers_mock, name)(**arguments)
    assert customers_mock.faults.waiting() == []


def test_a_sandbox_closes_while_somebody_waits_in_vain() -> None:
    sandbox = Sandbox().start()
    sandbox.timeout_next()
    with (
        ThreadPoolExecutor(1) as pool,
        Client(sandbox.api_key, sandbox.app_id, base_url=sandbox.base_url, max_retries=0) as client,
    ):
        waiting = pool.submit(client.customers.list_page)
        while not sandbox.requests:
            time.sleep(0.01)
        sandbox.close()
        with pytest.raises(TransportError):
            waiting.result(5)
