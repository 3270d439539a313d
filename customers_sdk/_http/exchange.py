"""One HTTP exchange: send, read, classify. What came of it is a value, not an exception.

An exception of `requests` or urllib3 holds the URL, whose query may name a person, and
the request with the key in it. So none leaves this module: what is kept of one is its
class of failure and the innermost error of the operating system or TLS.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Optional, Union

import requests
import urllib3

from customers_sdk._http.retry import Failure
from customers_sdk._http.session import Sender

LARGEST_BODY = 32 * 1024 * 1024
_PIECE = 64 * 1024


class Answer(NamedTuple):
    """An answer: its head, and its body as far as it could be had.

    Attributes:
        flaw: why the body is missing, or None.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    flaw: Optional[str] = None


class NoAnswer(NamedTuple):
    """No whole answer came.

    Attributes:
        failure: what that allows.
        cause: the innermost error of the operating system or TLS, free of whatever
            could hold the URL or the request, or None.
        by_proxy: whether it was a proxy that could not be reached or refused.
        status: the status, if it was a success whose body did not come; otherwise 0.
    """

    failure: Failure
    cause: Optional[OSError] = None
    by_proxy: bool = False
    status: int = 0


def exchange(
    sender: Sender,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: tuple[float, float],
    ends: float,
    clock: Callable[[], float],
) -> Union[Answer, NoAnswer]:
    """Send one request and read its answer.

    Args:
        sender: what sends it.
        method, target, headers, body: see `Sender.send`.
        timeout: connect and read seconds, cut to what is left until ``ends``.
        ends: when to give up, on the clock.
        clock: seconds that only ever grow.
    """
    connect, read = timeout
    left = max(ends - clock(), 0.001)
    response = None
    try:
        limits = (min(connect, left), min(read, left))
        try:
            response = sender.send(method, target, headers, body, limits, left)
        except requests.RequestException as error:
            # A hook of the session's, such as one that raises for the status, has an answer.
            response = error.response
            if response is None:
                raise
        return _read(response, read, ends, clock)
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        UnicodeError,
    ) as error:
        outcome = _no_answer(error, reading=response is not None)
    finally:
        if response is not None:
            response.close()
    if response is None:
        return outcome
    if response.status_code >= 300:
        # What matters of an error is its head.
        return _answer(response, flaw="the body did not come whole")
    return outcome._replace(status=response.status_code)


def _read(
    response: requests.Response, timeout: float, ends: float, clock: Callable[[], float]
) -> Answer:
    """Read the body in pieces, none waiting longer than what is left until ``ends``."""
    if getattr(response, "_content", False) is not False:  # a hook or a mock has it already
        return _answer(response, response.content)
    if response.status_code < 200:
        # 103 and its like, which `http.client` takes for the answer: the answer is still
        # to come, and the next request on this connection must not be given it.
        raise http.client.BadStatusLine("an interim status")
    if response.status_code == 204 and _announces_body(response.headers):
        return _answer(response)  # unread, so the connection is closed
    timed = _keep_time(response.raw, timeout, ends, clock)
    pieces = []
    size = 0
    for piece in _pieces(response.raw):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_BODY:
            return _answer(response, flaw="the body is larger than 32 MiB")
        if not timed and clock() >= ends:
            raise requests.ReadTimeout
    return _answer(response, pieces[0] if len(pieces) == 1 else b"".join(pieces))


def _announces_body(headers: Mapping[str, str]) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


class _TimedSocket:
    """A socket that is read until a call's deadline, however little comes at a time.

    A time-out of the socket's own bounds one wait, and `http.client` may wait many times
    within one read: for a line that announces a chunk, or for bytes that decode to nothing.
    """

    def __init__(self, sock: Any, timeout: float, ends: float, clock: Callable[[], float]) -> None:
        self._sock = sock
        self._timeout = timeout
        self._ends = ends
        self._clock = clock

    def recv_into(self, *arguments: Any) -> int:
        left = self._ends - self._clock()
        if left <= 0:
            raise socket.timeout("timed out")
        if left >= self._timeout:
            return int(self._sock.recv_into(*arguments))
        self._sock.settimeout(left)
        try:
            return int(self._sock.recv_into(*arguments))
        finally:
            # The connection may carry another call's request next.
            self._sock.settimeout(self._timeout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def _keep_time(raw: Any, timeout: float, ends: float, clock: Callable[[], float]) -> bool:
    """Let every wait for the rest of an answer end at ``ends``; False if it is no socket's."""
    stream = getattr(getattr(getattr(raw, "_fp", None), "fp", None), "raw", None)
    if not isinstance(stream, socket.SocketIO):
        return False
    sock = getattr(stream, "_sock", None)
    if sock is not None:
        stream._sock = _TimedSocket(sock, timeout, ends, clock)  # type: ignore[attr-defined]  # noqa: SLF001
    return sock is not None


def _answer(response: requests.Response, body: bytes = b"", flaw: str | None = None) -> Answer:
    return Answer(response.status_code, response.reason or "", response.headers, body, flaw)


def _pieces(raw: Any) -> Iterator[bytes]:
    """The body, decoded, piece by piece as it comes: a slow one must not block for long."""
    if not hasattr(raw, "release_conn"):  # a mounted adapter's own file
        yield from iter(lambda: raw.read(_PIECE), b"")
        return
    if hasattr(raw, "read1"):
        while True:
            piece = raw.read1(_PIECE, decode_content=True)
            if not piece:
                return
            yield piece
            if raw.length_remaining == 0 and "content-encoding" not in raw.headers:
                return
    # urllib3 1.26 has no read1 of its own.
    encoded = "content-encoding" in raw.headers
    source = raw._fp  # noqa: SLF001
    while True:
        piece = raw.read(_PIECE, decode_content=True) if encoded else source.read1(_PIECE)
        if not piece:
            break
        yield piece
    if not encoded and getattr(source, "length", None):
        raise http.client.IncompleteRead(b"")
    # Closed first: a connection whose answer is open refuses the next request.
    source.close()
    raw.release_conn()


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of, outermost first."""
    waiting: list[Any] = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < 50:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or current in seen:
            continue
        seen.append(current)
        yield current
        waiting += [
            getattr(current, "reason", None),
            *current.args,
            current.__cause__,
            current.__context__,
        ]


_TRAFFIC = frozenset({"read", "recv_into", "send", "sendall", "write"})
_NEVER_SENT = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
    UnicodeError,
)
_BROKEN_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def _no_answer(error: BaseException, *, reading: bool) -> NoAnswer:
    """Classify what `requests`, urllib3 or the standard library raised."""
    chain = list(_chain(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    by_proxy = has(requests.exceptions.ProxyError)
    mid_stream = any(map(_mid_stream, chain))
    cause = _bare(chain)
    if reading:
        # urllib3 1.26 lets the standard library's own time-out through.
        late = has(requests.Timeout, urllib3.exceptions.TimeoutError, socket.timeout)
        return NoAnswer(Failure.TIMED_OUT if late else Failure.DROPPED, cause)
    if has(urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
        return NoAnswer(Failure.NOT_SENT, cause, by_proxy)
    broken = mid_stream or has(*_BROKEN_TLS)
    if has(ssl.SSLError, requests.exceptions.SSLError) and not broken:
        return NoAnswer(Failure.FINAL, cause, by_proxy)
    if has(requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, socket.timeout):
        return NoAnswer(Failure.TIMED_OUT, cause)
    if has(requests.exceptions.RetryError):
        return NoAnswer(Failure.EXHAUSTED, cause)
    own = isinstance(error, OSError) and not isinstance(error, requests.RequestException)
    if has(requests.exceptions.ProxyError, *_NEVER_SENT) or own:
        return NoAnswer(Failure.FINAL, cause, by_proxy)
    return NoAnswer(Failure.DROPPED, cause)


def _mid_stream(error: BaseException) -> bool:
    """Whether TLS failed while data went over it: by then the request may have arrived."""
    trace = error.__traceback__ if isinstance(error, ssl.SSLError) else None
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals.get("__name__") == "ssl" and frame.f_code.co_name in _TRAFFIC:
            return True
        trace = trace.tb_next
    return False


def _bare(chain: list[BaseException]) -> OSError | None:
    """The innermost error that holds neither the URL nor the request nor a frame of theirs."""
    for link in reversed(chain):
        if isinstance(link, OSError) and not isinstance(link, requests.RequestException):
            link.__cause__ = link.__context__ = None
            return link.with_traceback(None)
    return None
