"""Eight workers against one, on a service whose every answer takes 20 ms."""

from __future__ import annotations

import statistics

from bench.scale.running import Line, run, serving
from bench.scale.slow import SECONDS

ROWS = 1_000
# With fewer, starting up is all that there is.
_FEWEST = 150
_WORKERS = 8
_ROUNDS = 3


def measure(rows: int) -> list[Line]:
    """Import with either in turn. The rates are told; what has to hold is how many work at once."""
    rows = max(rows, _FEWEST)
    one = statistics.median(_rate(rows, 1)[0] for _ in range(_ROUNDS))
    many, at_once = zip(*(_rate(rows, _WORKERS) for _ in range(_ROUNDS)))
    milliseconds = round(SECONDS * 1000)
    return [
        Line.told(f"throughput: rows a second, {milliseconds} ms an answer, 1 worker", round(one)),
        Line.told(f"throughput: the same with {_WORKERS} workers", round(statistics.median(many))),
        Line.told("throughput: ratio", f"{statistics.median(many) / one:.2f}"),
        Line.exactly("throughput: requests at once, at most", _WORKERS, max(at_once)),
    ]


def _rate(rows: int, workers: int) -> tuple[float, int]:
    """Import once; gives the rows a second, and the most requests that waited at once."""
    with serving("slow") as service:
        done = run("import_many", settings=service.settings, count=rows, workers=workers)
        at_once = service.stop()["at_once"]
    assert done is not None
    return rows / done["seconds"], at_once
