"""The deadline ends a call, whatever is sent or not sent once the connection stands.

Each server here would keep a caller for ten seconds. What is allowed to a machine under load is far
more than the 0.25 s that the client is allowed.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from customers_sdk import Client, RequestTimeoutError
from tests.faults import behaviours as do
from tests.faults.proxies import Proxy
from tests.faults.server import Behaviour, Server, message, tls_context
from tests.faults.service import MakeClient

if TYPE_CHECKING:
    from tests.faults.service import Service

DEADLINE = 0.5
MUCH = 4.0  # seconds: a machine under load, and still far from ten


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))


def late(client: Client, **fields: Any) -> RequestTimeoutError:
    """The error of a creation, which must come soon after the deadline."""
    started = time.monotonic()
    with pytest.raises(RequestTimeoutError) as caught:
        client.customers.create(**fields)
    assert time.monotonic() - started < MUCH
    return caught.value


HEADS = [do.endless_continue, do.drip_status, do.drip_header, do.endless_headers]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("bundle")
def test_response_headers_that_do_not_end(
    authority: trustme.CA, service: Service, connect: MakeClient, scheme: str, head: Behaviour
) -> None:
    tls = tls_context(authority) if scheme == "https" else None
    with Server([head] * 3, service, tls) as server:
        error = late(connect(server.url, timeout=5.0, deadline=DEADLINE))
    assert error.outcome_unknown
    assert error.attempts == 1


@pytest.mark.usefixtures("bundle")
def test_a_handshake_that_nobody_answers(connect: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        late(connect(url, timeout=5.0, deadline=DEADLINE))


def test_a_body_that_nobody_reads(server: Server, connect: MakeClient) -> None:
    server.then(do.never_read)
    late(connect(server.url, timeout=5.0, deadline=DEADLINE), metadata={"a": "x" * 1_000_000})


@pytest.mark.parametrize("part", [b"HTTP/1.1 200 OK\r\n", b"X" * 1000])
def test_a_tunnel_that_drips(
    connect: MakeClient, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    def drip(connection: Any) -> None:
        connection.drip(part + b"x: y\r\n" * 1000, 0.05)

    with Server([drip] * 3) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        late(connect("https://service.invalid", timeout=5.0, deadline=DEADLINE))


@pytest.mark.usefixtures("bundle")
def test_response_headers_that_drip_through_a_tunnel(
    authority: trustme.CA,
    service: Service,
    connect: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls = tls_context(authority, "service.invalid")
    with Server([do.drip_status] * 3, service, tls) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        late(connect("https://service.invalid", timeout=5.0, deadline=DEADLINE))


def test_a_connection_that_was_short_of_time_is_given_all_of_it_in_the_next_call(
    server: Server, connect: MakeClient
) -> None:
    """The timeout that a deadline has cut does not stay with the connection."""

    def slow(connection: Any) -> bool:
        time.sleep(0.4)
        connection.send(message(200, b'{"success":true,"data":{}}'))
        return True

    client = connect(server.url, timeout=5.0, deadline=5.0)
    server.then(do.answer(200, {"success": True, "data": {}}), slow)
    client.request("GET", "/customers/x", deadline=0.3)
    client.request("GET", "/customers/x")
    assert server.connections == 1
