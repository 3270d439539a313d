"""Paths as Express matches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LITERALS = ("customers", "wallets")


class RawPaths:
    """WSGI middleware that hands on the path undecoded, so that ``%2F`` stays within its segment.

    The case of the routes' own words is lowered and one trailing slash is dropped (recordings
    ``path_uppercase``, ``trailing_slash_*``); dot segments and double slashes stay as they are and
    match nothing (``dot_segments``, ``double_slash``).
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request."""
        environ["PATH_INFO"] = normalised(raw_path(environ))
        return self._application(environ, start_response)


def raw_path(environ: dict[str, Any]) -> str:
    """The path as it was sent, percent-encoded, without the query."""
    target: str = environ.get("REQUEST_URI") or quote(
        environ.get("PATH_INFO", ""), encoding="latin-1"
    )
    if not target.startswith("/"):
        target = urlsplit(target).path
    return target.partition("?")[0]


def normalised(path: str) -> str:
    """The path as it is matched."""
    if len(path) > 1 and path.endswith("/"):
        path = path[:-1]
    if path.startswith("//"):
        # Werkzeug would drop the second slash; the service finds no route.
        path = "/." + path[1:]
    segments = path.split("/")
    for place, word in zip((1, 3), _LITERALS):
        if len(segments) > place and segments[place].lower() == word:
            segments[place] = word
    return "/".join(segments)
