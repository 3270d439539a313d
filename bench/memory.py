"""What a page of customers holds in memory, as typed objects and as dicts."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

from bench import data
from bench.decode import contenders
from bench.measuring import Effort, Figure


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """Bytes of a customer with two wallets, and how many times those of dicts that is."""
    held = {
        name: _held(build) / data.PAGE_SIZE
        for name, build in contenders(data.page_body(1, data.PAGE_SIZE, data.PAGE_SIZE)).items()
    }
    return {
        **{f"memory: {name}": Figure(size, size, size) for name, size in held.items()},
        **{
            f"memory: {name} / json": Figure(*[size / held["json"]] * 3)
            for name, size in held.items()
        },
    }


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
