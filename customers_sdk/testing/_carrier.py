"""Carry a prepared request to the sandbox's application in process, and its response back."""

from __future__ import annotations

import io
import threading
import time
from http.client import RemoteDisconnected
from http.client import responses as reasons
from typing import TYPE_CHECKING, Any, Callable, NoReturn
from urllib.parse import SplitResult, urlsplit

import attrs
import requests
import responses
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from customers_sdk.sandbox.faults.injection import CALLER, Caller

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class Calls:
    """The calls in the service, and what it still does for callers who have hung up.

    Closing lets no more calls in and does not wait: the last call to leave closes the service.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self.closed = False
        self._close = close
        self._inside = 0
        self._unfinished: list[tuple[float, Callable[[], None]]] = []
        self._guard = threading.Lock()

    def enter(self) -> bool:
        """Let a call in; returns False once closed."""
        with self._guard:
            self._inside += not self.closed
            return not self.closed

    def leave(self) -> None:
        with self._guard:
            self._inside -= 1
            last = self.closed and not self._inside
        if last:
            self._close()

    def close(self) -> None:
        """Let no more calls in; may be called again."""
        if self.enter():
            self.closed = True
            self.leave()

    def do_later(self, seconds: float, action: Callable[[], None]) -> None:
        """Schedule an action, due after so many seconds."""
        with self._guard:
            self._unfinished.append((time.monotonic() + seconds, action))

    def finish(self, *, everything: bool = False) -> None:
        """Run what is due, or everything."""
        now = time.monotonic()
        with self._guard:
            due = [entry for entry in self._unfinished if everything or entry[0] <= now]
            self._unfinished = [entry for entry in self._unfinished if entry not in due]
        for _, action in due:
            action()

    def forget(self) -> None:
        """Drop what is left to do."""
        with self._guard:
            self._unfinished.clear()


@attrs.define(eq=False)
class InProcessCaller(Caller):
    """A caller whose read timeout is known: where it is too short, no time passes."""

    _request: requests.PreparedRequest
    _timeout: float | None
    _calls: Calls
    _sleep: Callable[[float], None]
    _waited: float = 0.0

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
            self._calls.do_later(self._waited - (self._timeout or 0.0), remember)
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


@attrs.define(eq=False)
class Carrier(BaseAdapter):
    """An adapter of `requests` that answers from the sandbox's application, in process.

    `_base` is the service's address; a request to another one is refused.
    """

    application: WSGIApplication
    _base: SplitResult
    _calls: Calls
    _sleep: Callable[[float], None]
    _builder: HTTPAdapter = attrs.field(factory=HTTPAdapter, init=False)

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
        if not self._calls.enter():
            raise refused(request, "the fake of customers_sdk.testing that answered has ended")
        try:
            return self._carry(request, timeout)
        finally:
            self._calls.leave()

    def _carry(self, request: requests.PreparedRequest, timeout: Any) -> urllib3.HTTPResponse:
        self._calls.finish()
        caller = InProcessCaller(request, _read_timeout(timeout), self._calls, self._sleep)
        environ = _environ(request, len(self._base.path))
        environ[CALLER] = caller
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head[:] = [int(status[:3]), headers]

        body = b"".join(self.application(environ, start_response))
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
    """As much of a WSGI environ as the sandbox's application reads."""
    url = urlsplit(str(request.url))
    path = url.path[prefix:] or "/"
    body = _body(request.body)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": str(request.method).upper(),
        "REQUEST_URI": f"{path}?{url.query}" if url.query else path,
        "QUERY_STRING": url.query,
        "wsgi.input": io.BytesIO(body),
    }
    headers: Any = request.headers  # their values may be bytes, whatever `requests` declares
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    if request.body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _body(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, (bytes, bytearray)) else b"".join(body or ())
