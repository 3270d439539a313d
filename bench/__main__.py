"""`python -m bench`: measure everything and print the table."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench import imports, page, peers, server, table, worker
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only check that everything works")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    effort = Effort(options.quick)
    started = time.monotonic()
    environment = _environment()
    with server.running(environment) as url:
        bench = _Bench(url, effort, environment)
        plain = bench.figures("calls", "decode", "memory", "walk", orjson=False)
        plain.update(bench.imports())
        orjson = {}
        if peers.installed("orjson"):
            orjson = bench.figures("calls", "decode", orjson=True)
        profiles = list(bench.profiles())
    rows = table.rows(plain, orjson)
    sys.stdout.write(f"{table.as_text(rows)}\n")
    _say(f"{time.monotonic() - started:.0f} s")
    if effort.quick:
        _say("--quick: one round each, so the figures mean nothing")
    if options.write_docs:
        page.write(rows, plain, orjson, profiles)


if __name__ == "__main__":
    main()
