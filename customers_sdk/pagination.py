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
from typing import Any, Generic, NamedTuple, Optional, TypeVar

import attrs

from customers_sdk import _wire
from customers_sdk.models import CustomerSummary

T = TypeVar("T")

LARGEST_PAGE = 100
_ASK_AGAIN = 25
# The sizes a repair goes through; each orders the rows of one instant in another way.
_SIZES = range(LARGEST_PAGE // 2 + 1, LARGEST_PAGE + 1)
# A row of an instant is missed by so many times its rows drawn at random once in 160,000.
_QUIET = 12


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
        page_size: the size of the pages asked for; where rows move or tie, others are
            asked for as well.

    Warns:
        IncompleteListWarning: bounded repair could not get hold of every row.
    """
    state = _Walk(fetch, page_size)
    answer: Optional[_Answer] = state.ask(1, page_size)
    while answer is not None:
        yield from state.take(answer)
        if state.at_the_end(answer):
            yield from state.finish(answer)
            return
        answer = state.go_on()


class _Answer(NamedTuple):
    """A page, and where it stands.

    Attributes:
        rows: what is on it.
        offset: the position of its first row. Positions are counted as of the walk's first
            answer: who is born later pushes rows down a page, but changes no position.
        end: the position after its last row.
        rest: how many rows are to follow it, going by the total.
        full: whether it has as many rows as were asked for.
        serial: the number of the answer.
        births: by how much the total has grown since the answer before.
    """

    rows: tuple[CustomerSummary, ...]
    offset: int
    end: int
    rest: int
    full: bool
    serial: int
    births: int

    @property
    def last(self) -> bool:
        """Whether the list ends in it, with room to spare."""
        return not self.full and self.rest <= 0


class _Edge:
    """A position that an answer has shown.

    The total and the rows of one answer may be of two moments. So a position is firm only
    if the total moved neither with that answer nor with the next.
    """

    __slots__ = ("at", "firm", "serial")

    def __init__(self) -> None:
        self.set(0, 0, firm=True)

    def set(self, at: int, serial: int, *, firm: bool) -> None:
        self.at = at
        self.serial = serial
        self.firm = firm


class _Walk:
    """Where a walk stands.

    Attributes:
        growth: by how much the total has grown since the first answer.
        births: by how much it grew with the last.
        moved: the serial of the last answer with which it changed.
        covered: every position before this one has been looked at.
        instant: the creation instant of the last row handed out, the oldest so far.
        given: the ids of that instant that were handed out; no others are remembered.
        start, end: where that instant begins and where the next older one does.
        opening: whether it is the first one, which may still gain rows.
        fresh: how many rows the last answer brought.
        seamless: whether its position promised as many.
    """

    def __init__(self, fetch: Fetch, page_size: int) -> None:
        self.fetch = fetch
        self.page_size = page_size
        self.asked = 0
        self.first_total = 0
        self.growth = 0
        self.births = 0
        self.moved = 0
        self.covered = _Edge()
        self.start = _Edge()
        self.end = _Edge()
        self.instant: Optional[datetime] = None
        self.given: set[str] = set()
        self.opening = True
        self.fresh = 0
        self.seamless = True

    def ask(self, number: int, size: int) -> _Answer:
        """Get a page, and find out where it stands."""
        page = self.fetch(number, size)
        self.asked += 1
        if self.asked == 1:
            self.first_total = page.total
        self.births = page.total - self.first_total - self.growth
        self.growth += self.births
        if self.births:
            self.moved = self.asked
            for edge in (self.covered, self.start, self.end):
                edge.firm = edge.firm and edge.serial != self.asked - 1
            if self.opening:
                # Those who were born may share the instant.
                self.start.set(-self.growth, self.start.serial, firm=False)
        before = (number - 1) * size
        end = before + len(page.items)
        return _Answer(
            page.items,
            before - self.growth,
            end - self.growth,
            page.total - end,
            len(page.items) >= size,
            self.asked,
            self.births,
        )

    def mark(self, edge: _Edge, at: int, answer: _Answer) -> None:
        """Note that an answer shows an edge at a position."""
        edge.set(at, answer.serial, firm=self.moved < answer.serial)

    def take(self, answer: _Answer) -> Iterator[CustomerSummary]:
        """The rows of an answer that are not newer than the last one handed out, nor known."""
        self.fresh = 0
        for at, row in enumerate(answer.rows, answer.offset):
            if self.instant is None or row.created_at < self.instant:
                if self.instant is not None:
                    self.mark(self.end, at, answer)
                    if self.start.serial != answer.serial:
                        yield from self.complete()
                    self.opening = False
                self.instant = row.created_at
                self.mark(self.start, at, answer)
                self.given = {row.id}
            elif row.created_at > self.instant:
                self.opening = False
                self.mark(self.start, at + 1, answer)
                continue
            elif row.id in self.given:
                continue
            else:
                self.given.add(row.id)
            self.fresh += 1
            yield row
        self.seamless = self.fresh == answer.end - max(self.covered.at, answer.offset)
        if answer.end > self.covered.at or answer.serial == 1:
            # A total that counts later births than the rows show claims too little: harmless.
            firm = self.moved <= answer.serial and answer.births >= 0
            self.covered.set(answer.end, answer.serial, firm=firm)

    def at_the_end(self, answer: _Answer) -> bool:
        """Whether an answer that was taken is the last one needed."""
        if not answer.rows or answer.last:
            return True
        if answer.full:
            return answer.rest == 0 and self.seamless
        # Asked a second time, a page stayed short of what the total promises.
        return self.fresh == 0 and not answer.births

    def finish(self, answer: _Answer) -> Iterator[CustomerSummary]:
        """What is missing of the oldest instant."""
        if self.instant is None:
            return
        self.mark(self.end, max(self.covered.at, self.first_total), answer)
        if answer.rest > 0:
            self.end.serial = 0
        yield from self.complete()

    def go_on(self) -> Optional[_Answer]:
        """Get a page that goes on where the covered rows end; None if there is no way to."""
        size = self.page_size
        answer = None
        for attempt in range(_ASK_AGAIN):
            aim = self.covered.at + self.growth
            if attempt or self.births > size // 2:
                # Meet the last row again in the middle of a page, in spite of the next births.
                aim += self.births - 1
                size = min(_SIZES, key=lambda size: abs(aim % size - size // 2))
            answer = self.ask(max(aim, 0) // size + 1, size)
            if self.follows(answer):
                return answer
        self.warn("rows move faster than pages can be fetched")
        older = answer and answer.rows and self.is_older(answer.rows[-1])
        return answer if older else None

    def follows(self, answer: _Answer) -> bool:
        """Whether an answer goes on without a gap, or ends the list; if not, correct the aim."""
        steady = not answer.births and self.covered.firm
        top = answer.offset + self.growth == 0
        if not answer.rows:
            if top or steady:
                return True
            self.covered.at = min(self.covered.at, self.first_total) - LARGEST_PAGE // 4
        elif self.is_older(answer.rows[0]):
            if top or (steady and answer.offset <= self.covered.at):
                return True
            self.covered.at = min(self.covered.at, answer.offset) - LARGEST_PAGE // 4
        elif (
            self.is_older(answer.rows[-1])
            or not answer.full
            or (answer.rows[-1].created_at == self.instant and answer.end > self.covered.at)
        ):
            return True
        else:
            # None of its rows comes after those handed out.
            self.covered.at = max(self.covered.at, answer.end)
        return False

    def is_older(self, row: CustomerSummary) -> bool:
        """Whether a row comes after the current instant."""
        return self.instant is None or row.created_at < self.instant

    def complete(self) -> Iterator[CustomerSummary]:
        """The rows of the current instant that no page has shown, before older ones follow."""
        if self.instant is None:
            return
        quiet = 0  # rows of the instant seen since the last one that was new
        for number, size in self.windows():
            known = self.known()
            if self.is_complete(known) or quiet > _QUIET * (len(self.given) + 1):
                break
            answer = self.ask(number, size)
            above = answer.offset + self.growth == 0
            for at, row in enumerate(answer.rows, answer.offset):
                if row.created_at > self.instant:
                    self.opening = False
                    above = True
                    continue
                if above:
                    self.mark(self.start, at, answer)
                    above = False
                if row.created_at < self.instant:
                    if at > answer.offset:
                        self.mark(self.end, at, answer)
                    else:
                        self.end.at = min(self.end.at, at)
                    break
                quiet += 1
                if row.id not in self.given:
                    quiet = 0
                    self.given.add(row.id)
                    yield row
            else:
                if above:
                    self.start.at = max(self.start.at, answer.end)
                elif answer.last and answer.rest == 0:
                    self.mark(self.end, answer.end, answer)
        known = self.known()
        if self.is_complete(known):
            return
        if known is not None:
            self.warn(f"{known - len(self.given)} created at {self.instant} cannot be got hold of")
        elif quiet <= _QUIET * (len(self.given) + 1):
            self.warn(f"some created at {self.instant} may not have been got hold of")

    def known(self) -> Optional[int]:
        """How many rows the current instant has, if its edges are firm."""
        if self.start.firm and self.end.firm and self.start.serial < self.asked:
            return self.end.at - self.start.at
        return None

    def is_complete(self, known: Optional[int]) -> bool:
        """Whether the current instant has no more rows: one page showed it whole, or the count."""
        if self.start.serial == self.end.serial:
            return True
        return known is not None and len(self.given) >= known

    def windows(self) -> Iterator[tuple[int, int]]:
        """Page numbers and sizes that cover the current instant, each size once.

        A size at which one page shows the whole instant, far from its ends, comes first.
        """
        sizes = [size for size in _SIZES if size != self.page_size]
        while sizes:
            shift = self.growth + self.births
            first, last = self.start.at + shift, self.end.at - 1 + shift

            def margin(size: int, first: int = first, last: int = last) -> tuple[int, int]:
                whole = first // size == last // size
                return (min(first % size, -last % size) + 1 if whole else 0, size)

            size = max(sizes, key=margin)
            sizes.remove(size)
            end = max(self.end.at, self.start.at + 1)
            asked = 0
            for at in (*range(self.start.at, end, size), end - 1):
                number = max(at + self.growth + self.births, 0) // size + 1
                if number != asked:
                    asked = number
                    yield number, size

    def warn(self, what: str) -> None:
        """Say that the walk is not complete."""
        warnings.warn(f"the list is incomplete: {what}", IncompleteListWarning, stacklevel=4)
