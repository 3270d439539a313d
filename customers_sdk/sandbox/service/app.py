"""The service as one WSGI application; it can be called in process or served over HTTP."""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Callable, Optional

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from customers_sdk.sandbox.express.bodies import UnreadableBody, parsed_body
from customers_sdk.sandbox.express.paths import RawPaths
from customers_sdk.sandbox.faults.callers import caller_of
from customers_sdk.sandbox.faults.injection import fate_of, service_failure
from customers_sdk.sandbox.service import answers
from customers_sdk.sandbox.service.idempotency import KEYED_METHODS, LONGEST_KEY, Locks
from customers_sdk.sandbox.service.routes import register_routes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from customers_sdk.sandbox.service.store import Store

API_VERSION = "2026-03-07"

_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"
_logger = logging.getLogger("customers_sdk.sandbox")


class _MatchedRule(Rule):
    """A rule that matches URLs and builds none: compiling builders takes most of the set-up."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:  # noqa: ARG002, FBT001, FBT002
        return _no_url


def _no_url(*_: Any, **__: Any) -> None:
    """In place of a builder."""


class Application(Flask):
    """The Customers API over one store.

    A request passes these stations, in the observed order: request id, OPTIONS, body parsing, API
    version, idempotency, routing, authentication, validation, rules. `latency` (seconds, may be
    changed at any time) is waited in each write before its row is stored and while its
    idempotency key is locked. Wrap `wsgi_app` to put more in front.
    """

    url_rule_class = _MatchedRule

    def __init__(
        self,
        store: Store,
        *,
        latency: float = 0.0,
        locks: Optional[Locks] = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(__name__, static_folder=None, template_folder=None)
        self.store = store
        self.locks: Locks = locks or Locks()
        self.latency = latency
        self._sleep = sleep
        self.url_map.merge_slashes = False
        self.url_map.strict_slashes = False
        for station in (
            _name_request,
            _answer_options,
            _read_body,
            _check_version,
            self._check_key,
            _meet_fate,
        ):
            self.before_request(station)
        self.after_request(self._finish)
        self.teardown_request(self._unlock)
        self.register_error_handler(Exception, _answer_error)
        register_routes(self, store, self.before_write)
        self.wsgi_app: WSGIApplication = RawPaths(self.wsgi_app)  # type: ignore[assignment]

    def before_write(self) -> None:
        """Waits as long as a write takes."""
        if self.latency > 0:
            self._sleep(self.latency)

    def _check_key(self) -> Optional[Response]:
        key = request.headers.get("Idempotency-Key", "")
        if request.method not in KEYED_METHODS or not key:
            return None
        if len(key) > LONGEST_KEY:
            text = f"Idempotency-Key must be at most {LONGEST_KEY} characters"
            raise answers.typed_refusal(400, "invalid_request_error", text)
        replay = self._replay(key)
        if replay is not None:
            return replay
        g.lock = self.locks.take(key, caller_of(request.environ).gone)
        if g.lock is None:
            text = (
                "A request with this Idempotency-Key is currently being processed. Retry shortly."
            )
            raise answers.typed_refusal(409, "idempotency_error", text)
        replay = self._replay(key)
        if replay is not None:
            self._unlock()
        return replay

    def _replay(self, key: str) -> Optional[Response]:
        kept = self.store.recalled(key)
        if kept is None:
            return None
        answer = answers.text_answer(kept["status"], kept["body"], answers.REPLAY_TYPE)
        answer.headers["Idempotent-Replayed"] = "true"
        return answer

    def _finish(self, answer: Response) -> Response:
        lock = g.get("lock")
        if lock is not None:
            kept = (lock.key, answer.status_code, answer.get_data(as_text=True))
            caller_of(request.environ).settle(lambda: self.store.remember(*kept))
            self._unlock()
        answer = answers.unless_known(request, answer)
        answer.headers["x-request-id"] = g.request_id
        if g.get("versioned"):
            answer.headers["NodeRails-Version"] = API_VERSION
        return answer

    def _unlock(self, _: Optional[BaseException] = None) -> None:
        lock = g.pop("lock", None)
        if lock is not None:
            self.locks.release(lock)


def _name_request() -> None:
    g.request_id = request.headers.get("x-request-id") or str(uuid.uuid4())


def _answer_options() -> Optional[Response]:
    if request.method != "OPTIONS":
        return None
    answer = answers.empty_answer(204)
    answer.headers["Access-Control-Allow-Methods"] = _METHODS
    return answer


def _read_body() -> None:
    try:
        g.body = parsed_body(request)
    except UnreadableBody:
        raise answers.internal_error() from None


def _check_version() -> None:
    version = request.headers.get("NodeRails-Version", "").strip()
    if version and version != API_VERSION:
        text = f'Invalid API version "{version}". Valid versions: {API_VERSION}'
        raise answers.typed_refusal(400, "invalid_request_error", text)
    g.versioned = True


def _meet_fate() -> Optional[Response]:
    """What was decided for the request happens here: its key is locked, nothing is done yet."""
    fate = fate_of(request.environ)
    if fate.delay:
        caller_of(request.environ).wait(fate.delay)
    headers = request.headers
    by_key = "x-api-key" in headers and not headers.get("Authorization", "").startswith("Bearer ")
    return service_failure(fate.fault, authenticates=by_key and request.url_rule is not None)


def _answer_error(error: Exception) -> Response:
    if isinstance(error, answers.Refusal):
        return answers.error_answer(error)
    if isinstance(error, HTTPException):
        return answers.error_answer(answers.refusal(404, "NOT_FOUND", "Route not found"))
    _logger.error("request %s failed", g.get("request_id"), exc_info=error)
    return answers.error_answer(answers.internal_error())
