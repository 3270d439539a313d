"""The routes under ``/_sandbox/``, by which other processes and browsers steer a sandbox.

They stand beside the service's own routes on a loopback address, and nowhere else. A web page that
a developer has open must not reach them, so a request with a foreign ``Host`` (a name rebound to
this machine) or a foreign ``Origin`` is refused.
"""

from __future__ import annotations

import ipaddress
import json
from http.client import responses as reasons
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit

from customers_sdk.sandbox import seeds
from customers_sdk.sandbox.express.bodies import LARGEST_BODY
from customers_sdk.sandbox.express.paths import raw_path
from customers_sdk.sandbox.faults.controls import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from customers_sdk.sandbox.backend import Backend

PREFIX = "/_sandbox/"
Answer = tuple[int, Any]


class _Refused(Exception):  # noqa: N818 - it is an answer
    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class ControlRoutes:
    """WSGI middleware that answers ``/_sandbox/…`` and hands everything else on."""

    def __init__(self, backend: Backend, application: WSGIApplication) -> None:
        self._backend = backend
        self._application = application
        self._routes: dict[str, dict[str, Callable[[Any], Answer]]] = {
            "reset": {"POST": self._reset},
            "seed": {"POST": self._seed},
            "faults": {"GET": self._waiting, "POST": self._arm, "DELETE": self._disarm},
            "requests": {"GET": self._requests, "DELETE": self._forget},
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request."""
        path = raw_path(environ)
        if not path.startswith(PREFIX):
            return self._application(environ, start_response)
        try:
            status, value = self._answer(environ, path[len(PREFIX) :].rstrip("/"))
        except _Refused as refused:
            status, value = refused.status, {"error": refused.text}
        except seeds.SeedError as refused:
            status, value = 400, {"error": str(refused)}
        body = b"" if value is None else json.dumps(value, ensure_ascii=True).encode()
        headers = [("Content-Length", str(len(body)))] if status != 204 else []
        if body:
            headers.append(("Content-Type", "application/json"))
        start_response(f"{status} {reasons[status]}", headers)
        return [body]

    def _answer(self, environ: WSGIEnvironment, name: str) -> Answer:
        _refuse_strangers(environ)
        methods = self._routes.get(name)
        if methods is None:
            raise _Refused(404, f"there is {', '.join(PREFIX + name for name in self._routes)}")
        action = methods.get(environ["REQUEST_METHOD"])
        if action is None:
            raise _Refused(405, f"{PREFIX}{name} takes {', '.join(methods)}")
        return action(_body(environ))

    def _reset(self, _: Any) -> Answer:
        self._backend.reset()
        return 204, None

    def _seed(self, body: Any) -> Answer:
        return 201, seeds.sow(self._backend, body)

    def _waiting(self, _: Any) -> Answer:
        return 200, {"faults": self._backend.faults.waiting()}

    def _arm(self, body: Any) -> Answer:
        arguments = dict(_object(body))
        name = arguments.pop("fault", None)
        if name not in FAULTS:
            raise _Refused(400, f"fault must be one of {', '.join(FAULTS)}")
        seeds.called(getattr(self._backend, name), arguments, name)
        return 201, {"faults": self._backend.faults.waiting()}

    def _disarm(self, _: Any) -> Answer:
        self._backend.clear_faults()
        return 204, None

    def _requests(self, _: Any) -> Answer:
        return 200, {"requests": [entry.to_dict() for entry in self._backend.requests]}

    def _forget(self, _: Any) -> Answer:
        self._backend.log.clear()
        return 204, None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Refused(400, "the body must be a JSON object")
    return value


def _body(environ: WSGIEnvironment) -> Any:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LARGEST_BODY:
        raise _Refused(400, f"the body is larger than {LARGEST_BODY} bytes")
    content = environ["wsgi.input"].read(length)
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError as error:
        raise _Refused(400, f"the body is not JSON: {error}") from None


def is_loopback(host: str) -> bool:
    """Whether this name or address is this machine's own; no name is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refuse_strangers(environ: WSGIEnvironment) -> None:
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if not is_loopback(environ.get("REMOTE_ADDR", "")) or not _is_own(host, environ):
        raise _Refused(403, "only this machine may steer the sandbox, by a loopback address")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        raise _Refused(403, "a page of another origin may not steer the sandbox")


def _is_own(host: str, environ: WSGIEnvironment) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port or 80
    except ValueError:
        return False
    own = parts.username is None and not parts.path and port == int(environ["SERVER_PORT"])
    return own and is_loopback(parts.hostname or "")
