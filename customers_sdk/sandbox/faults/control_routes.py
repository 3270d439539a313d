"""The routes under ``/_sandbox/``, by which other processes and browsers steer a sandbox.

They exist next to the service's own routes on a loopback address, and nowhere else. A web page that
a developer has open must not reach them, so a request with a foreign ``Host`` (a name rebound to
this machine) or a foreign ``Origin`` is refused.
"""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from customers_sdk.sandbox import seeds
from customers_sdk.sandbox.express.bodies import LARGEST_BODY
from customers_sdk.sandbox.express.exchange import Response
from customers_sdk.sandbox.express.paths import raw_path
from customers_sdk.sandbox.faults.controls import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from customers_sdk.sandbox.backend import Handle

PREFIX = "/_sandbox/"
_MOST_MADE_UP = 10_000
# Scripts, styles and pictures from this address alone, and no page around or behind this one.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Call(NamedTuple):
    """What an action is told: the decoded body, the query, and the path behind the route."""

    body: Any
    query: dict[str, str]
    rest: str

    def number(self, name: str, default: int) -> int:
        """Return a whole number of the query."""
        value = self.query.get(name, str(default))
        if not value.isdecimal() or len(value) > 15:
            raise Refused(400, f"{name} must be a whole number")
        return int(value)


class Refused(Exception):  # noqa: N818 - it is a response
    """A request that is responded to with a status and an error in words."""


class ControlRoutes:
    """WSGI middleware that responds to ``/_sandbox/…`` and passes everything else on.

    A subclass may add routes, by the first segment of their path; ``""`` must be the page for the
    browser, to which a browser that asks for the root is sent. An action returns a value to be sent
    as JSON, None for an empty response, or the response itself.
    """

    def __init__(self, service: Handle, application: WSGIApplication) -> None:
        self._service = service
        self._application = application
        self._routes: dict[str, dict[str, Callable[[Call], Any]]] = {
            "reset": {"POST": lambda _: service.reset()},
            "seed": {"POST": self._seed},
            "faults": {"GET": self._waiting, "POST": self._arm, "DELETE": self._disarm},
            "requests": {"GET": self._requests, "DELETE": lambda _: service.log.clear()},
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        path = raw_path(environ)
        if _is_from_address_bar(path, environ):
            return Response(302, headers={"Location": PREFIX, **_HEADERS})(environ, start_response)
        if not path.startswith(PREFIX):
            return self._application(environ, start_response)
        try:
            response = self._response(environ, path[len(PREFIX) :].rstrip("/"))
        except Refused as refused:
            status, text = refused.args
            response = _json({"error": text}, status)
        except seeds.SeedError as refused:
            response = _json({"error": str(refused)}, 400)
        response.headers.update(_HEADERS)
        return response(environ, start_response)

    def _response(self, environ: WSGIEnvironment, path: str) -> Response:
        _refuse_strangers(environ)
        name, _, rest = path.partition("/")
        methods = self._routes.get(name)
        if methods is None:
            known = ", ".join(f"{PREFIX}{name}" for name in self._routes if name)
            raise Refused(404, f"there is {known}")
        method = environ["REQUEST_METHOD"]
        action = methods.get("GET" if method == "HEAD" else method)
        if action is None:
            raise Refused(405, f"{PREFIX}{name} takes {', '.join(methods)}")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        value = action(Call(_body(environ), query, unquote(rest)))
        if value is None:
            return Response(204)
        if isinstance(value, Response):
            return value
        return _json(value, 201 if method == "POST" else 200)

    def _seed(self, call: Call) -> Any:
        seed = call.body
        if isinstance(seed, dict) and set(seed) == {"plausible"}:
            count = seed["plausible"]
            if type(count) is not int or not 0 < count <= _MOST_MADE_UP:
                raise Refused(400, f"plausible must be a number from 1 to {_MOST_MADE_UP}")
            seed = seeds.plausible(count, self._service.store.count_customers() + 1)
        return seeds.sow(self._service, seed)

    def _waiting(self, _: Call) -> Any:
        return {"faults": self._service.faults.waiting()}

    def _arm(self, call: Call) -> Any:
        if not isinstance(call.body, dict):
            raise Refused(400, "the body must be a JSON object")
        name = call.body.pop("fault", None)
        if name not in FAULTS:
            raise Refused(400, f"fault must be one of {', '.join(FAULTS)}")
        seeds.called(getattr(self._service, name), call.body, name)
        return self._waiting(call)

    def _disarm(self, call: Call) -> None:
        if not call.rest:
            self._service.clear_faults()
        elif not call.rest.isdecimal() or not self._service.faults.remove(int(call.rest)):
            raise Refused(404, "this fault does not wait any more")

    def _requests(self, _: Call) -> Any:
        return {"requests": [entry.to_dict() for entry in self._service.requests]}


def _json(value: Any, status: int) -> Response:
    body = json.dumps(value).encode()
    return Response(status, body, {"Content-Type": "application/json"})


def _is_from_address_bar(path: str, environ: WSGIEnvironment) -> bool:
    wants_page = "text/html" in environ.get("HTTP_ACCEPT", "")
    asked = environ["REQUEST_METHOD"] in ("GET", "HEAD") and path in ("/", PREFIX[:-1])
    return asked and wants_page and _is_own(environ.get("HTTP_HOST", ""), environ)


def _body(environ: WSGIEnvironment) -> Any:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LARGEST_BODY:
        raise Refused(400, f"the body is larger than {LARGEST_BODY} bytes")
    content = environ["wsgi.input"].read(length)
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from None


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
        raise Refused(403, "only this machine may steer the sandbox, by a loopback address")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        raise Refused(403, "a page of another origin may not steer the sandbox")


def _is_own(host: str, environ: WSGIEnvironment) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port or 80
    except ValueError:
        return False
    own = parts.username is None and not parts.path and port == int(environ["SERVER_PORT"])
    return own and is_loopback(parts.hostname or "")
