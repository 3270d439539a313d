"""What a long list costs at its end, in memory and time, and what fetching ahead saves."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

from bench import data
from bench.measuring import Effort, Figure, interleave, ratio, ratios, resident, spread
from customers_sdk import Client

_WARM_UP = 2_000


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """A walk over 200,000 customers, and one over pages that take 50 ms each."""
    return {
        **(_long(url, 5_000, 1_000) if effort.quick else _long(url, 200_000, 10_000)),
        **_ahead(url, effort),
    }


def skip(rows: Iterator[Any], count: int) -> None:
    """Take so many."""
    if sum(1 for _ in itertools.islice(rows, count)) < count:
        raise AssertionError("the list ended early")


def _long(url: str, total: int, window: int) -> dict[str, Figure]:
    """Memory, and the cost per customer: page by page in turn with a walk just begun.

    Time is the processor's in this process, so that the server's share is left out.
    """
    client = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/walk/{total}/0")
    old, new = client.customers.list(), client.customers.list()
    skip(old, _WARM_UP)
    skip(new, _WARM_UP)
    before = resident()
    highest = before
    for _ in range((total - _WARM_UP - window) // 2_000):
        skip(old, 2_000)
        highest = max(highest, resident())
    samples: dict[str, list[float]] = {"late": [], "early": []}
    for _ in range(window // data.PAGE_SIZE):
        for name, rows in (("late", old), ("early", new)):
            started = time.process_time()
            skip(rows, data.PAGE_SIZE)
            samples[name].append((time.process_time() - started) / data.PAGE_SIZE * 1e6)
    assert next(old, None) is None
    growth = max(highest, resident()) - before
    return {
        "walk: growth in MiB": Figure(growth, growth, growth),
        "walk: late / early": ratio(samples, "late", "early"),
        "walk: early µs": spread(samples["early"]),
    }


def _ahead(url: str, effort: Effort) -> dict[str, Figure]:
    total = 1_000 if effort.quick else 4_000
    client = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/walk/{total}/50")

    def ids(**options: Any) -> list[str]:
        found = [customer.id for customer in client.customers.list(**options)]
        if found != sorted(found) or len(found) != total:
            raise AssertionError("the list is not complete and in order")
        return found

    contenders = {"list()": ids, "prefetch=8": lambda: ids(prefetch=8)}
    samples = interleave(contenders, seconds=0, rounds=effort.rounds(5))
    return ratios("walk", samples, "list()")
