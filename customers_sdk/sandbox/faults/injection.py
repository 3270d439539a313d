"""The middleware in front of the service: it writes requests down, and injects faults.

It stands in front in process and over HTTP alike. What a proxy would do to a request is done here;
what the service itself does, late or wrongly, is left to the application, which asks for the
request's faults once it holds the lock on the idempotency key.
"""

from __future__ import annotations

import io
import time
from http.client import responses as reasons
from typing import TYPE_CHECKING, Any, Callable, NoReturn

import attrs

from customers_sdk.sandbox.express.exchange import text_response
from customers_sdk.sandbox.express.paths import normalised, raw_path
from customers_sdk.sandbox.faults.faults import Fault, Faults, Injected
from customers_sdk.sandbox.faults.requestlog import RequestLog, SentRequest, shown_headers
from customers_sdk.sandbox.service import answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from customers_sdk.sandbox.express.exchange import Response

#: Where the environment of a request holds its `Caller`.
CALLER = "customers_sdk.caller"
_INJECTED = "customers_sdk.injected"
_MESSAGES = {
    400: "Invalid request",
    401: "Invalid or inactive API key",
    403: "Access denied",
    404: "Not found",
    409: "Conflict",
    429: "Too many requests",
    500: "Internal server error",
}
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class NoResponseError(Exception):
    """The request gets no response; the server has to close the connection."""


class Caller:
    """A caller of whom nothing is known, so that they are taken to wait as long as it takes."""

    def gone(self) -> bool:
        """Tell whether they have hung up."""
        return False

    def wait(self, seconds: float) -> None:
        """Let time pass before the request is carried out."""
        time.sleep(seconds)

    def hold(self) -> NoReturn:
        """Keep them waiting, and never respond."""
        raise NoResponseError

    def drop(self) -> NoReturn:
        """Close the connection without a response."""
        raise NoResponseError

    def keep_response(self, remember: Callable[[], None]) -> None:
        """Call `remember`, which keeps the response under its idempotency key."""
        remember()


@attrs.define(eq=False)
class Injection:
    """WSGI middleware over the service; `respond` gives its own response to a request."""

    _respond: Callable[[WSGIEnvironment], Response]
    _faults: Faults
    _log: RequestLog

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request, or let its caller go without a response."""
        method, path = environ["REQUEST_METHOD"], raw_path(environ)
        injected = self._faults.take(method, normalised(path))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        environ[_INJECTED] = injected
        entry = SentRequest(
            method,
            path,
            environ.get("QUERY_STRING", ""),
            body=body,
            headers=shown_headers(environ) if self._log.keeps_responses else {},
            idempotency_key=environ.get("HTTP_IDEMPOTENCY_KEY"),
            faults=injected.names,
        )
        self._log.add(entry)
        caller, fault, made = caller_of(environ), injected.fault, None
        try:
            if fault is not None and fault.name == "timeout_next":
                caller.hold()
            response = _proxy_answer(fault)
            if response is None:
                response = self._respond(environ)
            elif injected.delay:
                caller.wait(injected.delay)
            made = response.sent(method)
            entry.replayed = "Idempotent-Replayed" in response.headers
            if fault is not None and fault.name == "drop_answer_next":
                caller.drop()
            if not caller.gone():
                entry.status = response.status
            return response(environ, start_response)
        finally:
            self._log.finish(entry, made if self._log.keeps_responses else None)


def caller_of(environ: WSGIEnvironment) -> Caller:
    """Return the caller of a request."""
    caller: Caller = environ.get(CALLER) or Caller()
    return caller


def service_failure(environ: WSGIEnvironment, *, authenticates: bool) -> Response | None:
    """Wait out a request's delay; return the error that the service itself responds with, or None.

    `authenticates` says whether the request gets as far as having its key looked up.
    """
    injected: Injected = environ.get(_INJECTED) or Injected()
    if injected.delay:
        caller_of(environ).wait(injected.delay)
    fault = injected.fault
    if fault is None or fault.by_proxy:
        return None
    if fault.name == "database_down" and authenticates:
        # Recording outage_db_down_list.
        error = {"code": "AUTHENTICATION_ERROR", "message": "Authentication required"}
        return answers.error_response(401, error)
    return _failure(fault) if fault.status else None


def _proxy_answer(fault: Fault | None) -> Response | None:
    if fault is None or not fault.by_proxy:
        return None
    if fault.name != "html_next":
        return _failure(fault)
    title = f"{fault.status} {reasons.get(fault.status, '')}".strip()
    page = text_response(fault.status, _PAGE.format(title), "text/html")
    del page.headers["ETag"]
    return page


def _failure(fault: Fault) -> Response:
    kind = "INTERNAL_ERROR" if fault.by_proxy else "BAD_REQUEST"
    code = fault.code or answers.CODES.get(fault.status, kind)
    usual = _MESSAGES.get(fault.status) or reasons.get(fault.status, "Error")
    error: dict[str, Any] = {"code": code, "message": fault.message or usual}
    if fault.retry_after is None:
        return answers.error_response(fault.status, error)
    error["details"] = {"retryAfter": fault.retry_after}
    answer = answers.error_response(fault.status, error)
    answer.headers["Retry-After"] = str(fault.retry_after)
    if fault.name == "rate_limit":
        answer.headers["X-RateLimit-Limit"] = str(fault.after)
        answer.headers["X-RateLimit-Remaining"] = "0"
        answer.headers["X-RateLimit-Reset"] = str(int(time.time()) + fault.retry_after)
    return answer
