"""A server that misbehaves on demand, in front of a service that does not.

It speaks raw sockets on loopback, so that it can do what no web framework allows. A script
of behaviours says what it does, one to each request it is sent; when the script is used up
it passes requests on to the sandbox, in process, and answers what that answers. It counts
the requests and remembers what it read.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional, Union

from tests.loopback import Loopback, reset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.faults.service import Service


class Request(NamedTuple):
    """What was read of one request; all blank if it was not read."""

    method: str = ""
    target: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def key(self) -> Optional[str]:
        return self.headers.get("idempotency-key")


class Connection:
    """One accepted connection, as a behaviour sees it."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.request = Request()
        self._reader = sock.makefile("rb")

    def wait(self) -> bool:
        """Wait for a request's first byte; False if there will be none."""
        return bool(self._reader.peek(1))

    def read(self) -> None:
        """Read one whole request."""
        method, target, _ = self._reader.readline().decode("latin-1").split(" ")
        headers = http.client.parse_headers(self._reader)
        size = int(headers.get("content-length", 0))
        body = self._reader.read(size)
        if len(body) < size:
            raise EOFError
        named = {name.lower(): value for name, value in headers.items()}
        self.request = Request(method, target, named, body)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, every: float, size: int = 1) -> None:
        """Send so many bytes at a time, until the caller hangs up or time is over."""
        most = int(self.server.longest / every) * size
        for at in range(0, len(data[:most]), size):
            self.send(data[at : at + size])
            time.sleep(every)
        self.server.outlasted += len(data) > most

    def hang(self) -> None:
        """Say nothing until the caller hangs up."""
        try:
            while self.sock.recv(65536):
                pass
        except socket.timeout:
            self.server.outlasted += 1

    def reset(self) -> None:
        self.close()
        reset(self.sock)

    def close(self) -> None:
        """Release the socket: until then, closing it does nothing."""
        self._reader.close()

    def carry_out(self, *, forget: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Let the service behind do what is asked; with `forget` it keeps no answer.

        The service drops the lock on a key when its caller hangs up, and then a second try
        runs like a first (measured): that is what a forgotten key stands for.
        """
        return self.server.carry_out(self.request, forget=forget)


#: What is done with one request. True keeps the connection open for the next.
Behaviour = Callable[[Connection], Union[bool, None]]


def before_reading(behaviour: Behaviour) -> Behaviour:
    """Mark a behaviour that does not read the request."""
    behaviour.unread = True  # type: ignore[attr-defined]
    return behaviour


def message(
    status: int, body: bytes = b"", *lines: str, reason: str = "Reason", length: bool = True
) -> bytes:
    """An HTTP/1.1 message; further header lines as they are."""
    head = [f"HTTP/1.1 {status} {reason}", *lines]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def well(connection: Connection) -> bool:
    """Pass the request on, and the answer back."""
    status, headers, body = connection.carry_out()
    lines = [f"{name}: {value}" for name, value in headers.items()]
    connection.send(message(status, body, *lines, length=status != 204))
    return True


class Server(Loopback):
    """The server; a context manager.

    Args:
        script: what to do with each request, in order.
        service: the service behind it; without one, a request passed on is a 404.
        tls: serve TLS in this context.
        otherwise: what to do once the script is used up.
    """

    def __init__(
        self,
        script: Iterable[Behaviour] = (),
        service: Optional[Service] = None,
        tls: Optional[ssl.SSLContext] = None,
        otherwise: Behaviour = well,
    ) -> None:
        super().__init__(tls=tls)
        self.requests: list[Request] = []
        #: How many callers waited on until the server gave up.
        self.outlasted = 0
        self._script = deque(script)
        self._service = service
        self._otherwise = otherwise

    @property
    def keys(self) -> list[Optional[str]]:
        """The idempotency key of each request that was read, in order."""
        return [request.key for request in self.requests if request.method]

    def then(self, *script: Behaviour) -> None:
        """Append to the script."""
        self._script.extend(script)

    def forget(self) -> None:
        """Drop what is left of the script."""
        self._script.clear()

    def carry_out(self, request: Request, *, forget: bool) -> tuple[int, dict[str, str], bytes]:
        if self._service is None:
            return 404, {}, b'{"success":false,"error":{"code":"NOT_FOUND","message":"nothing"}}'
        dropped = ["host", "content-length", "connection", "accept-encoding"]
        if forget:
            dropped.append("idempotency-key")
        headers = {name: text for name, text in request.headers.items() if name not in dropped}
        answer = self._service.open(request.method, request.target, headers, request.body)
        kept = {
            name: text
            for name, text in answer.headers.items()
            if name.lower() not in ("content-length", "connection")
        }
        return answer.status, kept, answer.body

    def serve(self, sock: socket.socket) -> None:
        connection = Connection(self, sock)
        try:
            while connection.wait() and self._one(connection):
                pass
        finally:
            connection.close()

    def _one(self, connection: Connection) -> bool:
        try:
            behaviour = self._script.popleft()
        except IndexError:
            behaviour = self._otherwise
        if not hasattr(behaviour, "unread"):
            connection.read()
        else:
            connection.request = Request()
        self.requests.append(connection.request)
        return bool(behaviour(connection))
