"""The targets, and how what was measured compares with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from bench.measuring import Figure

Figures = Mapping[str, Figure]

TIMES = "\N{MULTIPLICATION SIGN}"
NONE = "\N{EN DASH}"


class Target(NamedTuple):
    """A row of the table.

    Attributes:
        what, against: what is compared with what.
        at_most: the limit.
        key: the figure's name, as the groups give it.
        orjson: whether it is measured with that package.
        unit: of the limit.
    """

    what: str
    against: str
    at_most: float
    key: str
    orjson: bool = False
    unit: str = TIMES


_RETRIEVE = "`retrieve`, 1.4 KB answer, typed"
_BY_HAND = "`Session.get(url, headers=…).json()`"
_PAGE = "`list_page` of 100 with 2 wallets each (131 KB), typed"
_DECODE = "decoding that page alone, JSON included"
_FIRST = "process start to the first typed customer"
_CONSTANT = "Flask and waitress with a constant"
_LIST = "`list()` over 200,000 customers"

TARGETS = (
    Target(_RETRIEVE, _BY_HAND, 0.62, "retrieve: customers_sdk / requests"),
    Target(
        _RETRIEVE,
        "the same with `trust_env=False`",
        0.80,
        "retrieve: customers_sdk / trust_env=False",
    ),
    Target(_PAGE, f"{_BY_HAND}, untyped", 1.08, "list_page: customers_sdk / requests"),
    Target(
        f"{_PAGE}, orjson",
        f"{_BY_HAND}, untyped",
        0.90,
        "list_page: customers_sdk / requests",
        orjson=True,
    ),
    Target(_DECODE, "`json.loads` of it", 1.85, "decode: customers_sdk / json"),
    Target(
        f"{_DECODE}, orjson",
        "`json.loads` of it",
        1.40,
        "decode: customers_sdk / json",
        orjson=True,
    ),
    Target(
        f"{_DECODE}, orjson",
        "pydantic v2 `model_validate_json`, equal models",
        1.00,
        "decode: customers_sdk / pydantic",
        orjson=True,
    ),
    Target(
        "`import customers_sdk`, whole process",
        "`import requests`",
        0.30,
        "start: import customers_sdk / import requests",
    ),
    Target(
        "`import requests` and a `Client(…)` ready",
        "`import requests`",
        1.10,
        "start: client ready / import requests",
    ),
    Target(
        _FIRST,
        "to the first `requests` answer as JSON",
        1.40,
        "start: first customers_sdk / first requests",
    ),
    Target(
        _FIRST,
        "the same with stripe-python",
        0.95,
        "start: first customers_sdk / first stripe",
    ),
    Target(
        f"{_LIST}: resident memory",
        "after the first 2,000",
        0.5,
        "walk: growth in MiB",
        unit=" MiB",
    ),
    Target(
        f"{_LIST}: processor time of the last 10,000",
        "10,000 after warm-up",
        1.05,
        "walk: late / early",
    ),
    Target("`list(prefetch=8)` at 50 ms a response", "`list()`", 0.22, "walk: prefetch=8 / list()"),
    Target(
        "exporting a customer as JSON Lines", "walking over it", 1.7, "export: JSON Lines / walk"
    ),
    Target("exporting a customer as CSV", "walking over it", 2.5, "export: CSV / walk"),
    Target("sandbox: `retrieve`", _CONSTANT, 1.40, "sandbox: retrieve / constant"),
    Target("sandbox: `create`", _CONSTANT, 2.20, "sandbox: create / constant"),
    Target("sandbox: page of 100", _CONSTANT, 6.00, "sandbox: page / constant"),
    Target(
        "memory held by a typed page",
        "the same page as dicts",
        0.80,
        "memory: customers_sdk / json",
    ),
)


# Of the rows whose instructions are counted.
COUNTED_AT_MOST = {
    "retrieve / plain requests": 0.42,
    "page decoded / json.loads": 1.60,
    "page decoded with orjson / json.loads": 1.18,
    "page to_dict / json.loads": 1.20,
    "first customer / first requests": 1.42,
    "client ready / import requests": 1.07,
    "mock retrieve / responses": 1.00,
}


class Row(NamedTuple):
    """A target and its figure, or None where the peer is not installed."""

    target: Target
    figure: Optional[Figure]

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return NONE
        return "pass" if self.figure.value <= self.target.at_most else "MISS"

    def cells(self) -> list[str]:
        target, figure = self.target, self.figure
        sign = "+" if target.unit == " MiB" else ""
        measured, spread = NONE, ""
        if figure is not None:
            measured = f"{sign}{figure.value:.2f}{target.unit}"
            if figure.low != figure.high:
                spread = f"{figure.low:.2f} to {figure.high:.2f}"
        limit = f"{sign}{target.at_most:.2f}{target.unit}"
        return [target.what, target.against, limit, measured, spread, self.verdict]


HEAD = ["what", "against", "at most", "measured", "quartiles", "verdict"]


def rows(plain: Figures, orjson: Figures) -> list[Row]:
    """The table: each target with its figure, which is there if its peer was installed."""
    return [Row(target, (orjson if target.orjson else plain).get(target.key)) for target in TARGETS]


COUNTED_HEAD = ["instructions", "against", "at most", "counted", "verdict"]


def counted_rows(counted: Mapping[str, float]) -> list[list[str]]:
    """The table of instructions; a row without a limit is only held to its baseline."""
    table = []
    for name, value in counted.items():
        limit = COUNTED_AT_MOST.get(name)
        verdict = NONE if limit is None else "pass" if value <= limit else "MISS"
        at_most = NONE if limit is None else f"{limit:.2f}"
        table.append([*name.split(" / "), at_most, f"{value:.3f}", verdict])
    return table


def as_text(table: list[Row]) -> str:
    """For a terminal."""
    lines = [HEAD, *([cell.replace("`", "") for cell in row.cells()] for row in table)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )


def as_markdown(head: list[str], lines: list[list[Any]]) -> str:
    """Any table, for the documentation; what is not the first two columns is to the right."""
    rule = ["---"] * min(2, len(head) - 1) + ["--:"] * max(1, len(head) - 2)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, rule, *lines])
