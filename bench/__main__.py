"""`python -m bench`: measure everything and print the table."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench import imports, instructions, page, peers, server, table, worker
from bench.measuring import Effort, Figure
from bench.profiling import Profile

_VARIABLES = 20
# Those without which Python might not run or find its packages, where they are set.
_KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")


def _environment() -> dict[str, str]:
    """Twenty variables: `requests` goes over all of them in every call."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment.update({"LANG": "C.UTF-8", "PYTHONHASHSEED": "0"})
    while len(environment) < _VARIABLES:
        environment[f"APPLICATION_SETTING_{len(environment)}"] = "a value of usual length"
    return environment


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class _Bench:
    def __init__(self, url: str, effort: Effort, environment: dict[str, str]) -> None:
        self.url = url
        self.effort = effort
        self.environment = environment

    def worker(self, group: str, *, orjson: bool = True) -> Any:
        _say(f"measuring {group}{'' if orjson else ' without orjson'}")
        return worker.run(group, self.url, self.effort, self.environment, orjson=orjson)

    def figures(self, *groups: str, orjson: bool) -> dict[str, Figure]:
        return {
            name: Figure(*figure)
            for group in groups
            for name, figure in self.worker(group, orjson=orjson).items()
        }

    def imports(self) -> dict[str, Figure]:
        _say("measuring imports")
        return imports.measure(self.url, self.effort, self.environment)

    def profiles(self) -> Iterator[Profile]:
        for profile in self.worker("profiling", orjson=False):
            yield Profile(*profile)


def _count(url: str, environment: dict[str, str], *, keep: bool) -> bool:
    """Count instructions and compare them; False if a row costs more than the baseline allows.

    With ``keep``, better figures are written down.
    """
    _say("counting instructions")
    counted = instructions.measure(url, environment)
    baseline = instructions.read_baseline()
    verdict = instructions.compare(counted, baseline)
    for name, value in counted.items():
        sys.stdout.write(f"{value:7.3f}  {name}\n")
    for title in ("moved", "better", "worse"):
        for text in getattr(verdict, title):
            _say(f"{title}: {text}")
    if keep and verdict.better and not verdict.worse:
        lowest = {name: min(value, baseline["rows"][name]) for name, value in counted.items()}
        instructions.write_baseline(lowest)
        _say("bench/baseline.json is rewritten: commit it")
    return not verdict.worse or not verdict.comparable


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only check that everything works")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument(
        "--check", action="store_true", help="only count instructions; 1 if a row got worse"
    )
    parser.add_argument(
        "--write-baseline", action="store_true", help="only count, and make that the baseline"
    )
    return parser.parse_args()


def main() -> int:
    options = _options()
    started = time.monotonic()
    environment = _environment()
    holds = True
    with server.running(environment) as url:
        if options.write_baseline:
            instructions.write_baseline(instructions.measure(url, environment))
        elif not instructions.available():
            _say("no valgrind here: instructions are not counted")
        elif not options.quick:
            holds = _count(url, environment, keep=not options.check)
        if not options.write_baseline and not options.check:
            _time(_Bench(url, Effort(options.quick), environment), write_docs=options.write_docs)
    _say(f"{time.monotonic() - started:.0f} s")
    return 0 if holds else 1


def _time(bench: _Bench, *, write_docs: bool) -> None:
    """Measure by the clock, and print the table."""
    plain = bench.figures("calls", "decode", "memory", "walk", orjson=False)
    plain.update(bench.imports())
    orjson = bench.figures("calls", "decode", orjson=True) if peers.installed("orjson") else {}
    profiles = list(bench.profiles())
    rows = table.rows(plain, orjson)
    sys.stdout.write(f"{table.as_text(rows)}\n")
    if bench.effort.quick:
        _say("--quick: one round each, so the figures mean nothing")
    if write_docs:
        page.write(rows, plain, orjson, profiles, instructions.read_baseline()["rows"])


if __name__ == "__main__":
    sys.exit(main())
