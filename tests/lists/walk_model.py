"""A stand-in for the service's list, in memory, in which customers are born while it is asked."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Callable, NamedTuple

from customers_sdk._lists.walk import walk
from customers_sdk.pagination import Page

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MOST_REQUESTS = 2_000
ORDERS = ("between", "count first", "rows first")


class Row(NamedTuple):
    id: str
    created_at: datetime


class Service:
    """Orders by instant, newest first; a tie by a hash of page size, page and id.

    Before each answer `births` gives how many customers are born: between two requests, or
    between the count and the rows of this one, in either order. `burst` of them share an instant.
    """

    def __init__(
        self,
        instants: list[int],
        *,
        births: Callable[[], int] = lambda: 0,
        order: Callable[[], str] = lambda: "between",
        burst: int = 1,
        stable: bool = False,
    ) -> None:
        self.rows = [self._row(index, instant) for index, instant in enumerate(instants)]
        self.rows.sort(key=lambda row: row.created_at, reverse=True)
        self.births = births
        self.order = order
        self.burst = burst
        self.stable = stable
        self.newest = max(instants, default=0)
        self.requests = 0
        self.hidden: set[str] = set()
        self.vanish: Callable[[], list[str]] = list
        self.at_first: list[Row] = []

    @staticmethod
    def _row(index: int, instant: int) -> Row:
        return Row(f"row-{index}", START + timedelta(milliseconds=instant))

    def fetch(self, number: int, size: int) -> Page[Row]:
        assert number >= 1
        assert 1 <= size <= 100
        self.requests += 1
        assert self.requests <= MOST_REQUESTS, "the walk does not end"
        order = self.order()
        first = self.requests == 1
        gone = set(self.vanish())
        if gone:
            self.rows = [row for row in self.rows if row.id not in gone]
        if order == "between":
            # Whoever is born before the first answer is there from the start.
            self.bear()
            total, rows = len(self.rows), self.look(number, size, first=first)
        elif order == "count first":
            total = len(self.rows)
            self.bear()
            rows = self.look(number, size, first=first)
        else:
            rows = self.look(number, size, first=first)
            self.bear()
            total = len(self.rows)
        return Page(rows, number, size, total, -(-total // size))

    def bear(self) -> None:
        births = self.births()
        born = []
        for count in range(births):
            if count % self.burst == 0:
                self.newest += self.burst > 1 or 1
            born.append(self._row(len(self.rows) + len(born) + 10**6 * self.requests, self.newest))
        self.rows = born[::-1] + self.rows

    def look(self, number: int, size: int, *, first: bool) -> tuple[Row, ...]:
        if first:
            self.at_first = list(self.rows)
        shown = [row for row in self.rows if row.id not in self.hidden]
        before = (number - 1) * size
        # Only the instants that the page touches need their order.
        low, high = before, before + size
        while 0 < low < len(shown) and shown[low - 1].created_at == shown[low].created_at:
            low -= 1
        while 0 < high < len(shown) and shown[high - 1].created_at == shown[high].created_at:
            high += 1
        near = shown[low:high]
        if not self.stable:
            near.sort(
                key=lambda row: (
                    -(row.created_at - START).total_seconds(),
                    blake2b(f"{size}/{number}/{row.id}".encode(), digest_size=8).digest(),
                )
            )
        return tuple(near[before - low : before - low + size])


class Walked(NamedTuple):
    rows: list[Row]
    requests: int


def walked(service: Service, size: int) -> Walked:
    return Walked(list(walk(service.fetch, size)), service.requests)  # type: ignore[arg-type]


def check(service: Service, size: int, *, most: int = 10**9) -> Walked:
    """Walk, and compare with what was there when the first rows were read."""
    found = walked(service, size)
    ids = [row.id for row in found.rows]
    assert len(ids) == len(set(ids)), "a row came twice"
    instants = [row.created_at for row in found.rows]
    assert instants == sorted(instants, reverse=True), "rows came out of order"
    wanted = {row.id for row in service.at_first}
    missing = wanted - set(ids)
    assert not missing, f"{len(missing)} of {len(wanted)} rows never came"
    assert not ids or instants[0] <= service.at_first[0].created_at, "a newer row came"
    assert found.requests <= most
    return found


def tied(rng: random.Random, rows: int, longest: int) -> list[int]:
    """Instants of which some are shared by up to `longest` rows."""
    instants: list[int] = []
    instant = 0
    while len(instants) < rows:
        instant += rng.randint(1, 5)
        count = rng.choice((1, 1, 1, 2, 3, rng.randint(1, longest)))
        instants += [instant] * min(count, rows - len(instants))
    return instants
