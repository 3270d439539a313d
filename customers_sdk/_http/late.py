"""Modules that are imported late: whole or not at all, also under a fork and an interruption.

Models and what reads them take as long to import as everything else together, and a process
that makes no call does without. But Python promises little for an import in the middle of a
running program. A fork while another thread imports leaves the module's lock held in the child
for ever: its first call hangs (25 of 25 times). An exception out of a signal handler (Ctrl-C, a
worker's timeout) in the middle of an import leaves half a module, and importing orjson a second
time ends the process. So these modules are imported by a thread of their own, where no signal
handler runs, and a fork waits until that is done.
"""

from __future__ import annotations

import importlib
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

#: What every first call needs.
FIRST_CALL = (
    "customers_sdk.models",
    "customers_sdk._wire.codec",
    "customers_sdk._wire.schema",
)
#: What lists need, too.
LISTS = ("customers_sdk.pagination", "customers_sdk._lists.walk")
#: What a client with an observer needs, too.
OBSERVED = ("customers_sdk._http.attempt",)
#: What fetching pages ahead needs, too.
AHEAD = ("customers_sdk._lists.prefetch", "concurrent.futures.thread")

__all__ = ["AHEAD", "FIRST_CALL", "LISTS", "OBSERVED", "Module", "codec", "load", "schema"]

_LONGEST = 60.0  # seconds; never reached unless the caller itself is imported in a circle

_done: set[tuple[str, ...]] = set()
_importing = threading.Lock()


def load(names: tuple[str, ...]) -> None:
    """Import some of these modules, so that importing them from now on is a look-up."""
    if names in _done:
        return
    thread = threading.Thread(target=_import, args=(names,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads can be had, such as when the process ends
        _import(names)
    else:
        thread.join(_LONGEST)
    _done.add(names)


class Module:
    """A module by its name, imported when the first of its names is used.

    An import statement in a function costs 9,000 instructions each time; this, one look-up.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(importlib.import_module(self._name), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    from customers_sdk._wire import codec, schema
else:
    codec = Module("customers_sdk._wire.codec")
    schema = Module("customers_sdk._wire.schema")


def _import(names: tuple[str, ...]) -> None:
    # The import that needs a module says why it fails.
    with _importing, suppress(Exception):
        for name in names:
            importlib.import_module(name)


def _renew_lock() -> None:
    global _importing  # noqa: PLW0603 - a lock that was taken by another process's thread
    _importing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _importing.acquire(),  # noqa: PLW0108 - the lock of now, in a child too
        after_in_parent=lambda: _importing.release(),  # noqa: PLW0108
        after_in_child=_renew_lock,
    )
