"""Imports and exports against the canned server: `python -m bench.bulk`.

An export is compared with a walk over the same customers, by the processor's time of the
client's process, in turn and in a new order every round. An import is measured in rows a
second and in the processor's time of a row, for each number of workers.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from bench import data, server
from bench.measuring import interleave, ratios
from customers_sdk import Client
from customers_sdk.bulk import export_customers, import_rows

_WALKED = 2_000


class _Nowhere:
    """A stream that keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)


def exports(url: str, rounds: int) -> None:
    """Print what an exported row costs, in walks over it."""
    client = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/walk/{_WALKED}/0")

    def export(form: Any) -> None:
        assert export_customers(client, _Nowhere(), format=form) == _WALKED

    contenders = {
        "walk": lambda: sum(1 for _ in client.customers.list()),
        "JSON Lines": lambda: export("jsonl"),
        "CSV": lambda: export("csv"),
    }
    samples = interleave(contenders, seconds=0, rounds=rounds, clock=time.process_time)
    walk = sorted(samples["walk"])[rounds // 2] / _WALKED * 1e6
    _print(f"export: walk, processor time of the client: {walk:.1f} us a row")
    for name, figure in ratios("export", samples, "walk").items():
        _print(f"{name}: {figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})")


def imports(url: str, rows: int, workers: int, delay: int) -> None:
    """Print how fast rows are created where none of them exists."""
    given = [
        {"external_id": f"user-{number}", "email": f"user{number}@example.com", "name": "Ada"}
        for number in range(rows)
    ]
    with Client(data.API_KEY, data.APP_ID, base_url=f"{url}/import/{delay}") as client:
        client.customers.list_page(page_size=1)  # what only a first request does is not measured
        started, processor = time.perf_counter(), time.process_time()
        report = import_rows(client, given, workers=workers)
        processor = time.process_time() - processor
        seconds = time.perf_counter() - started
    assert report.created == rows
    _print(
        f"import: {rows:,} rows, {workers} workers, {delay} ms a response: "
        f"{rows / seconds:,.0f} rows a second, {processor / rows * 1e6:.0f} us of processor a row"
    )


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--delay", type=int, nargs="*", default=[0], help="milliseconds")
    parser.add_argument("--rounds", type=int, default=21, help="of the comparison of exports")
    options = parser.parse_args()
    with server.running(dict(os.environ)) as url:
        if options.rounds:
            exports(url, options.rounds)
        for delay in options.delay:
            for rows in options.rows:
                for workers in options.workers:
                    imports(url, rows, workers, delay)


if __name__ == "__main__":
    main()
