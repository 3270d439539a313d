"""The ``CUSTOMERS`` dictionary of a project's settings.

It is never kept in a variable: an error report would print it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from customers_sdk._frameworks import NAMES
from customers_sdk.errors import ConfigurationError

NAMING = 'CUSTOMERS["{}"]'
_KNOWN = frozenset(NAMES)


def reader() -> Callable[[str], Any]:
    """Return a reader of settings by name, whose ``repr`` shows no value."""
    get: Callable[[str], Any] = dict(
        () if not_a_mapping() else getattr(settings, "CUSTOMERS", ())
    ).get

    def read(name: str) -> Any:
        value = get(name)
        if name == "SESSION" and isinstance(value, str):
            return _Session.at(value)
        return value

    return read


def check() -> None:
    """Refuse settings that are not a dictionary, or have unknown keys."""
    problem = not_a_mapping()
    if not problem and not _KNOWN.issuperset(getattr(settings, "CUSTOMERS", ())):
        problem = unknown()[0]
    if problem:
        raise ConfigurationError(problem)


def not_a_mapping() -> str:
    """Return what is wrong if the settings are not a dictionary, or ""."""
    kind = type(getattr(settings, "CUSTOMERS", {}))
    if issubclass(kind, Mapping):
        return ""
    return f"CUSTOMERS must be a dictionary, not {kind.__name__}"


def unknown() -> list[str]:
    """Return what is wrong with each unknown key."""
    if not_a_mapping():
        return []
    return [
        f"CUSTOMERS has an unknown key {name!r}{_guess(name)}"
        for name in getattr(settings, "CUSTOMERS", {})
        if name not in NAMES
    ]


def _guess(name: object) -> str:
    close = difflib.get_close_matches(str(name).upper(), NAMES, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


class _Session:
    """The session made by the function at a dotted path, kept until the path changes."""

    _made: tuple[str, Any] = ("", None)

    @classmethod
    def at(cls, path: str) -> Any:
        made = cls._made
        if made[0] != path:
            try:
                made = cls._made = (path, import_string(path)())
            except ImportError as error:
                raise ConfigurationError(f"{NAMING.format('SESSION')}: {error}") from None
        return made[1]
