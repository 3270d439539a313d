"""An HTTP proxy on loopback, as it stands in front of a company's machines.

It forwards plain requests and makes tunnels, to one server only, whatever the request names.
What happens to its connection to that server happens to the caller's: closed is closed and
reset is reset. It stops by itself.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import threading
import time
from typing import Callable

_LONGEST = 10.0
_TICK = 0.005


class Proxy:
    """The proxy; a context manager.

    Args:
        port: the server's, on loopback. If nobody listens there, the proxy says 502.
    """

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self.heads: list[bytes] = []
        self.stopped = False
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(_TICK)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = True
        while self._threads:
            self._threads.pop().join(_LONGEST)
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)  # once it can be joined: the proxy may be ending

    def _accept(self) -> None:
        while not self.stopped:
            with contextlib.suppress(OSError):
                sock, _ = self._listener.accept()
                sock.settimeout(_LONGEST)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._start(self._serve, sock)

    def _serve(self, caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = caller.recv(65536)
                if not data:
                    return
                head += data
            first, _, _ = head.partition(b"\r\n")
            self.heads.append(first)
            tunnel = first.startswith(b"CONNECT ")
            try:
                server = socket.create_connection(self._to, _LONGEST)
            except OSError:
                caller.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>")
                return
            with server:
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if tunnel:
                    caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(_own_form(head))
                self._relay(caller, server)

    def _relay(self, caller: socket.socket, server: socket.socket) -> None:
        """Pass bytes on in both directions, and how it ends, too."""
        until = time.monotonic() + _LONGEST
        other = {caller: server, server: caller}
        while not self.stopped and time.monotonic() < until:
            for ready in select.select([caller, server], [], [], _TICK)[0]:
                try:
                    data = ready.recv(65536)
                except ConnectionResetError:
                    _reset(other[ready])
                    return
                if not data:
                    return
                other[ready].sendall(_own_form(data) if ready is caller else data)


def _own_form(head: bytes) -> bytes:
    """A request as a server gets it: without scheme and host in the first line."""
    return re.sub(rb"^([A-Z]+) http://[^/ ]+", rb"\1 ", head)


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
