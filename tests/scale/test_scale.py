"""Imports and exports of many, at a fraction of what `make scale` measures.

``CUSTOMERS_SDK_SCALE`` is what the sizes are divided by: 1 is all, 0 skips them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from . import exporting, importing, throughput
from .running import Line, as_text, divisor

pytestmark = [
    pytest.mark.skipif(divisor() == 0, reason="CUSTOMERS_SDK_SCALE is 0"),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
]


def _check(lines: list[Line]) -> None:
    print(as_text(lines))  # noqa: T201 - shown where it fails
    assert [line for line in lines if not line.holds] == []


def test_an_import_that_is_killed_loses_and_duplicates_nobody(tmp_path: Path) -> None:
    _check(importing.measure(tmp_path, importing.ROWS // divisor()))


def test_an_export_is_complete_however_it_is_made_and_takes_no_memory(tmp_path: Path) -> None:
    _check(exporting.measure(tmp_path, exporting.CUSTOMERS // divisor()))


def test_eight_workers_are_six_times_as_fast_as_one() -> None:
    _check(throughput.measure(throughput.ROWS // divisor()))
