"""Carries a prepared request to the sandbox's application, and its answer back, in process."""

from __future__ import annotations

import io
import sys
import threading
import time
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any, Callable, NoReturn, Optional
from urllib.parse import unquote_to_bytes, urlsplit

import requests
import responses
import urllib3

from customers_sdk.sandbox.faults.callers import Caller, put_caller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_UNPREFIXED = ("Content-Type", "Content-Length")


class Unfinished:
    """What the service would still be busy with after its caller has hung up."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Callable[[], None]]] = []
        self._guard = threading.Lock()

    def add(self, seconds: float, action: Callable[[], None]) -> None:
        """Has something done after so many seconds."""
        with self._guard:
            self._waiting.append((time.monotonic() + seconds, action))

    def finish(self, *, everything: bool = False) -> None:
        """Does what is due, or everything."""
        now = time.monotonic()
        with self._guard:
            due = [entry for entry in self._waiting if everything or entry[0] <= now]
            self._waiting = [entry for entry in self._waiting if entry not in due]
        for _, action in due:
            action()

    def clear(self) -> None:
        """Forgets all of it."""
        with self._guard:
            self._waiting.clear()


class InProcessCaller(Caller):
    """A caller whose patience is known: where it will not do, nobody waits."""

    def __init__(
        self,
        request: requests.PreparedRequest,
        timeout: Optional[float],
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
        """Sleeps if the answer still comes in time."""
        self._waited += seconds
        if not self.gone():
            self._sleep(seconds)

    def settle(self, remember: Callable[[], None]) -> None:
        """Puts off what the service does after they have hung up."""
        if self.gone():
            self._unfinished.add(self._waited - (self._timeout or 0.0), remember)
        else:
            remember()

    def hold(self) -> NoReturn:
        """Raises what `requests` raises after its read timeout."""
        text = f"Read timed out. (read timeout={self._timeout})"
        # There is no pool: in process there are no connections.
        inner = urllib3.exceptions.ReadTimeoutError(None, "", text)  # type: ignore[arg-type]
        raise requests.ReadTimeout(inner, request=self._request)

    def drop(self) -> NoReturn:
        """Raises what `requests` raises when the connection ends without an answer."""
        text = "Remote end closed connection without response"
        inner = urllib3.exceptions.ProtocolError("Connection aborted.", RemoteDisconnected(text))
        raise requests.ConnectionError(inner, request=self._request)


class Carrier(responses.CallbackResponse):
    """Answers every request below a base URL from a WSGI application."""

    def __init__(
        self,
        application: WSGIApplication,
        base_url: str,
        unfinished: Unfinished,
        sleep: Callable[[float], None],
    ) -> None:
        super().__init__("GET", base_url, callback=self._carry, content_type=None)
        self._application = application
        self._base = urlsplit(base_url)
        self._unfinished = unfinished
        self._sleep = sleep

    def matches(self, request: requests.PreparedRequest) -> tuple[bool, str]:
        """Whether the request goes below the base URL; its method does not matter."""
        url, base = urlsplit(str(request.url)), self._base
        same = (url.scheme, url.netloc.lower()) == (base.scheme, base.netloc.lower())
        if same and f"{url.path}/".startswith(f"{base.path}/"):
            return True, ""
        return False, "it is another host's"

    def _carry(self, request: Any) -> tuple[int, Any, bytes]:
        self._unfinished.finish()
        timeout = _read_timeout(getattr(request, "req_kwargs", {}).get("timeout"))
        caller = InProcessCaller(request, timeout, self._unfinished, self._sleep)
        environ = _environ(request, len(self._base.path))
        put_caller(environ, caller)
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head[:] = [int(status[:3]), headers]

        body = b"".join(self._application(environ, start_response))
        if caller.gone():
            caller.hold()
        return head[0], head[1], body


def _read_timeout(timeout: Any) -> Optional[float]:
    """The seconds that `requests` would wait for an answer; None is for ever."""
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
