"""The deadline of a call, held at the socket: no single wait on a connection outlasts it.

A timeout of the socket's own bounds one wait, and `http.client` waits many times within one
read: for every byte of the response headers, for ``100 Continue`` after ``100 Continue``, for the
line that announces a chunk, for bytes that decode to nothing. urllib3's total covers the time
until the headers *begin*. So a server that drips holds a caller for as long as it likes.

Here the socket is asked for its next bytes with what is left of the deadline. Connections of
our own sessions do so from the moment they stand (TLS handshake, a proxy's tunnel, sending, the
response headers and body); in a session of the user's, where connections are not ours to
make, it is the body that is read so. Cost: one Python frame for each `recv`, usually one a call.
"""

from __future__ import annotations

import functools
import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any, Optional


class Deadline:
    """When a call ends; until then no wait for bytes may take more than ``read`` seconds."""

    __slots__ = ("_clock", "_ends", "_read")

    def __init__(self, ends: float, clock: Callable[[], float], read: float) -> None:
        self._ends = ends
        self._clock = clock
        self._read = read

    @property
    def passed(self) -> bool:
        """Whether the call should have ended."""
        return self._clock() >= self._ends

    def wait(self) -> float:
        """Seconds that the next wait may take; raises ``socket.timeout`` if none are left."""
        left = self._ends - self._clock()
        if left <= 0:
            raise socket.timeout("timed out")
        return min(left, self._read)


class _Current(threading.local):
    deadline: Optional[Deadline] = None


#: The deadline of the request that this thread is sending over a session of our own.
current = _Current()


class _TimedSocket:
    """A socket, of which each read waits no longer than the deadline allows."""

    def __init__(self, sock: Any, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def recv_into(self, *arguments: Any) -> int:
        sock = self._sock
        timeout = sock.gettimeout()
        wait = self._deadline.wait()
        if wait == timeout:
            return int(sock.recv_into(*arguments))
        sock.settimeout(wait)
        try:
            return int(sock.recv_into(*arguments))
        finally:
            # The connection may carry another call's request next.
            sock.settimeout(timeout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def watch(response: Any, deadline: Deadline) -> bool:
    """Hold the reading of `http.client`'s response, or a double's; False if it has no socket."""
    stream = getattr(getattr(response, "fp", None), "raw", None)
    sock = getattr(stream, "_sock", None)
    if sock is None or not isinstance(stream, socket.SocketIO):
        return False
    if not isinstance(sock, _TimedSocket):
        stream._sock = _TimedSocket(sock, deadline)  # type: ignore[attr-defined]  # noqa: SLF001
    return True


class _TimedConnection(http.client.HTTPConnection):
    """What is mixed into urllib3's connections."""

    def _new_conn(self) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]
        try:
            _cut(sock)
        except socket.timeout:  # the deadline passed while connecting; no one else has the socket
            sock.close()
            raise
        return sock

    def _tunnel(self) -> None:
        super()._tunnel()  # type: ignore[misc]
        _cut(self.sock)

    def send(self, data: Any) -> None:
        if self.sock is not None:
            _cut(self.sock)
        super().send(data)

    def response_class(self, *arguments: Any, **options: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        response = http.client.HTTPResponse(*arguments, **options)
        if current.deadline is not None:
            watch(response, current.deadline)
        return response


def _cut(sock: Any) -> None:
    """Let the next wait of a socket, such as for a TLS handshake, end with the deadline."""
    if current.deadline is not None:
        timeout = sock.gettimeout()
        wait = current.deadline.wait()
        if timeout is None or timeout > wait:  # each change is a call of the system
            sock.settimeout(wait)


def timed(connection: Any) -> Any:
    """A class of connections, held to the deadline; a test double's is given back as it is."""
    real = isinstance(connection, type) and issubclass(connection, http.client.HTTPConnection)
    return mixed(_TimedConnection, connection) if real else connection


@functools.cache
def mixed(ours: type, theirs: type) -> Any:
    """A subclass of theirs, in which what ours defines comes first."""
    return type(theirs.__name__, (ours, theirs), {})
