"""Faults that need more than a row of the table: who is reached, what is next on the wire."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import socket
import time
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any, Callable
from unittest import mock

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from customers_sdk import (
    ApiError,
    ConflictError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    TransportError,
)
from customers_sdk._http import exchange, retry
from customers_sdk._stored import differs
from tests.faults import behaviours as do
from tests.faults.server import Behaviour, Connection, Server, message, well
from tests.faults.service import MakeClient
from tests.faults.table import OLD_WALLET, Place

STATUSES = pytest.mark.parametrize("status", [301, 302, 303, 307, 308])


@STATUSES
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_redirect_is_an_error_and_nothing_reaches_where_it_points(
    server: Server, connect: MakeClient, status: int, method: str
) -> None:
    client = connect(server.url)
    with Server() as elsewhere:
        server.then(do.redirect(status, f"{elsewhere.url}/customers"))
        with pytest.raises(ApiError, match="redirects are never followed") as caught:
            client.request(method, "/customers", json={} if method in ("POST", "PUT") else None)
        assert elsewhere.connections == 0
    assert caught.value.status == status
    assert len(server.requests) == 1


def test_a_redirect_to_the_same_host_is_not_followed_either(
    server: Server, connect: MakeClient
) -> None:
    server.then(do.redirect(302, f"{server.url}/customers"))
    with pytest.raises(ApiError):
        connect(server.url).customers.list_page()
    assert len(server.requests) == 1


_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n"
_MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 100000\r\n\r\n"
DRIPS = {
    "body": do.drip_body,
    "chunks": do.drip_chunks,
    # No data at all: one line that announces a chunk and does not end.
    "chunk size": do.chunked(b"1;" + b"x" * 50_000),
    "trailer": do.chunked(b"2\r\n{}\r\n0\r\nx-t: " + b"x" * 50_000),
    # Bytes keep coming, and decode to nothing: the file name in the head of a gzip stream.
    "gzip": do.dripping(_GZIP, b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * 50_000),
    "redirect": do.dripping(_MOVED, b" " * 100_000),
}


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("call", ["create", "list_page"])
def test_the_deadline_ends_whatever_drips(
    server: Server, connect: MakeClient, drip: Behaviour, call: str
) -> None:
    client = connect(server.url, deadline=0.5)
    server.then(*[drip] * 3)
    with pytest.raises((RequestTimeoutError, ApiError)) as caught:
        getattr(client.customers, call)()
    assert server.outlasted == 0
    assert caught.value.outcome_unknown is (call == "create")
    assert len(server.requests) == 1


def test_the_first_byte_of_a_body_is_waited_for_until_the_deadline_only(
    server: Server, connect: MakeClient
) -> None:
    def late_head(connection: Any) -> None:
        time.sleep(0.4)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        connection.hang()

    server.then(late_head)
    with pytest.raises(RequestTimeoutError):
        connect(server.url, timeout=0.6, deadline=0.6).customers.list_page()
    assert server.outlasted == 0


def test_settling_a_lost_creation_takes_no_longer_than_the_call_may(
    server: Server, connect: MakeClient
) -> None:
    server.then(do.hang, well, do.drip_body)
    client = connect(server.url, timeout=0.3, deadline=0.9)
    with pytest.raises(ServerError) as caught:
        client.customers.create(external_id="user-1")
    assert server.outlasted == 0
    assert caught.value.outcome_unknown
    assert len(server.requests) == 3


def late(head: bytes) -> Behaviour:
    """The service does it; after the head, more comes only when the next request is on its way."""

    def behaviour(connection: Connection) -> bool:
        connection.carry_out()
        connection.send(head)
        if not connection.wait():
            return False
        connection.send(do.POISON)
        return True

    return behaviour


late_body_after_204 = late(
    b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % len(do.POISON)
)
late_after_103 = late(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")


@pytest.mark.parametrize("poison", [do.body_after_204, late_body_after_204])
def test_the_body_of_a_204_is_not_the_answer_to_the_next_call(
    server: Server, connect: MakeClient, place: Place, poison: Behaviour
) -> None:
    client = connect(server.url)
    server.then(poison)
    client.customers.remove_wallet(place.customer["id"], place.wallet["id"])
    assert client.customers.retrieve(place.customer["id"]).id == place.customer["id"]


@pytest.mark.parametrize("interim", [do.early_hints, late_after_103])
def test_an_answer_after_an_interim_one_is_not_the_answer_to_the_next_call(
    server: Server, connect: MakeClient, place: Place, interim: Behaviour
) -> None:
    client = connect(server.url, max_retries=0)
    server.then(interim)
    with pytest.raises(TransportError) as caught:
        client.customers.create(name="Ada")
    assert caught.value.outcome_unknown
    assert "happened" not in str(caught.value)
    assert client.customers.retrieve(place.customer["id"]).id == place.customer["id"]


def hundred_first(connection: Connection) -> bool:
    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    return well(connection)


def test_100_continue_is_passed_over(server: Server, connect: MakeClient) -> None:
    server.then(hundred_first)
    assert connect(server.url).customers.create(name="Ada").name == "Ada"
    assert len(server.requests) == 1


def test_a_body_on_the_wire_is_not_left_for_the_next_call(
    server: Server, connect: MakeClient, place: Place
) -> None:
    client = connect(server.url, max_retries=0)
    server.then(do.length_too_short)
    with pytest.raises(ResponseFormatError):
        client.customers.list_page()
    assert client.customers.retrieve(place.customer["id"]).id == place.customer["id"]


def gzip_well(connection: Connection) -> bool:
    status, _, body = connection.carry_out()
    connection.send(message(status, gzip.compress(body), "Content-Encoding: gzip"))
    return True


def test_a_connection_is_kept_from_call_to_call(server: Server, connect: MakeClient) -> None:
    client = connect(server.url)
    server.then(well, gzip_well, do.error(404, "NOT_FOUND"), do.html(504))
    client.customers.list_page()
    client.customers.list_page()
    for kind in (NotFoundError, ServerError):
        with pytest.raises(kind):
            client.customers.list_page(max_retries=0)
    client.customers.list_page()
    assert server.connections == 1


def close_idle(connection: Connection) -> None:
    """Answer well, and close the connection that was to be kept."""
    well(connection)


def test_a_connection_closed_while_idle_is_no_error(server: Server, connect: MakeClient) -> None:
    client = connect(server.url, max_retries=0)
    for _ in range(3):
        server.then(close_idle)
        client.customers.create(name="Ada")
        time.sleep(0.05)
    assert len(server.requests) == 3


def huge_chunked(connection: Connection) -> None:
    connection.carry_out()
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(do.HUGE // do.MIB):
        connection.send(b"%x\r\n%s\r\n" % (do.MIB, b" " * do.MIB))
    connection.send(b"0\r\n\r\n")


@pytest.mark.parametrize("huge", [do.huge, huge_chunked, do.gzip_bomb])
def test_a_body_above_32_mib_is_refused_while_it_is_read(
    server: Server, connect: MakeClient, huge: Behaviour
) -> None:
    server.then(huge)
    client = connect(server.url)
    with pytest.raises(ResponseFormatError, match="larger than 32 MiB"):
        client.customers.list_page()
    client.customers.list_page()


def test_the_body_of_an_error_is_bounded_too(server: Server, connect: MakeClient) -> None:
    def huge_error(connection: Any) -> None:
        connection.send(b"HTTP/1.1 404 Not Found\r\n\r\n")
        for _ in range(40):
            connection.send(b" " * do.MIB)

    server.then(huge_error)
    with pytest.raises(NotFoundError):
        connect(server.url).customers.list_page()


def in_seconds(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


def test_retry_after_in_every_form(server: Server, connect: MakeClient) -> None:
    client = connect(server.url)
    for value, expected in [
        ("3600", 3600),
        ("99999999999999999999", 1e9),
        (in_seconds(3600), pytest.approx(3600, abs=3)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", pytest.approx(2.5e11, rel=0.1)),
        ("3600.5", 3601),
        ("60, 3600", 3600),
    ]:
        server.then(do.limited(value))
        with pytest.raises(RateLimitError, match="leaves no time") as caught:
            client.customers.list_page()
        assert caught.value.attempts == 1
        assert caught.value.retry_after == expected
    for value in ("0", in_seconds(-60), "-5", "soon", "", "1.5x", "Mon, 99 Foo 2026", "\xff"):
        server.then(do.limited(value))
        assert client.customers.list_page().page == 1
    server.then(do.limited("3600", "1"))  # twice, which `requests` joins
    with pytest.raises(RateLimitError) as twice:
        client.customers.list_page()
    assert twice.value.retry_after == 3600


def test_a_date_in_the_form_of_asctime_is_gmt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry.retry_after("Sun Nov 22 10:00:30 2026", 1795341600.0) == 30
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_busy_key_is_waited_for_and_not_counted_as_a_try(
    server: Server, connect: MakeClient
) -> None:
    server.then(*[do.busy] * 6)
    client = connect(server.url, max_retries=0)
    assert client.customers.create(name="Ada", idempotency_key="k").name == "Ada"
    assert len(set(server.keys)) == 1
    assert len(server.requests) == 7


def test_nobody_waits_for_a_key_that_was_not_sent(server: Server, connect: MakeClient) -> None:
    client = connect(server.url)
    server.then(do.busy, do.busy)
    for ask in (client.customers.list_page, lambda: client.customers.remove_wallet("a", "b")):
        with pytest.raises(ConflictError) as caught:
            ask()
        assert not caught.value.outcome_unknown


def test_a_stored_rate_limit_goes_on_under_the_next_key(
    server: Server, connect: MakeClient
) -> None:
    body = {"success": False, "error": {"code": "RATE_LIMIT_EXCEEDED", "message": "no"}}
    server.then(do.answer(429, body, "Idempotent-Replayed: true", heard=False))
    client = connect(server.url, max_retries=0)
    client.customers.create(name="Ada", idempotency_key="k")
    first, second = server.keys
    assert first != second
    client.customers.create(name="Ada", idempotency_key="k")
    assert server.keys[2] == first


@pytest.mark.parametrize("lose", [do.reset, do.close, do.html(502, heard=True), do.close_mid_body])
def test_a_second_try_is_answered_by_the_first(
    server: Server, connect: MakeClient, place: Place, lose: Behaviour
) -> None:
    server.then(lose)
    made = connect(server.url).customers.create(name="Ada")
    assert made.name == "Ada"
    assert place.created() == 1
    first, second = server.keys
    assert first == second


def test_a_removal_met_by_404_on_a_second_try_is_done(
    server: Server, connect: MakeClient, place: Place
) -> None:
    client = connect(server.url)
    server.then(do.reset)
    client.customers.remove_wallet(place.customer["id"], place.wallet["id"])
    with pytest.raises(NotFoundError):
        client.customers.remove_wallet(place.customer["id"], place.wallet["id"])


def test_a_500_is_settled_by_what_is_stored_and_not_by_what_looks_alike(
    server: Server, connect: MakeClient, place: Place
) -> None:
    client = connect(server.url, timeout=0.3)
    client.customers.create(external_id="user-1", name="Somebody else")
    server.then(do.hang_before)
    with pytest.raises(ServerError) as caught:
        client.customers.create(external_id="user-1", name="Ada")
    assert caught.value.attempts == 2
    assert place.created() == 1
    server.then(do.hang_before)
    wallet = client.customers.add_wallet(
        place.customer["id"], chain_id=1, wallet_address=OLD_WALLET
    )
    assert wallet.id == place.wallet["id"]


def test_a_budget_ends_a_storm(server: Server, connect: MakeClient) -> None:
    client = connect(server.url, max_retries=100)
    server.then(*[do.html(503)] * 150)
    with pytest.raises(ServerError):
        client.customers.list_page()
    assert len(server.requests) == 101
    with pytest.raises(ServerError, match="too many calls"):
        client.customers.list_page()
    assert len(server.requests) == 102


def test_a_wait_that_the_deadline_forbids_costs_no_tokens(
    server: Server, connect: MakeClient
) -> None:
    client = connect(server.url)
    server.then(*[do.limited("3600")] * 110, do.html(503))
    for _ in range(110):
        with pytest.raises(RateLimitError):
            client.customers.list_page()
    client.customers.list_page()


def test_a_hostile_request_id_gets_into_no_error_and_no_log(
    server: Server, connect: MakeClient
) -> None:
    for value in ("x" * 5000, "a\x1b[2Jb", "a\r\n\tb", "\xe9", ""):
        server.then(do.error(404, "NOT_FOUND", f"x-request-id: {value}"))
        with pytest.raises(NotFoundError) as caught:
            connect(server.url).customers.list_page()
        sent = server.requests[-1].headers["x-request-id"]
        assert caught.value.request_id == sent
        assert str(caught.value).isprintable()


class Canned(BaseAdapter):
    """An adapter of the caller's own, such as tests mount, that answers without urllib3."""

    def __init__(self, fill: Callable[[requests.Response], None]) -> None:
        super().__init__()
        self._fill = fill

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:  # type: ignore[override]
        response = requests.Response()
        response.status_code = 200
        response.headers = CaseInsensitiveDict({"content-type": "application/json"})
        response.request = request
        response.url = request.url
        self._fill(response)
        return response

    def close(self) -> None:
        pass


EMPTY_PAGE = json.dumps(
    {
        "success": True,
        "data": [],
        "pagination": {"total": 0, "page": 1, "pageSize": 20, "totalPages": 0},
    }
).encode()


def test_adapters_that_answer_with_a_file_or_a_ready_body_work(connect: MakeClient) -> None:
    def file(response: requests.Response) -> None:
        response.raw = io.BytesIO(EMPTY_PAGE)

    def ready(response: requests.Response) -> None:
        response._content = EMPTY_PAGE

    for fill in (file, ready):
        with requests.Session() as session:
            session.mount("http://", Canned(fill))
            client = connect("http://127.0.0.1:9", session=session)
            assert len(client.customers.list_page()) == 0


class _OldRaw:
    """What urllib3 1.26 gives: no `read1` of its own."""

    def __init__(self, body: bytes, length: int) -> None:
        self.headers: dict[str, str] = {}
        self.released = False
        left, right = socket.socketpair()
        left.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + body)
        left.close()
        self._fp = http.client.HTTPResponse(right)
        right.close()
        self._fp.begin()

    def release_conn(self) -> None:
        assert self._fp.isclosed()  # or the next request on the connection is refused
        self.released = True


def test_the_body_is_read_where_urllib3_has_no_read1() -> None:
    raw = _OldRaw(b"0123456789" * 20_000, 200_000)
    pieces = exchange._pieces_before_2(raw, raw._fp, encoded=False)
    assert b"".join(pieces) == b"0123456789" * 20_000
    assert raw.released


def test_a_short_body_is_noticed_where_urllib3_has_no_read1() -> None:
    raw = _OldRaw(b"0123456789", 11)
    with pytest.raises(http.client.IncompleteRead):
        list(exchange._pieces_before_2(raw, raw._fp, encoded=False))
    assert not raw.released
    raw._fp.close()


def test_an_interrupt_leaves_the_client_usable(
    server: Server, connect: MakeClient, place: Place
) -> None:
    client = connect(server.url)
    client.customers.list_page()
    server.then(do.huge)
    interrupting = mock.patch.object(exchange, "LARGEST_BODY", new=_Interrupting())
    with interrupting, pytest.raises(KeyboardInterrupt):
        client.customers.list_page()
    assert client.customers.retrieve(place.customer["id"]).id == place.customer["id"]


class _Interrupting:
    """Stands where the body's size is compared, and interrupts there."""

    def __lt__(self, other: object) -> bool:
        raise KeyboardInterrupt

    __gt__ = __lt__


def test_a_message_is_what_http_says() -> None:
    assert message(200, b"{}", reason="OK") == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_stored_answer_is_compared_however_deep_it_is() -> None:
    sent: dict[str, Any] = {"a": 1}
    stored: dict[str, Any] = {"a": 2}
    for _ in range(10_000):
        sent, stored = {"a": [sent]}, {"a": [stored]}
    assert differs({"metadata": sent}, SimpleNamespace(metadata=sent)) is None
    assert differs({"metadata": sent}, SimpleNamespace(metadata=stored)) == "metadata"
