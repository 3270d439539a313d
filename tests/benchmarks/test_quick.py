"""The benchmarks run, and print every row; what they measure is not looked at."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PEERS = {"stripe": "stripe-python", "pydantic": "model_validate_json", "orjson": "orjson"}


@pytest.fixture(scope="module")
def lines() -> list[str]:
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_row_is_printed(lines: list[str]) -> None:
    assert lines[0].split() == ["what", "against", "at", "most", "measured", "quartiles", "verdict"]
    assert len(lines) == 16


def test_a_row_without_a_figure_is_that_of_a_peer_that_is_not_installed(lines: list[str]) -> None:
    import importlib.util

    missing = [text for name, text in PEERS.items() if importlib.util.find_spec(name) is None]
    for line in lines[1:]:
        measured = re.search(r"(pass|MISS)$", line) is not None
        assert measured or any(text in line for text in missing), line
