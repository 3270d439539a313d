"""The service as one WSGI application; it can be called in process or served over HTTP."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from customers_sdk.sandbox.express.bodies import UnreadableBody, parsed_body
from customers_sdk.sandbox.express.exchange import Request, Response, text_response, unless_fresh
from customers_sdk.sandbox.express.javascript import trim
from customers_sdk.sandbox.express.paths import matched
from customers_sdk.sandbox.faults.injection import caller_of, service_failure
from customers_sdk.sandbox.service import answers
from customers_sdk.sandbox.service.idempotency import KEYED_METHODS, LONGEST_KEY, Locks
from customers_sdk.sandbox.service.routes import Routes, authenticates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from customers_sdk.sandbox.service.store import Store

API_VERSION = "2026-03-07"

_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"
_REPLAY_TYPE = "text/html; charset=utf-8"
_CONTINUE = re.compile(r"(?:^|\W)100-continue(?:$|\W)", re.IGNORECASE | re.ASCII)
_logger = logging.getLogger("customers_sdk.sandbox")


class Application:
    """The Customers API over one store.

    A request passes these stations, in the observed order: request id, OPTIONS, body parsing, API
    version, idempotency, authentication, routing, validation, rules. `latency` (seconds, may be
    changed at any time) is waited in each write before its row is stored and while its
    idempotency key is locked. Wrap `wsgi_app` to put more in front.
    """

    def __init__(self, store: Store, *, latency: float = 0.0) -> None:
        self.store = store
        self.locks: Locks = Locks()
        self.latency = latency
        self._sleep = time.sleep
        self._routes = Routes(store, self.before_write)
        self.wsgi_app: WSGIApplication = self._serve

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.wsgi_app(environ, start_response)

    def before_write(self) -> None:
        """Wait as long as a write takes."""
        if self.latency > 0:
            self._sleep(self.latency)

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.respond(environ)(environ, start_response)

    def respond(self, environ: WSGIEnvironment) -> Response:
        """Return the service's own response to a request."""
        request = Request(environ)
        if "HTTP_EXPECT" in environ and not _CONTINUE.search(request.header("EXPECT")):
            return Response(417)
        response = self._response(request)
        response.headers["x-request-id"] = request.header("X_REQUEST_ID") or str(uuid.uuid4())
        return response

    def _response(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(204, headers={"Access-Control-Allow-Methods": _METHODS})
        try:
            body = parsed_body(request)
        except UnreadableBody:
            return _internal_error()
        version = trim(request.header("NODERAILS_VERSION"))
        if version and version != API_VERSION:
            text = f'Invalid API version "{version}". Valid versions: {API_VERSION}'
            return _typed_error(400, "invalid_request_error", text)
        try:
            response = unless_fresh(request, self._once(request, body))
        except Exception:
            _logger.exception("a response could not be kept under its idempotency key")
            response = _internal_error()
        response.headers["NodeRails-Version"] = API_VERSION
        return response

    def _once(self, request: Request, body: object) -> Response:
        """Carry the request out, unless its idempotency key has a response already."""
        key = request.header("IDEMPOTENCY_KEY")
        if not key or request.method not in KEYED_METHODS:
            return self._carried_out(request, body)
        if len(key) > LONGEST_KEY:
            text = f"Idempotency-Key must be at most {LONGEST_KEY} characters"
            return _typed_error(400, "invalid_request_error", text)
        caller = caller_of(request.environ)
        lock = self.locks.take(key, caller.gone)
        try:
            response = self._kept(key, locked=lock is None)
            if response is None:
                response = self._carried_out(request, body)
                kept = (key, response.status, response.body.decode())
                caller.keep_response(lambda: self.store.remember(*kept))
            return response
        finally:
            if lock is not None:
                self.locks.release(lock)

    def _kept(self, key: str, *, locked: bool) -> Response | None:
        """Return the response that a key has already, or the refusal while it is locked."""
        kept = self.store.recalled(key)
        if key in kept:
            status, body = kept[key]
            response = text_response(status, body, _REPLAY_TYPE)
            response.headers["Idempotent-Replayed"] = "true"
            return response
        if locked or kept:
            text = (
                "A request with this Idempotency-Key is currently being processed. Retry shortly."
            )
            return _typed_error(409, "idempotency_error", text)
        return None

    def _carried_out(self, request: Request, body: object) -> Response:
        match = matched(request.path)
        by_key = match is not None and authenticates(request)
        failure = service_failure(request.environ, authenticates=by_key)
        if failure is not None:
            return failure
        try:
            return self._routes.respond(request, match, body)
        except answers.Refusal as error:
            return answers.error_response(error.status, error.error)
        except Exception:
            _logger.exception("a request failed")
            return _internal_error()


def _internal_error() -> Response:
    error = answers.internal_error()
    return answers.error_response(error.status, error.error)


def _typed_error(status: int, kind: str, text: str) -> Response:
    """Return one of the three errors that have a ``type`` and no ``code``."""
    return answers.error_response(status, {"type": kind, "message": text})
