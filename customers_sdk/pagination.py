"""A page of a list, and the walk over all pages.

The service counts pages from the newest row, orders by creation instant alone, and gives
rows of one instant in an order that is fixed for one page number and page size and
different for another (observed, recordings ``list_ties_*``). So a customer created during
a walk pushes every later row one place down, and a page boundary that cuts a tie hands
out some of its rows twice and others never. The walk here corrects both: it keeps count
of positions as they were in the first answer, and completes a tie through other page
sizes before it goes on.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, Optional, TypeVar

import attrs

from customers_sdk import _wire
from customers_sdk.models import CustomerSummary

T = TypeVar("T")

LARGEST_PAGE = 100
_ASK_AGAIN = 25
_REPAIR_PASSES = 30


class IncompleteListWarning(UserWarning):
    """A walk could not get hold of every row of one creation instant, or of a gap."""


@attrs.frozen(weakref_slot=False)
class Page(Generic[T]):
    """One page of a list; iterating gives its items.

    Attributes:
        items: what is on it.
        page: its number, from 1.
        page_size: how many items a full page has.
        total: how many items all pages have together.
        total_pages: how many pages there are; 0 if there are no items.
    """

    items: tuple[T, ...] = attrs.field(repr=False)
    page: int
    page_size: int
    total: int
    total_pages: int

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@attrs.frozen(kw_only=True, weakref_slot=False)
class _Numbers:
    """The ``pagination`` of an answer."""

    __slots__ = ()

    total: int
    page: int
    page_size: int
    total_pages: int
    extra: dict[str, Any] = attrs.field(factory=dict)


def page_from(data: Any, pagination: Any) -> Page[CustomerSummary]:
    """Read a page out of an answer's ``data`` and ``pagination``."""
    numbers = _wire.structure(pagination, _Numbers, "pagination")
    return Page(
        _wire.structure_list(data, CustomerSummary),
        numbers.page,
        numbers.page_size,
        numbers.total,
        numbers.total_pages,
    )


Fetch = Callable[[int, int], "Page[CustomerSummary]"]


def walk(fetch: Fetch, page_size: int) -> Iterator[CustomerSummary]:
    """Every row that is not newer than the first, each once, in order.

    Args:
        fetch: gets the page of a number and a size.
        page_size: the size of the pages asked for; a repair asks for others as well.

    Warns:
        IncompleteListWarning: bounded repair could not get hold of every row.
    """
    state = _Walk(fetch, page_size)
    page = fetch(1, page_size)
    state.first_total = page.total
    while True:
        yield from state.take(page)
        if state.done(page):
            break
        page = state.next_page(page)
    yield from state.complete(state.first_total)


class _Walk:
    """Where a walk stands. Positions are counted as of its first answer.

    Attributes:
        first_total: the total of the first answer.
        covered: every position below this one has been looked at.
        instant: the creation instant of the last row handed out.
        start: the first position of that instant.
        given: the ids of that instant that were handed out.
    """

    def __init__(self, fetch: Fetch, page_size: int) -> None:
        self.fetch = fetch
        self.page_size = page_size
        self.first_total = 0
        self.covered = 0
        self.instant: Optional[datetime] = None
        self.start = 0
        self.given: set[str] = set()

    def offset(self, page: Page[CustomerSummary], size: int) -> int:
        """The position of a page's first row: births have pushed it down since."""
        return (page.page - 1) * size - (page.total - self.first_total)

    def done(self, page: Page[CustomerSummary]) -> bool:
        """Whether the page was the last there is."""
        return self.covered >= self.first_total or len(page) < self.page_size

    def take(self, page: Page[CustomerSummary]) -> Iterator[CustomerSummary]:
        """The rows of a page that have not been handed out and are not newer than those."""
        offset = self.offset(page, self.page_size)
        for index, row in enumerate(page.items):
            if self.instant is None or row.created_at < self.instant:
                if self.instant is not None:
                    yield from self.complete(offset + index)
                self.instant = row.created_at
                self.start = offset + index
                self.given = {row.id}
                yield row
            elif self.is_new(row):
                yield row
        self.covered = max(self.covered, offset + len(page))

    def is_new(self, row: CustomerSummary) -> bool:
        """Whether a row is of the current instant and has not been handed out; then it has."""
        if row.created_at != self.instant or row.id in self.given:
            return False
        self.given.add(row.id)
        return True

    def next_page(self, last: Page[CustomerSummary]) -> Page[CustomerSummary]:
        """Get a page that goes on where the covered rows end.

        While customers are born the aim can be off; then the page is asked for again.
        """
        size = self.page_size
        growth = last.total - self.first_total
        ahead = 0
        for _ in range(_ASK_AGAIN):
            page = self.fetch((self.covered + growth + ahead) // size + 1, size)
            moved = page.total != last.total
            ahead = max(0, page.total - last.total)
            growth = page.total - self.first_total
            last = page
            offset = self.offset(page, size)
            if offset + len(page) <= self.covered and len(page) == size:
                continue
            if offset > self.covered and page.page > 1:
                ahead = 0
                continue
            if moved and page.items and self.instant and page.items[0].created_at < self.instant:
                # The total and the rows may be of two moments: insist on an overlap.
                ahead = -1 - (self.covered + growth) % size
                continue
            return page
        self.warn("customers are created faster than pages can be fetched")
        return last

    def complete(self, end: int) -> Iterator[CustomerSummary]:
        """The rows of the current instant that no page has shown, if it ends before ``end``."""
        start = self.start
        if self.instant is None or len(self.given) >= end - start:
            return
        growth = 0
        for size in self.repair_sizes(start, end):
            number = (start + growth) // size + 1
            while (number - 1) * size < end + growth:
                page = self.fetch(number, size)
                growth = max(0, page.total - self.first_total)
                offset = self.offset(page, size)
                for index, row in enumerate(page.items):
                    if row.created_at > self.instant:
                        start = max(start, offset + index + 1)
                    elif row.created_at < self.instant:
                        end = min(end, offset + index)
                        break
                    elif self.is_new(row):
                        yield row
                if len(self.given) >= end - start:
                    return
                if not page.items:
                    break
                number += 1
        self.warn(
            f"{end - start - len(self.given)} customers created at {self.instant} are missing"
        )

    def repair_sizes(self, start: int, end: int) -> Iterator[int]:
        """Other page sizes, those first at which one page would hold the whole instant."""
        sizes = [size for size in range(LARGEST_PAGE, 0, -1) if size != self.page_size]
        sizes.sort(key=lambda size: start // size != (end - 1) // size)
        return iter(sizes[:_REPAIR_PASSES])

    def warn(self, what: str) -> None:
        """Say that the walk is not complete."""
        warnings.warn(f"the list is incomplete: {what}", IncompleteListWarning, stacklevel=4)
