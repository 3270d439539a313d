"""Instructions that the processor carries out, counted by valgrind.

The same program gives the same count whatever else runs on the machine, which no wall-clock
figure does; so these rows, and they alone, decide in CI. Each is a ratio of two contenders,
counted on the same Python with the same packages. ``bench/baseline.json`` holds what was reached.
"""

from __future__ import annotations

import compileall
import contextlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from bench import imports
from bench.server import ROOT

BASELINE = ROOT / "bench" / "baseline.json"
# A row that costs so much more than the baseline says is a failure; so much less is written down.
_MARGIN = 0.03
_BETTER = 0.005

_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_REFS = re.compile(r"I\s+refs:\s+([\d,]+)")
# What is counted depends on Python and on these as much as on our own code.
_PACKAGES = ("requests", "urllib3", "attrs", "cattrs", "orjson", "flask", "waitress", "responses")


class Work(NamedTuple):
    """A contender.

    Attributes:
        name: in `bench.counted`; where there are no rounds, in `bench.imports`.
        rounds: how often it is run; the count of as many is subtracted from that of twice as
            many. 0 is a whole process.
        orjson: whether it has that package.
    """

    name: str
    rounds: int = 0
    orjson: bool = False


# Ours, and what its count is divided by.
ROWS: dict[str, tuple[Work, Work]] = {
    "retrieve / plain requests": (Work("retrieve", 50), Work("by_hand", 50)),
    "page decoded / json.loads": (Work("decode", 5), Work("loads", 5)),
    "page decoded with orjson / json.loads": (Work("decode", 5, orjson=True), Work("loads", 5)),
    "page to_dict / json.loads": (Work("to_dict", 5), Work("loads", 5)),
    "first customer / first requests": (Work("first customers_sdk"), Work("first requests")),
    "client ready / import requests": (Work("client ready"), Work("import requests")),
    "export as JSON Lines / walk": (Work("export_jsonl", 1), Work("walk", 1)),
    "export as CSV / walk": (Work("export_csv", 1), Work("walk", 1)),
    "mock retrieve / responses": (Work("mock", 20), Work("responses", 20)),
    **{
        f"sandbox {name} / constant": (Work(f"sandbox_{name}", 80), Work("constant", 80))
        for name in ("retrieve", "create", "page")
    },
}


def available() -> bool:
    """Whether this machine can count."""
    return shutil.which(_VALGRIND[0]) is not None


def measure(url: str, environment: Mapping[str, str]) -> dict[str, float]:
    """Count every row, as many contenders at a time as there are processors."""
    for directory in ("bench", "customers_sdk"):  # or the first process would compile as well
        compileall.compile_dir(ROOT / directory, quiet=1)
    contenders = list(dict.fromkeys(work for row in ROWS.values() for work in row))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        counts = threads.map(lambda work: _count(work, url, environment), contenders)
        found = dict(zip(contenders, counts))
    return {name: round(found[ours] / found[theirs], 3) for name, (ours, theirs) in ROWS.items()}


def _count(work: Work, url: str, environment: Mapping[str, str]) -> float:
    """The instructions of a round, or of a whole process."""
    if not work.rounds:
        code = imports.programs(url)[work.name]
        return _refs([sys.executable, "-c", code], environment)

    def refs(rounds: int) -> int:
        command = [sys.executable, "-m", "bench.counted", work.name, str(rounds), url]
        command += ["--without-orjson"] * (not work.orjson)
        return _refs(command, environment)

    return (refs(2 * work.rounds) - refs(work.rounds)) / work.rounds


def _refs(command: list[str], environment: Mapping[str, str]) -> int:
    """The instructions of a process."""
    done = subprocess.run(  # noqa: S603 - our own programs
        [*_VALGRIND, *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
        capture_output=True,
        text=True,
    )
    counted = _REFS.search(done.stderr)
    if done.returncode or not counted:
        raise RuntimeError(f"{command}: {done.stderr}")
    return int(counted[1].replace(",", ""))


def versions() -> dict[str, str]:
    """The Python and the packages that are counted with."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


class Verdict(NamedTuple):
    """How what was counted compares with the baseline.

    Attributes:
        worse: the rows that cost more than the margin allows, each in words.
        better: the rows that cost less, each in words.
        moved: what is counted with now, where that is not what the baseline was counted with.
    """

    worse: list[str]
    better: list[str]
    moved: list[str]

    @property
    def comparable(self) -> bool:
        """Whether the baseline was counted on this Python, patch releases apart."""
        return not any(each.startswith("python") for each in self.moved)


def compare(counted: Mapping[str, float], baseline: Mapping[str, Any]) -> Verdict:
    """Compare with what was written down."""
    verdict = Verdict([], [], [])
    for name, value in counted.items():
        before = baseline["rows"].get(name)
        text = f"{name}: {value:.3f}, baseline {before}"
        if before is None or value > before * (1 + _MARGIN):
            verdict.worse.append(text)
        elif value < before * (1 - _BETTER):
            verdict.better.append(text)
    now = versions()
    for name, before in baseline["versions"].items():
        if now.get(name) != before:
            verdict.moved.append(f"{name} {now.get(name)}, baseline {before}")
    return verdict


def read_baseline() -> dict[str, Any]:
    """What was written down; no rows where nothing was."""
    if not BASELINE.exists():
        return {"versions": {}, "rows": {}}
    baseline: dict[str, Any] = json.loads(BASELINE.read_text("utf-8"))
    return baseline


def write_baseline(counted: Mapping[str, float]) -> None:
    """Make what was counted the baseline."""
    text = json.dumps({"versions": versions(), "rows": counted}, indent=2)
    BASELINE.write_text(text + "\n", "utf-8")
