"""A server that speaks TLS, and a proxy, for the doctor to look at."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>\n"


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection on a thread of its own; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                thread = threading.Thread(target=_quietly, args=(serve, connection))
                thread.start()
                threads.append(thread)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            for thread in threads:
                thread.join(5)


def _quietly(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    connection.settimeout(5)
    with connection, contextlib.suppress(OSError):
        serve(connection)


def page(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """Answers every request over TLS with a page of HTML."""

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            while _head(secure):
                secure.sendall(_ANSWER)

    return serve


class Proxy(NamedTuple):
    """A proxy that makes tunnels to loopback, for those who give the right credentials.

    Attributes:
        credentials: what has to stand in the header, or None.
        asked: the heads of the requests that came.
    """

    credentials: Optional[str]
    asked: list[str]

    def __call__(self, connection: socket.socket) -> None:
        """Serve a connection."""
        head = _head(connection).decode("latin-1")
        self.asked.append(head)
        if self.credentials and self.credentials not in head:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        port = int(head.split(" ")[1].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5) as beyond:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(beyond, connection))
            back.start()
            _copy(connection, beyond)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return b""
        head += piece
    return head
