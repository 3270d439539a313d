"""Anything at all may come back: only the package's own errors come out."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from typing import Any

import pytest
import requests
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3._collections import HTTPHeaderDict  # where 1.26 has it, too

from customers_sdk import Client, CustomersError
from tests.faults.server import Server

KEY = "nr_test_sk_unitunitunit0001"
APP = "a1a1a1a1-0000-4000-8000-000000000001"

CALLS = st.sampled_from(
    [
        lambda client: client.customers.retrieve("c"),
        lambda client: client.customers.list_page(),
        lambda client: client.customers.create(name="Ada"),
        lambda client: client.customers.create(external_id="user-1", idempotency_key="k"),
        lambda client: client.customers.update("c", metadata={"a": [1, {"b": None}]}),
        lambda client: client.customers.add_wallet("c", chain_id=1, wallet_address="0x1"),
        lambda client: client.customers.remove_wallet("c", "w"),
        lambda client: client.customers.find_by_external_id("user-1"),
        lambda client: client.customers.get_or_create("user-1"),
        lambda client: client.request("PATCH", "/other", json={}),
    ]
)
NAMES = st.sampled_from(
    [
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Idempotent-Replayed",
        "Location",
        "Retry-After",
        "Set-Cookie",
        "Transfer-Encoding",
        "X-Request-Id",
    ]
)
LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
VALUES = st.one_of(
    LATIN,
    st.sampled_from(
        ["0", "5", "-1", "gzip", "deflate", "chunked", "gzip, gzip", "true", "http://["]
    ),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([APP, "2026-11-22T20:17:22.071Z", "10.5", "9" * 5000, 10**400]),
)
WIRE_NAMES = st.sampled_from(
    [
        *("success", "data", "error", "code", "type", "message", "details", "path", "pagination"),
        *("id", "appId", "createdAt", "updatedAt", "metadata", "wallets", "customerAccountId"),
        *("total", "page", "pageSize", "totalPages", "_count", "paymentIntents", "app"),
    ]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WIRE_NAMES, inner, max_size=6),
    max_leaves=20,
)
ENVELOPES = st.one_of(
    JSON,
    JSON.map(lambda data: {"success": True, "data": data}),
    JSON.map(lambda error: {"success": False, "error": error}),
    st.tuples(JSON, JSON).map(
        lambda both: {"success": True, "data": both[0], "pagination": both[1]}
    ),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    ENVELOPES.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 100_000).map(lambda depth: b'{"success":true,"data":' + b"[" * depth),
)


def _call(client: Client, call: Any) -> None:
    with warnings.catch_warnings():
        # A walk through nonsense says that it is incomplete, and cookies may be nonsense.
        warnings.simplefilter("ignore")
        with contextlib.suppress(CustomersError):
            call(client)


class Fixed(HTTPAdapter):
    """An adapter that answers with what it is given, without a socket."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        super().__init__()
        self._answer = (status, headers, body)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        status, headers, body = self._answer
        held = HTTPHeaderDict()
        for name, value in headers:
            held.add(name, value)
        answer = urllib3.HTTPResponse(
            io.BytesIO(body), headers=held, status=status, preload_content=False
        )
        return self.build_response(request, answer)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    call=CALLS,
    status=st.integers(100, 599) | st.sampled_from([200, 201, 204, 307, 409, 429, 500]),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    body=BODIES,
)
def test_no_answer_of_an_adapter_raises_another_error(
    call: Any, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    with requests.Session() as session:
        session.mount("http://", Fixed(status, headers, body))
        with Client(
            KEY, APP, base_url="http://127.0.0.1:9", session=session, max_retries=1, deadline=0.2
        ) as client:
            _call(client, call)


HEADS = st.one_of(
    st.binary(max_size=60),
    st.tuples(
        st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9", b"ICY", b"http/1.1"]),
        st.sampled_from([b"200", b"204", b"101", b"103", b"99", b"0", b"1000", b"-1", b"307"]),
        st.sampled_from([b" OK", b"", b" \xff\xfe", b" " * 50]),
    ).map(lambda parts: parts[0] + b" " + parts[1] + parts[2] + b"\r\n"),
)
LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.tuples(NAMES, VALUES).map(lambda pair: f"{pair[0]}: {pair[1]}".encode("latin-1")),
    ),
    max_size=4,
).map(lambda lines: b"".join(line + b"\r\n" for line in lines))


@pytest.fixture(scope="module")
def hostile() -> Any:
    with (
        Server() as server,
        Client(KEY, APP, base_url=server.url, timeout=0.2, deadline=0.3, max_retries=1) as client,
    ):
        yield server, client


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(call=CALLS, head=HEADS, lines=LINES, body=BODIES)
def test_no_bytes_on_the_wire_raise_another_error(
    hostile: Any, call: Any, head: bytes, lines: bytes, body: bytes
) -> None:
    server, client = hostile
    server.forget()
    server.then(*[lambda connection: connection.send(head + lines + b"\r\n" + body)] * 4)
    _call(client, call)


@pytest.mark.parametrize(
    "body",
    [
        b'{"success":true,"data":' + b'{"a":' * 100_000,
        b'{"success":true,"data":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"success":true,"data":' + b"9" * 6000 + b"}",
        b'{"success":true,"data":1e999}',
        b'{"success":true,"data":Infinity}',
        b'\xff\xfe{"success":true}',
        b'{"success":true,"data":"\\ud800"}',
        b"\x00" * 100,
        b'{"success":true,"data":{"id":1},"data":{"id":2}}',
    ],
    ids=[
        *("objects without end", "lists", "digits", "beyond a double", "infinity"),
        *("UTF-16's mark", "lone surrogate", "NULs", "a name twice"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_hostile_json_is_an_error_that_can_be_shown(body: bytes, status: int) -> None:
    with requests.Session() as session:
        session.mount("http://", Fixed(status, [], body))
        client = Client(KEY, APP, base_url="http://127.0.0.1:9", session=session, max_retries=0)
        with pytest.raises(CustomersError) as caught:
            client.customers.retrieve("c")
        assert str(caught.value)
