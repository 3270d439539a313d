"""What a typed page holds in memory, against the same page as dicts."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

from bench import data
from bench.measuring import Effort, Figure
from customers_sdk import CustomerSummary


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """A page of a hundred customers, decoded by `json` in both cases."""
    body = data.page_body(1, data.PAGE_SIZE, data.PAGE_SIZE)

    def rows() -> list[dict[str, Any]]:
        decoded: list[dict[str, Any]] = json.loads(body)["data"]
        return decoded

    def typed() -> list[CustomerSummary]:
        return [CustomerSummary.from_dict(row) for row in rows()]

    held = _held(typed) / _held(rows)
    return {"memory: typed / dicts": Figure(held, held, held)}


def _held(build: Callable[[], object]) -> int:
    """The bytes that what ``build`` gives holds on to."""
    build()
    gc.collect()
    tracemalloc.start()
    try:
        built = build()
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        del built
    finally:
        tracemalloc.stop()
    return size
