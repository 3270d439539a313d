"""What a first call needs is known, and imported before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

CALLS = """
import sys
from customers_sdk._http import late
from tests.doubles import answer, customer, detail, envelope, page, rig, summary, ID
from customers_sdk._wire import *
for names in (late.FIRST_CALL, late.LISTS, late.AHEAD):
    late.load(names)
before = set(sys.modules)
rig(answer(200, envelope(detail()))).customers.retrieve(ID)
rig(answer(201, envelope(customer()))).customers.create(name="Ada", metadata={"a": 1})
list(rig(answer(200, page(summary()))).customers.list())
list(rig(answer(200, page(summary()))).customers.list(prefetch=2))
print(sorted(set(sys.modules) - before))
"""


def test_calls_import_nothing_that_is_not_on_the_list() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", CALLS], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_module_that_is_missing_is_told_of_where_it_is_needed() -> None:
    from customers_sdk._http import late

    late.load(("customers_sdk.no_such_module",))
    late._done.discard(("customers_sdk.no_such_module",))


def test_where_no_thread_can_be_had_the_modules_are_imported_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    from customers_sdk._http import late

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(late, "_done", set())
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    late.load(("colorsys",))
    assert "colorsys" in sys.modules
