"""The deadline ends a call, whatever is sent or not sent once the connection stands.

Each server here keeps a caller for ten seconds, then gives up and counts it in `outlasted`; the
read timeout is longer still. A call that no server has outlasted was ended by its deadline.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from customers_sdk import RequestTimeoutError
from tests.faults import behaviours as do
from tests.faults.server import Behaviour, Connection, Server, before_reading, message
from tests.faults.service import MakeClient
from tests.loopback import Proxy, tls_context

if TYPE_CHECKING:
    from tests.faults.service import Service

DEADLINE = 0.5


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))


def late(connect: MakeClient, url: str, *servers: Server, **fields: Any) -> RequestTimeoutError:
    """The error of a creation that its deadline ended, before any server gave up."""
    with pytest.raises(RequestTimeoutError) as caught:
        connect(url, timeout=60.0, deadline=DEADLINE).customers.create(**fields)
    assert not any(server.outlasted for server in servers)
    return caught.value


HEADERS = b"".join(b"x-%02d: y\r\n" % at for at in range(99))  # `http.client` refuses more than 100
drip_status = do.dripping(b"", b"HTTP/1.1 200 " + b"x" * 10_000)
HEADS = {
    "endless continue": do.endless_continue,
    "status": drip_status,
    "header": do.dripping(b"HTTP/1.1 200 OK\r\n", b"x-long: " + b"x" * 10_000),
    "headers": do.dripping(b"HTTP/1.1 200 OK\r\n", HEADERS, 0.1, size=9),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("bundle")
def test_response_headers_that_do_not_end(
    authority: trustme.CA, service: Service, connect: MakeClient, scheme: str, head: Behaviour
) -> None:
    tls = tls_context(authority) if scheme == "https" else None
    with Server([head] * 3, service, tls) as server:
        error = late(connect, server.url, server)
    assert error.outcome_unknown
    assert error.attempts == 1


@pytest.mark.usefixtures("bundle")
def test_a_handshake_that_nobody_answers(server: Server, connect: MakeClient) -> None:
    server.then(do.hang_unread)
    late(connect, server.url.replace("http:", "https:"), server)


@before_reading
def never_read(connection: Connection) -> None:
    """Accept, and leave all that is sent where it is."""
    connection.server.outlasted += not connection.server.closing.wait(connection.server.longest)


def test_a_body_that_nobody_reads(server: Server, connect: MakeClient) -> None:
    server.then(never_read)
    late(connect, server.url, server, metadata={"a": "x" * 1_000_000})


@pytest.mark.parametrize("part", [b"HTTP/1.1 200 OK\r\n", b"X" * 1000])
def test_a_tunnel_that_drips(
    connect: MakeClient, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    with Server([do.dripping(b"", part + b"x: y\r\n" * 1000)] * 3) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        late(connect, "https://service.invalid", proxy)


@pytest.mark.usefixtures("bundle")
def test_response_headers_that_drip_through_a_tunnel(
    authority: trustme.CA,
    service: Service,
    connect: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls = tls_context(authority, "service.invalid")
    with Server([drip_status] * 3, service, tls) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        late(connect, "https://service.invalid", server)


def test_a_connection_that_was_short_of_time_is_given_all_of_it_in_the_next_call(
    server: Server, connect: MakeClient
) -> None:
    """The timeout that a deadline has cut does not stay with the connection."""

    def slow(connection: Any) -> bool:
        time.sleep(0.4)
        connection.send(message(200, b'{"success":true,"data":{}}'))
        return True

    client = connect(server.url)
    server.then(do.answer(200, {"success": True, "data": {}}), slow)
    client.request("GET", "/customers/x", deadline=0.3)
    client.request("GET", "/customers/x")
    assert server.connections == 1
