"""One request as Express shows it, and the response that Express sends."""

from __future__ import annotations

import base64
import hashlib
import re
from http.client import responses as reasons
from typing import TYPE_CHECKING

import attrs

from customers_sdk.sandbox.express.paths import raw_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON_TYPE = "application/json; charset=utf-8"

_NO_CACHE = re.compile(r"(?:^|,)\s*?no-cache\s*?(?:,|$)")
_STATUS_LINES = {status: f"{status} {reason}" for status, reason in reasons.items()}
_WITHOUT_BODY = (204, 304)


class Request:
    """A request, from the WSGI environment."""

    __slots__ = ("environ", "method", "path")

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ: WSGIEnvironment = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = raw_path(environ)

    def header(self, name: str) -> str:
        """Return a header, "" where it was not sent; `name` as WSGI spells it (``X_API_KEY``)."""
        value: str = self.environ.get(f"HTTP_{name}", "")
        return value


@attrs.define(eq=False, repr=False)
class Response:
    """A response; `headers` can be changed until it is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = attrs.Factory(dict)

    def sent(self, method: str) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and body as a request of this method gets them."""
        headers = list(self.headers.items())
        if self.status not in _WITHOUT_BODY:
            headers.append(("Content-Length", str(len(self.body))))
        return self.status, headers, b"" if method == "HEAD" else self.body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it, as a WSGI application does."""
        status, headers, body = self.sent(environ["REQUEST_METHOD"])
        start_response(_STATUS_LINES.get(status) or f"{status} Unknown", headers)
        return (body,)


def etag(body: bytes) -> str:
    """Return Express's weak ETag: the length in hexadecimal and the SHA-1 without padding."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest())
    return f'W/"{len(body):x}-{digest.decode().rstrip("=")}"'


def text_response(status: int, text: str, content_type: str = JSON_TYPE) -> Response:
    """Return a response of JSON text, with its ETag."""
    body = text.encode("utf-8", "replace")
    return Response(status, body, {"Content-Type": content_type, "ETag": etag(body)})


def unless_fresh(request: Request, response: Response) -> Response:
    """Return 304 in place of a success that the caller of a GET or HEAD has already.

    Decides as the ``fresh`` module; there is no ``Last-Modified`` to compare a date with.
    """
    wanted = request.header("IF_NONE_MATCH")
    if not wanted or request.method not in ("GET", "HEAD") or response.status // 100 != 2:
        return response
    if request.header("IF_MODIFIED_SINCE") or _NO_CACHE.search(request.header("CACHE_CONTROL")):
        return response
    tag = response.headers["ETag"]
    if wanted != "*" and not {tag, tag[2:], f"W/{tag}"}.intersection(
        item.strip(" ") for item in wanted.split(",")
    ):
        return response
    return Response(304, headers={"ETag": tag})
