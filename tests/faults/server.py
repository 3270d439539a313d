"""A server that misbehaves on demand, in front of a service that does not.

It speaks raw sockets on loopback, so that it can do what no web framework allows. A script
of behaviours says what it does, one to each request it is sent; when the script is used up
it passes requests on to the sandbox, in process, and answers what that answers. It counts
the requests and remembers what it read. Every wait in it is bounded, and it stops by itself.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, Union

if TYPE_CHECKING:
    from collections.abc import Iterable

    import trustme

    from tests.faults.service import Service

_LONGEST = 10.0  # seconds that any one connection is served
_TICK = 0.005


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
        self._buffer = b""

    def wait(self) -> bool:
        """Wait for a request's first byte; False if there will be none."""
        until = time.monotonic() + _LONGEST
        while not self._buffer and time.monotonic() < until and not self.server.stopped:
            if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
                return True
            if select.select([self.sock], [], [], _TICK)[0]:
                if isinstance(self.sock, ssl.SSLSocket):
                    self._buffer = self.sock.recv(1)
                    return bool(self._buffer)
                return bool(self.sock.recv(1, socket.MSG_PEEK))
        return bool(self._buffer)

    def read(self) -> None:
        """Read one whole request."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        size = int(headers.get("content-length", 0))
        while len(self._buffer) < size:
            self._more()
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        self.request = Request(method, target, headers, body)

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError
        self._buffer += data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, every: float) -> None:
        """Send a byte at a time, until the caller hangs up or time is over."""
        until = time.monotonic() + _LONGEST
        for index in range(len(data)):
            if self.server.stopped:
                return
            if time.monotonic() > until:
                self.server.outlasted += 1
                return
            self.send(data[index : index + 1])
            time.sleep(every)

    def hang(self) -> None:
        """Say nothing until the caller hangs up."""
        until = time.monotonic() + _LONGEST
        while not self.server.stopped and time.monotonic() < until:
            if select.select([self.sock], [], [], _TICK)[0] and not self.sock.recv(65536):
                return
        self.server.outlasted += not self.server.stopped

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

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


class Server:
    """The server; a context manager.

    Args:
        script: what to do with each request, in order; after that it behaves well.
        service: the service behind it; without one, a request passed on is a 404.
        tls: serve TLS in this context.
    """

    def __init__(
        self,
        script: Iterable[Behaviour] = (),
        service: Optional[Service] = None,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        self.script: queue.SimpleQueue[Behaviour] = queue.SimpleQueue()
        self.requests: list[Request] = []
        self.connections = 0
        #: How many callers waited on until the server gave up.
        self.outlasted = 0
        self.stopped = False
        self._service = service
        self._tls = tls
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(_TICK)
        self.port: int = self._listener.getsockname()[1]
        self.then(*script)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def keys(self) -> list[Optional[str]]:
        """The idempotency key of each request that was read, in order."""
        return [request.key for request in self.requests if request.method]

    def then(self, *script: Behaviour) -> None:
        """Append to the script."""
        for behaviour in script:
            self.script.put(behaviour)

    def forget(self) -> None:
        """Drop what is left of the script."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.script.get_nowait()

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

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = True
        while self._threads:
            self._threads.pop().join(_LONGEST)
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)  # once it can be joined: the server may be ending

    def _accept(self) -> None:
        while not self.stopped:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                continue
            sock.settimeout(_LONGEST)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            connection = Connection(self, sock)
            while connection.wait() and self._one(connection):
                pass
        except (OSError, ValueError):  # the caller has hung up
            pass
        finally:
            sock.close()

    def _one(self, connection: Connection) -> bool:
        try:
            behaviour = self.script.get_nowait()
        except queue.Empty:
            behaviour = well
        if not hasattr(behaviour, "unread"):
            connection.read()
        else:
            connection.request = Request()
        self.requests.append(connection.request)
        return bool(behaviour(connection))


def tls_context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """The TLS of a server whose certificate an authority has issued."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port that refuses connections: bound, but not listened to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]
