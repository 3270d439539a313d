"""The ``CUSTOMERS`` dictionary of a project's settings.

It is never kept in a variable: an error report would print it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from customers_sdk._frameworks import NAMES
from customers_sdk.errors import ConfigurationError

NAMING = 'CUSTOMERS["{}"]'


def read(name: str) -> Any:
    """Return a setting of a dictionary; None if it is not set."""
    value = getattr(settings, "CUSTOMERS", {}).get(name)
    return _session(value) if name == "SESSION" and isinstance(value, str) else value


def not_a_mapping() -> str:
    """Return what is wrong if the settings are not a dictionary, or ""."""
    kind = type(getattr(settings, "CUSTOMERS", {}))
    if issubclass(kind, Mapping):
        return ""
    return f"CUSTOMERS must be a dictionary, not {kind.__name__}"


def unknown() -> Iterator[str]:
    """Yield what is wrong with each unknown key."""
    for name in getattr(settings, "CUSTOMERS", {}):
        if name not in NAMES:
            close = difflib.get_close_matches(str(name).upper(), NAMES, 1)
            guess = f"; did you mean {close[0]!r}?" if close else ""
            yield f"CUSTOMERS has an unknown key {name!r}{guess}"


@lru_cache(maxsize=1)
def _session(path: str) -> Any:
    """Return the session made by the function at a dotted path, kept until the path changes."""
    try:
        return import_string(path)()
    except ImportError as error:
        raise ConfigurationError(f"{NAMING.format('SESSION')}: {error}") from None
