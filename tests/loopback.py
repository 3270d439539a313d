"""Servers on loopback that stop by themselves: what those of the tests have in common, and a proxy.

Each connection is served on a thread of its own. After the `with` block no thread and no connection
is left, and no wait within takes longer than `longest`.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable, Optional

if TYPE_CHECKING:
    import trustme


class Loopback(socketserver.ThreadingTCPServer):
    """A server; a context manager.

    Args:
        serve: what to do with each connection; a subclass may have a method of that name instead.
        tls: serve TLS in this context.
    """

    longest = 10.0  # seconds that the other side is waited for
    request_queue_size = 256

    def __init__(
        self,
        serve: Optional[Callable[[socket.socket], object]] = None,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        if serve is not None:
            self.serve = serve  # type: ignore[method-assign]
        self.connections = 0
        self.closing = threading.Event()
        self.port: int = self.server_address[1]
        self._tls = tls
        self._accepted: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def serve(self, sock: socket.socket) -> object:
        """Serve one connection. That it ends early is not an error."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        threading.Thread(target=self.serve_forever).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for sock in (self.socket, *self._accepted):  # wakes the threads
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        sock.settimeout(self.longest)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            try:
                sock.getpeername()
            except OSError:  # a caller that has gone; `ssl` would leave the socket open (3.9)
                sock.close()
                raise
            sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self._accepted.append(sock)
        self.connections += 1
        return sock, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with request, contextlib.suppress(OSError, EOFError, ValueError):
            self.serve(request)


def reset(sock: socket.socket) -> None:
    """Close with a reset; a file made of the socket has to be closed before."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def tls_context(authority: trustme.CA, name: str = "127.0.0.1", **options: Any) -> ssl.SSLContext:
    """The TLS of a server whose certificate an authority has issued."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **options).configure_cert(context)
    return context


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port that refuses connections: bound, but not listened to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


class Proxy(Loopback):
    """An HTTP proxy, as it stands in front of a company's machines.

    It forwards plain requests and makes tunnels. What happens to its connection to the server
    happens to the caller's: closed is closed and reset is reset.

    Args:
        port: the server's, whatever a request names. Where none listens, the response is a 502.
        credentials: what the headers of a request must hold, or it responds with 407.
    """

    def __init__(self, port: int, credentials: str = "") -> None:
        super().__init__()
        self._to = ("127.0.0.1", port)
        self._credentials = credentials
        self.heads: list[str] = []

    def serve(self, sock: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(65536) or _ended()
        self.heads.append(head.decode("latin-1"))
        if self._credentials not in self.heads[-1]:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        try:
            server = socket.create_connection(self._to, self.longest)
        except OSError:
            sock.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>")
            return
        with server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if head.startswith(b"CONNECT "):
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server.sendall(_own_form(head))
            self._relay(sock, server)

    def _relay(self, caller: socket.socket, server: socket.socket) -> None:
        """Pass bytes on in both directions, and how it ends, too."""
        other = {caller: server, server: caller}
        while ready := select.select([caller, server], [], [], self.longest)[0]:
            try:
                data = ready[0].recv(65536) or _ended()
            except ConnectionResetError:
                reset(other[ready[0]])
                return
            other[ready[0]].sendall(_own_form(data) if ready[0] is caller else data)


def _ended() -> bytes:
    raise EOFError


def _own_form(head: bytes) -> bytes:
    """A request as a server gets it: without scheme and host in the first line."""
    return re.sub(rb"^([A-Z]+) http://[^/ ]+", rb"\1 ", head)
