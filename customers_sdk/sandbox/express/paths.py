"""Paths as Express matches them: a router mounted at ``/customers``, and the routes within."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

_MOUNT = re.compile(r"/customers/?(?=/|\Z)", re.IGNORECASE)
_END = re.compile("[?#]")
TEMPLATES = (
    "/customers",
    "/customers/:id",
    "/customers/:id/wallets",
    "/customers/:id/wallets/:wallet",
)
# By their words after the first, with None where an id stands.
_ROUTES = {
    tuple(None if word.startswith(":") else word for word in template.split("/")[2:]): template
    for template in TEMPLATES
}


class Match(NamedTuple):
    """Where a path leads: the route's template, and the path's own segments, still encoded."""

    template: str
    segments: tuple[str, ...] = ()


#: A path below ``/customers`` that no route has.
NO_ROUTE = Match("")


def raw_path(environ: dict[str, Any]) -> str:
    """Return the path as it was sent, percent-encoded, without the query."""
    target: str = environ.get("REQUEST_URI") or quote(
        environ.get("PATH_INFO", ""), encoding="latin-1"
    )
    if not target.startswith("/"):
        target = urlsplit(target).path
    return _END.split(target, maxsplit=1)[0]


def matched(path: str) -> Match | None:
    """Return where a path leads; None if it is not below ``/customers``.

    The words of the routes are matched in any case, and one slash at the end is ignored. A second
    slash right after ``/customers`` counts as one; a double slash elsewhere matches nothing.
    """
    mount = _MOUNT.match(path)
    if mount is None:
        return None
    within = path[mount.end() :] or "/"
    if within == "/":
        return Match("/customers")
    segments = within[1:].split("/")
    if not segments[-1]:
        segments.pop()
    words = tuple(word.lower() if place % 2 else None for place, word in enumerate(segments))
    template = _ROUTES.get(words)
    if template is None or "" in segments:
        return NO_ROUTE
    return Match(template, tuple(segments[::2]))


def normalised(path: str) -> str:
    """Return the one spelling of a path, by which faults are matched."""
    match = matched(path)
    if match is None or match is NO_ROUTE:
        return path[:-1] if len(path) > 1 and path.endswith("/") else path
    segments = iter(match.segments)
    words = match.template.split("/")
    return "/".join(next(segments) if word.startswith(":") else word for word in words)
