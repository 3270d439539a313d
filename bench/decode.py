"""What typed objects cost, against the JSON alone and against the peers' objects."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from typing import Any

from bench import data, peers
from bench.measuring import Contenders, Effort, Figure, Samples, interleave, ratios
from customers_sdk import CustomerSummary
from customers_sdk._wire import codec

# They take so much longer that they would leave few rounds to the rest.
_SLOW: tuple[str, ...] = ("stripe", "openai")


def typed(body: bytes) -> list[CustomerSummary]:
    """The customers of a page, JSON included."""
    return [CustomerSummary.from_dict(row) for row in codec.loads(body)["data"]]


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """A page of a hundred customers with two wallets each."""
    body = data.page_body(1, data.PAGE_SIZE, data.PAGE_SIZE)
    decoders = contenders(body)
    slow = {name: decoders.pop(name) for name in _SLOW if name in decoders}
    samples = _interleave(decoders, effort, 8)
    figures = ratios("decode", samples, "json", "pydantic")
    if slow:
        slow["json"] = decoders["json"]
        samples = _interleave(slow, effort, 2)
        figures = {**ratios("decode", samples, "json"), **figures}
    return figures


def _interleave(decoders: Contenders, effort: Effort, seconds: float) -> Samples:
    # Decoding waits for nothing: the processor's time leaves out what others took of it.
    return interleave(
        decoders,
        seconds=effort.seconds(seconds),
        rounds=effort.rounds(),
        clock=time.process_time,
    )


def contenders(body: bytes) -> dict[str, Callable[[], Any]]:
    """What makes objects of a page's body: the JSON alone, ours, and the peers'."""
    return {
        "json": lambda: json.loads(body),
        "customers_sdk": lambda: typed(body),
        **{name: functools.partial(read, body) for name, read in peers.decoders().items()},
    }
