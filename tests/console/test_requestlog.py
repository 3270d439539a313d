"""What the log of requests knows: tries of one call, responses, and no key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.faults import requestlog
from customers_sdk.sandbox.faults.requestlog import RequestLog, SentRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(db=":memory:") as running:
        yield running


def sent(
    log: RequestLog,
    method: str = "GET",
    path: str = "/customers",
    *,
    status: int | None = 200,
    key: str | None = None,
    body: bytes = b"",
    later: float = 0.0,
) -> SentRequest:
    """A request that has ended, in the log."""
    entry = SentRequest(method, path, body=body, idempotency_key=key)
    entry.sent_at += later
    log.add(entry)
    entry.status = status
    log.finish(entry, (status or 201, [], b"{}") if log.keeps_responses else None)
    return entry


def calls(log: RequestLog) -> list[int]:
    """The call that each request belongs to."""
    found, _, _ = log.changed(0, 100)
    return [entry.call for entry in sorted(found, key=lambda entry: entry.number)]


def test_writes_of_one_idempotency_key_are_one_call() -> None:
    log = RequestLog()
    sent(log, "POST", key="k", status=None)
    sent(log, "POST", key="other", body=b"{}")
    sent(log, "POST", key="k", later=3600)
    assert calls(log) == [1, 2, 1]


@pytest.mark.parametrize("status", [None, 408, 409, 429, 500, 502])
def test_an_equal_request_soon_after_a_failure_is_a_retry(status: int | None) -> None:
    log = RequestLog()
    sent(log, status=status)
    sent(log, status=status)
    sent(log)
    assert calls(log) == [1, 1, 1]


def test_an_equal_request_after_a_success_or_much_later_is_another_call() -> None:
    log = RequestLog()
    sent(log)
    sent(log, status=503)
    sent(log, later=31)
    assert calls(log) == [1, 2, 3]


def test_a_write_sent_again_under_a_new_key_after_a_failure_is_the_same_call() -> None:
    log = RequestLog()
    sent(log, "POST", key="k-1", status=429, body=b"{}")
    sent(log, "POST", key="k-2", body=b"{}")
    sent(log, "POST", key="k-3", status=429, body=b'{"other": 1}')
    assert calls(log) == [1, 1, 3]


def test_a_cursor_gives_what_came_and_what_ended_since() -> None:
    log = RequestLog()
    running = SentRequest("GET", "/customers")
    log.add(running)
    found, cursor, _ = log.changed(0, 100)
    assert found == [running]
    assert log.changed(cursor, 100)[0] == []
    running.status = 200
    log.finish(running)
    other = sent(log)
    assert log.changed(cursor, 100)[0] == [running, other]


def test_a_long_log_is_given_in_pieces() -> None:
    log = RequestLog()
    expected = [sent(log) for _ in range(5)]
    found: list[Any] = []
    cursor = 0
    for _ in range(3):
        more, cursor, _ = log.changed(cursor, 2)
        found += more
    assert found == expected


def test_what_fell_out_of_the_log_is_known_by_the_oldest_number() -> None:
    log = RequestLog(2)
    for _ in range(5):
        sent(log)
    found, cursor, oldest = log.changed(0, 100)
    assert ([entry.number for entry in found], oldest) == ([4, 5], 4)
    assert (log.entry(3), log.entry(4), log.entry(6)) == (None, found[0], None)
    log.clear()
    assert log.changed(cursor, 100)[2] == 6


def test_old_bodies_are_dropped_when_they_take_too_much_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requestlog, "MOST_BYTES", 100)
    log = RequestLog()
    entries = [sent(log, body=b"x" * 30) for _ in range(10)]
    assert sum(entry.size for entry in entries) <= 100
    assert entries[-1].body == b"x" * 30
    unbounded = RequestLog(None)
    assert all(sent(unbounded, body=b"x" * 30).size == 30 for _ in range(10))


def test_a_lost_response_is_kept_with_what_the_service_made_of_it(sandbox: Sandbox) -> None:
    sandbox.drop_answer_next()
    made = sandbox.client().customers.create(external_id="u-1")
    first, second = sandbox.requests
    assert (first.status, first.replayed, second.status, second.replayed) == (
        None,
        False,
        201,
        True,
    )
    for entry in (first, second):
        assert entry.response is not None
        assert json.loads(entry.response[2])["data"]["id"] == made.id
        assert entry.customer == (made.id, "u-1")
        assert entry.seconds is not None


def test_a_body_of_any_depth_can_be_listed(sandbox: Sandbox) -> None:
    body = '{"a":' * 100_000 + "1" + "}" * 100_000  # more than any Python reads
    headers = {"x-api-key": sandbox.api_key, "Content-Type": "application/json"}
    requests.post(f"{sandbox.base_url}/customers", data=body, headers=headers, timeout=30)
    assert sandbox.requests[0].json is None
    assert sandbox.requests[0].summary()["external_id"] is None


def test_metadata_of_any_depth_can_be_shown(sandbox: Sandbox) -> None:
    deep = "[" * 1900 + "]" * 1900
    body = f'{{"appId": "{sandbox.app_id}", "metadata": {{"deep": {deep}}}}}'
    headers = {"x-api-key": sandbox.api_key, "Content-Type": "application/json"}
    requests.post(f"{sandbox.base_url}/customers", data=body, headers=headers, timeout=5)
    url = f"{sandbox.base_url}/_sandbox/customers/{sandbox.requests[0].customer[0]}"
    assert requests.get(url, timeout=5).json()["metadata"] == f'{{"deep":{deep}}}'


def test_what_it_keeps_holds_no_key(sandbox: Sandbox) -> None:
    secrets = {
        "x-api-key": sandbox.api_key,
        "Authorization": "Basic c2VjcmV0",
        "Cookie": "session=c2VjcmV0",
        "User-Agent": "mine",
    }
    requests.get(f"{sandbox.base_url}/customers", headers=secrets, timeout=5)
    kept = json.dumps(sandbox.requests[0].details())
    assert "mine" in kept
    assert "c2VjcmV0" not in kept
    assert sandbox.api_key not in kept


def test_the_customer_is_found_in_the_path_the_response_or_the_body(sandbox: Sandbox) -> None:
    client = sandbox.client(max_retries=0)
    made = client.customers.create(external_id='quote "')
    with pytest.raises(Exception, match="500"):
        client.customers.create(external_id='quote "')
    wallet = client.customers.add_wallet(made.id, chain_id=1, wallet_address="0x" + "ab" * 20)
    client.customers.remove_wallet(made.id, wallet.id)
    client.customers.list_page()
    assert [entry.customer for entry in sandbox.requests if entry.method != "GET"] == [
        (made.id, 'quote "'),
        (None, 'quote "'),
        (made.id, None),
        (made.id, None),
    ]
    assert sandbox.requests[-1].customer == (None, None)
