"""`python -m bench`: measure everything and print the table."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench import growth, imports, instructions, page, peers, results, server, table, worker
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

    def worker(self, group: str, *arguments: Any, orjson: bool = True) -> Any:
        _say(" ".join(["measuring", group, *map(str, arguments)]))
        return worker.run(group, self.url, self.effort, self.environment, *arguments, orjson=orjson)

    def figures(self, *groups: str, orjson: bool) -> dict[str, Figure]:
        return {
            name: Figure(*figure)
            for group in groups
            for name, figure in self.worker(group, orjson=orjson).items()
        }

    def growth(self) -> dict[str, growth.Points]:
        return {
            name: [point for part in parts for point in self.worker("growth", *part)]
            for name, parts in growth.plan(self.effort).items()
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
    if keep and verdict.comparable and verdict.better and not verdict.worse:
        lowest = {name: min(value, baseline["rows"][name]) for name, value in counted.items()}
        _keep(lowest)
    return not verdict.worse or not verdict.comparable


def _keep(counted: dict[str, float]) -> None:
    """Write a new baseline, and the pages that show it."""
    instructions.write_baseline(counted)
    page.write(results.read(), counted)
    _say("bench/baseline.json and the pages are rewritten: commit them")


def _time(bench: _Bench) -> results.Results:
    """Measure by the clock, and print the table."""
    plain = bench.figures(
        "calls", "decode", "created", "memory", "walk", "exports", "sandbox", orjson=False
    )
    plain.update(bench.imports())
    orjson = bench.figures("calls", "decode", orjson=True) if peers.installed("orjson") else {}
    profiles = list(bench.profiles())
    measured = results.Results(results.about(), plain, orjson, profiles, bench.growth())
    sys.stdout.write(f"{table.as_text(table.rows(plain, orjson))}\n")
    sys.stdout.write(f"{growth.as_text(measured.growth)}\n")
    if bench.effort.quick:
        _say("--quick: one round each, so the figures mean nothing")
    return measured


_MODES = {
    "--quick": "only check that everything works",
    "--growth": "only measure what grows with the work",
    "--write-docs": "measure everything by the clock, keep it, and write the pages",
    "--draw": "measure nothing, and write the pages from what was kept",
    "--check": "only count instructions; 1 if a row got worse",
    "--write-baseline": "only count, and make that the baseline",
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    modes = parser.add_mutually_exclusive_group()
    for name, told in _MODES.items():
        modes.add_argument(name, action="store_true", help=told)
    return parser.parse_args()


def main() -> int:
    options = _options()
    if options.draw:
        page.write(results.read(), instructions.read_baseline()["rows"])
        return 0
    started = time.monotonic()
    environment = _environment()
    with server.running(environment) as url:
        holds = _run(options, url, environment)
    _say(f"{time.monotonic() - started:.0f} s")
    return 0 if holds else 1


def _run(options: argparse.Namespace, url: str, environment: dict[str, str]) -> bool:
    """Do what the options say; False if a row costs more than the baseline allows."""
    bench = _Bench(url, Effort(options.quick), environment)
    if options.growth:
        sys.stdout.write(f"{growth.as_text(bench.growth())}\n")
        return True
    if options.quick or options.write_docs:
        measured = _time(bench)
        if options.write_docs:
            measured.write()
            page.write(measured, instructions.read_baseline()["rows"])
        return True
    if not instructions.available():
        _say("no valgrind here: instructions are not counted")
        holds = True
    elif options.write_baseline:
        _keep(instructions.measure(url, environment))
        return True
    else:
        holds = _count(url, environment, keep=not options.check)
    if not options.check:
        _time(bench)
    return holds


if __name__ == "__main__":
    sys.exit(main())
