"""Paths as Express matches them: a router mounted at ``/customers``, and the routes within."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

_MOUNT = re.compile(r"/customers(?=/|\Z)", re.IGNORECASE | re.ASCII)
_END = re.compile("[?#]")
TEMPLATES = (
    "/customers",
    "/customers/:id",
    "/customers/:id/wallets",
    "/customers/:id/wallets/:wallet",
)
_ROUTES = {
    template: re.compile(
        re.sub(":[a-z]+", "([^/]+)", template).replace("customers", "customers/?") + r"/?\Z",
        re.IGNORECASE | re.ASCII,
    )
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
    for template, pattern in _ROUTES.items():
        found = pattern.match(path)
        if found is not None:
            return Match(template, found.groups())
    return NO_ROUTE if _MOUNT.match(path) else None


def normalised(path: str) -> str:
    """Return the one spelling of a path, by which faults are matched."""
    match = matched(path)
    if match is None or match is NO_ROUTE:
        return path[:-1] if len(path) > 1 and path.endswith("/") else path
    segments = iter(match.segments)
    words = match.template.split("/")
    return "/".join(next(segments) if word.startswith(":") else word for word in words)
