"""Carry a prepared request to the sandbox's application in process, and its response back."""

from __future__ import annotations

import io
import sys
import threading
import time
from http.client import RemoteDisconnected
from http.client import responses as reasons
from typing import TYPE_CHECKING, Any, Callable, NoReturn
from urllib.parse import unquote_to_bytes, urlsplit

import requests
import responses
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from customers_sdk.sandbox.faults.callers import Caller, put_caller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_UNPREFIXED = ("Content-Type", "Content-Length")


class Unfinished:
    """Work that the service still does after its caller has hung up."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Callable[[], None]]] = []
        self._guard = threading.Lock()

    def add(self, seconds: float, action: Callable[[], None]) -> None:
        """Schedule an action, due after so many seconds."""
        with self._guard:
            self._waiting.append((time.monotonic() + seconds, action))

    def finish(self, *, everything: bool = False) -> None:
        """Run what is due, or everything."""
        now = time.monotonic()
        with self._guard:
            due = [entry for entry in self._waiting if everything or entry[0] <= now]
            self._waiting = [entry for entry in self._waiting if entry not in due]
        for _, action in due:
            action()

    def clear(self) -> None:
        """Drop all of it."""
        with self._guard:
            self._waiting.clear()


class InProcessCaller(Caller):
    """A caller whose read timeout is known: where it is too short, no time passes."""

    def __init__(
        self,
        request: requests.PreparedRequest,
        timeout: float | None,
        unfinished: Unfinished,
        sleep: Callable[[float], None],
    ) -> None:
        self._request = request
        self._timeout = timeout
        self._unfinished = unfinished
        self._sleep = sleep
        self._waited = 0.0

    def gone(self) -> bool:
        """Whether their read timeout is over."""
        return self._timeout is not None and self._waited >= self._timeout

    def wait(self, seconds: float) -> None:
        """Sleep, if the response then still comes in time."""
        self._waited += seconds
        if not self.gone():
            self._sleep(seconds)

    def keep_response(self, remember: Callable[[], None]) -> None:
        """Store the response, later if the caller has hung up."""
        if self.gone():
            self._unfinished.add(self._waited - (self._timeout or 0.0), remember)
        else:
            remember()

    def hold(self) -> NoReturn:
        """Raise what `requests` raises after its read timeout."""
        text = f"Read timed out. (read timeout={self._timeout})"
        # There is no pool: in process there are no connections.
        inner = urllib3.exceptions.ReadTimeoutError(None, "", text)  # type: ignore[arg-type]
        raise requests.ReadTimeout(inner, request=self._request)

    def drop(self) -> NoReturn:
        """Raise what `requests` raises when the connection ends without a response."""
        text = "Remote end closed connection without response"
        inner = urllib3.exceptions.ProtocolError("Connection aborted.", RemoteDisconnected(text))
        raise requests.ConnectionError(inner, request=self._request)


class Door:
    """Lets calls in until it is closed; the last one to leave then closes the service.

    So the service is never closed under a running call, and closing does not wait.

    Args:
        close: closes the service.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._inside = 0
        self._closed = False
        self._guard = threading.Lock()

    def enter(self) -> bool:
        """Let a call in; returns False if the door is closed."""
        with self._guard:
            self._inside += not self._closed
            return not self._closed

    def leave(self) -> None:
        """Let it out again."""
        with self._guard:
            self._inside -= 1
            last = self._closed and not self._inside
        if last:
            self._close()

    def close(self) -> None:
        """Let no more calls in; may be called again."""
        with self._guard:
            last = not self._closed and not self._inside
            self._closed = True
        if last:
            self._close()


class Carrier(BaseAdapter):
    """An adapter of `requests` that answers every request from a WSGI application.

    Args:
        application: the service.
        base_url: its address; a request to another address is refused.
        door: counts the calls in the service, and closes it.
        unfinished: the work that is left after callers have hung up.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        application: WSGIApplication,
        base_url: str,
        door: Door,
        unfinished: Unfinished,
        sleep: Callable[[float], None],
    ) -> None:
        super().__init__()
        self._application = application
        self._base = urlsplit(base_url)
        self._door = door
        self._unfinished = unfinished
        self._sleep = sleep
        self._builder = HTTPAdapter()

    def send(
        self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any
    ) -> requests.Response:
        """Respond to a request, with the signature of an adapter of `requests`."""
        if not self.concerns(request):
            raise refused(request, f"only {self._base.geturl()} is answered in process")
        return self._builder.build_response(request, self.answer(request, timeout))

    def close(self) -> None:
        """Do nothing: other sessions may use the service."""

    def concerns(self, request: requests.PreparedRequest) -> bool:
        """Whether a request goes below the base URL."""
        url, base = urlsplit(str(request.url)), self._base
        same = (url.scheme, url.netloc.lower()) == (base.scheme, base.netloc.lower())
        return same and f"{url.path}/".startswith(f"{base.path}/")

    def answer(self, request: requests.PreparedRequest, timeout: Any) -> urllib3.HTTPResponse:
        """Return the service's response; raises what `requests` raises if there is none."""
        if not self._door.enter():
            raise refused(request, "the fake of customers_sdk.testing that answered has ended")
        try:
            return self._carry(request, timeout)
        finally:
            self._door.leave()

    def _carry(self, request: requests.PreparedRequest, timeout: Any) -> urllib3.HTTPResponse:
        self._unfinished.finish()
        caller = InProcessCaller(request, _read_timeout(timeout), self._unfinished, self._sleep)
        environ = _environ(request, len(self._base.path))
        put_caller(environ, caller)
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head[:] = [int(status[:3]), headers]

        body = b"".join(self._application(environ, start_response))
        if caller.gone():
            caller.hold()
        status, headers = head
        return urllib3.HTTPResponse(
            io.BytesIO(body),
            headers,
            status,
            version=11,
            reason=reasons.get(status),
            preload_content=False,
            request_method=request.method,
        )


def refused(request: requests.PreparedRequest, why: str) -> requests.ConnectionError:
    """Build what `requests` raises if no connection can be made."""
    # There is no connection, in process.
    inner = urllib3.exceptions.NewConnectionError(None, why)  # type: ignore[arg-type]
    try:
        # Raised, since a client shows the text of an error only if it knows who raised it.
        raise ConnectionRefusedError(why)  # noqa: TRY301 - there is nothing to call
    except ConnectionRefusedError as error:
        inner.__cause__ = error
    return requests.ConnectionError(inner, request=request)


class Registered(responses.BaseResponse):
    """A registered response of the library `responses`, made by a carrier."""

    def __init__(self, carrier: Carrier, base_url: str) -> None:
        super().__init__("GET", base_url)
        self._carrier = carrier

    def matches(self, request: requests.PreparedRequest) -> tuple[bool, str]:
        """Whether the request goes to the service, with any method."""
        return self._carrier.concerns(request), "it is not below the base URL"

    def get_response(self, request: requests.PreparedRequest) -> urllib3.HTTPResponse:
        """Return the service's response."""
        options: Any = getattr(request, "req_kwargs", {})
        return self._carrier.answer(request, options.get("timeout"))


def _read_timeout(timeout: Any) -> float | None:
    """The seconds that `requests` would wait for a response; None means no limit."""
    if isinstance(timeout, urllib3.Timeout):
        timeout = timeout.read_timeout
    elif isinstance(timeout, tuple):
        timeout = timeout[1]
    return float(timeout) if isinstance(timeout, (int, float)) else None


def _environ(request: requests.PreparedRequest, prefix: int) -> WSGIEnvironment:
    url = urlsplit(str(request.url))
    path = url.path[prefix:] or "/"
    body = _body(request.body)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": str(request.method).upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "REQUEST_URI": f"{path}?{url.query}" if url.query else path,
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in _headers(request):
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if name.title() in _UNPREFIXED else f"HTTP_{key}"] = text
    if request.body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _headers(request: requests.PreparedRequest) -> Iterable[tuple[str, Any]]:
    """The headers, whose values may be bytes, whatever `requests` declares."""
    return request.headers.items()


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, (bytes, bytearray)) else b"".join(body)
