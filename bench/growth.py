"""What the SDK costs as work grows: customers walked, rows, workers, threads.

Every part runs in a process of its own against the canned server. Processor time is that of this
process, so that the server is left out. Where waiting is the point, the figure is how many times
the work of one worker or thread is done in the same time, both in the same round.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from bench import data
from bench.measuring import Effort, ratio, resident, spread
from bench.walk import skip
from customers_sdk import Client
from customers_sdk.bulk import CsvRows, export_customers, import_rows

# A point of a chart: its place on the x axis, and its values by name.
Points = list[tuple[int, dict[str, float]]]

_IMPORTING = 8
# Milliseconds that a response takes.
_DELAYS = (0, 20)
_LOOK_EVERY = 1_000


def walked(url: str, effort: Effort) -> Points:
    """One walk: processor time of a customer, and the highest memory, for each tenth of it."""
    total = 5_000 if effort.quick else 1_000_000
    window, points = total // 10, Points()
    with _client(f"{url}/walk/{total}/0") as client:
        client.customers.list_page(page_size=1)  # what only a first request does is not measured
        rows = client.customers.list()
        for seen in range(window, total + 1, window):
            started, highest = time.process_time(), 0.0
            for _ in range(window // data.PAGE_SIZE):
                skip(rows, data.PAGE_SIZE)
                highest = max(highest, resident())
            taken = time.process_time() - started
            points.append((seen, {"µs": taken / window * 1e6, "MiB": highest}))
        assert next(rows, None) is None
    return points


def imported(url: str, effort: Effort, rows: int) -> Points:
    """An import of new customers from a CSV file, with a journal and eight workers."""
    highest = _Highest()
    with _client(f"{url}/after/0") as client, tempfile.TemporaryDirectory() as name:
        file = _csv_file(Path(name), rows)
        given = CsvRows(file, external_id="user_id", fields={"email": "email", "name": "name"})
        client.customers.list_page(page_size=1)
        started = time.process_time()
        report = import_rows(
            client, given, journal=f"{file}.journal", workers=_IMPORTING, progress=highest.look
        )
        taken = time.process_time() - started
    assert report.created == rows
    return [(rows, {"µs": taken / rows * 1e6, "MiB": highest.value})]


def exported(url: str, effort: Effort, rows: int, suffix: str) -> Points:
    """An export of so many customers to a file."""
    highest = _Highest()
    with _client(f"{url}/walk/{rows}/0") as client, tempfile.TemporaryDirectory() as name:
        client.customers.list_page(page_size=1)
        started = time.process_time()
        count = export_customers(client, Path(name, f"all{suffix}"), progress=highest.look)
        taken = time.process_time() - started
    assert count == rows
    return [(rows, {"µs": taken / rows * 1e6, "MiB": highest.value})]


class _Crowd(NamedTuple):
    """Work that is done by several at a time.

    Attributes:
        run: does it, given the client, how often, and by how many.
        numbers: by how many it is done.
        each: how often each does it, where a response takes time.
        together: how often all of them do it, where it takes none.
    """

    run: Callable[[Client, int, int], None]
    numbers: tuple[int, ...]
    each: int
    together: int


def _import(client: Client, count: int, at_once: int) -> None:
    rows = [{"external_id": f"user-{number}", "name": "Ada"} for number in range(count)]
    assert import_rows(client, rows, workers=at_once).created == count


def _retrieve(client: Client, count: int, at_once: int) -> None:
    def some(_: int) -> None:
        for _ in range(count // at_once):
            client.customers.retrieve(data.CUSTOMER_ID)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(some, range(at_once)))


_CROWDS = {
    "workers": _Crowd(_import, (1, 2, 4, 8, 16, 32), 60, 1_536),
    "threads": _Crowd(_retrieve, (1, 2, 4, 8, 16, 32, 64), 50, 1_600),
}


def crowded(url: str, effort: Effort, what: str, delay: int) -> Points:
    """Workers or threads in turn, in a new order each round, against 1 of the same round."""
    crowd = _CROWDS[what]
    each, together = (2, 64) if effort.quick else (crowd.each, crowd.together)
    wall: dict[int, list[float]] = {number: [] for number in crowd.numbers}
    processor: dict[int, list[float]] = {number: [] for number in crowd.numbers}
    order = list(crowd.numbers)
    shuffle = random.Random(4).shuffle
    with _client(f"{url}/after/{delay}") as client:
        crowd.run(client, max(order), max(order))  # opens the connections
        for _ in range(effort.rounds(3)):
            shuffle(order)
            for number in order:
                count = each * number if delay else together
                started = time.perf_counter(), time.process_time()
                crowd.run(client, count, number)
                processor[number].append((time.process_time() - started[1]) / count * 1e6)
                wall[number].append((time.perf_counter() - started[0]) / count)
    return [
        (number, {"times": ratio(wall, 1, number).value, "µs": spread(processor[number]).value})
        for number in crowd.numbers
    ]


class _Highest:
    """The highest resident memory, in MiB."""

    def __init__(self) -> None:
        self.value = 0.0
        self._next = 0

    def look(self, progress: Any) -> None:
        if progress.done >= self._next:
            self._next = progress.done + _LOOK_EVERY
            self.value = max(self.value, resident())


def _client(url: str) -> Client:
    return Client(data.API_KEY, data.APP_ID, base_url=url)


def _csv_file(directory: Path, rows: int) -> Path:
    path = directory / "users.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("user_id,email,name\n")
        file.writelines(f"user-{n},user{n}@example.com,Ada Lovelace\n" for n in range(rows))
    return path


_PARTS: dict[str, Callable[..., Points]] = {
    part.__name__: part for part in (walked, imported, exported, crowded)
}


def plan(effort: Effort) -> dict[str, list[tuple[Any, ...]]]:
    """The parts by name, each in processes with these arguments of `measure`."""
    sizes = (100, 200, 400) if effort.quick else (10_000, 50_000, 200_000)
    return {
        "walk": [("walked",)],
        "import": [("imported", rows) for rows in sizes],
        "export .jsonl": [("exported", rows, ".jsonl") for rows in sizes],
        "export .csv": [("exported", rows, ".csv") for rows in sizes],
        **{
            f"{what}, {delay} ms": [("crowded", what, delay)]
            for what in _CROWDS
            for delay in _DELAYS
        },
    }


def measure(url: str, effort: Effort, part: str, *arguments: Any) -> Points:
    """One part, in this process."""
    return _PARTS[part](url, effort, *arguments)


def as_text(growth: dict[str, Points]) -> str:
    """For a terminal."""
    return "\n".join(
        f"{name:14} {place:9,}  "
        + "  ".join(f"{value:8.2f} {unit}" for unit, value in values.items())
        for name, points in growth.items()
        for place, values in points
    )
