"""The walk over all pages of a list.

The service counts pages from the newest row, so that a customer created during a walk pushes
every later row one place down; and rows of one instant come in another order with each page
number and page size (observed, recordings ``list_ties_*``). The walk therefore keeps count of
positions as they were in the first answer, and completes a tie through other page sizes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, NamedTuple, Optional, Protocol, TypeVar

from customers_sdk._checks import LARGEST_PAGE
from customers_sdk.pagination import IncompleteListWarning, Page

_ASK_AGAIN = 50
# The sizes a repair goes through; each orders the rows of one instant in another way.
_SIZES = range(LARGEST_PAGE // 2 + 1, LARGEST_PAGE + 1)
# After 12·(n+1) known rows without a new one, the chance that one is still missing is about
# 1 in 160,000.
_QUIET = 12
# Positions are wrong by the births between an answer's count and its rows: never by as many.
_WELL_AFTER = 3 * LARGEST_PAGE


class Row(Protocol):
    """What a walk has to know of a row."""

    @property
    def id(self) -> str:
        """Tells it from all others."""

    @property
    def created_at(self) -> datetime:
        """When it was created."""


R = TypeVar("R", bound=Row)
Fetch = Callable[[int, int], Page[R]]


class Place(NamedTuple):
    """Where a walk stands; another walk can resume from it, also in another process."""

    total: int  # how many rows there were when it began; positions are counted as of then
    at: int  # every row before this position was handed out
    instant: Optional[datetime] = None  # the creation instant of the last one
    given: tuple[str, ...] = ()  # the ids of that instant that were handed out
    missed: str = ""  # what could not be retrieved first; who resumes is warned of it again


def walk(
    fetch: Fetch[R],
    page_size: int,
    *,
    start: Optional[Place] = None,
    stop: Optional[int] = None,
    note: Callable[[Place], object] = lambda _: None,
) -> Iterator[R]:
    """Yield every row that is not newer than the first, each once, in order.

    Args:
        fetch: gets the page of a number and a size.
        page_size: the size of the pages asked for; others where rows move or tie.
        start: where to resume; a few rows that came just before may come again.
        stop: the position before which all are wanted; a few that follow come too.
        note: told where the walk stands, when all rows of an answer have been taken.

    Warns:
        IncompleteListWarning: not every row could be retrieved.
    """
    state = _Walk(fetch, page_size, start)
    answer = state.ask(1, page_size) if start is None else state.resume()
    while True:
        while state.complaints:
            text = f"the list is incomplete: {state.complaints.pop()}"
            # Past `Customers.list`'s generator, to the loop that walks.
            warnings.warn(text, IncompleteListWarning, stacklevel=3)
        if answer is None:
            return
        yield from state.take(answer)
        at_the_end = state.at_the_end(answer)
        if at_the_end:
            yield from state.finish(answer)
        note(state.place())
        answer = None if at_the_end or state.is_past(stop) else state.resume()


class _Answer(NamedTuple):
    """A page, and where it stands.

    Positions are as of the walk's first answer: later births move rows down a page, but not them.
    """

    rows: tuple[Any, ...]
    offset: int  # the position of the first row
    end: int  # the position after the last one
    rest: int  # how many rows are to follow, going by the total
    full: bool  # whether there are as many rows as were asked for
    serial: int  # the number of the answer
    births: int  # by how much the total has grown since the answer before

    @property
    def last(self) -> bool:
        """Whether the list ends in it, with room to spare; the total may be of another moment."""
        return not self.full and (self.rest <= 0 or self.births != 0)


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


class _Walk(Generic[R]):
    """Where a walk stands."""

    def __init__(self, fetch: Fetch[R], page_size: int, start: Optional[Place]) -> None:
        self.fetch = fetch
        self.page_size = page_size
        self.asked = 0
        self.first_total = 0
        self.growth = 0  # of the total since the first answer
        self.births = 0  # by how much it grew with the last
        self.moved = 0  # the serial of the last answer with which it changed
        self.covered = _Edge()  # every position before this one has been looked at
        # The creation instant of the last row handed out, the oldest so far: where it begins,
        # where the next older one does, and the ids that were handed out of it, but no others.
        self.instant: Optional[datetime] = None
        self.start = _Edge()
        self.end = _Edge()
        self.given: set[str] = set()
        self.opening = True  # it is the first one, which may still gain rows
        self.quiet = 0  # how many of its rows a repair has seen since the last new one
        self.fresh = 0  # how many rows the last answer brought
        self.seamless = True  # its position promised as many
        self.complaints: list[str] = []  # what was not retrieved and has not been reported yet
        self.missed = ""  # the first of all complaints
        if start is not None:
            self.restore(start)

    def restore(self, place: Place) -> None:
        """Stand where an earlier walk stood. The positions of its last rows are not certain."""
        self.asked = 1  # the answer whose total counts was the earlier walk's
        self.first_total = place.total
        self.instant = place.instant
        self.given = set(place.given)
        if place.missed:
            self.warn(place.missed)
        self.opening = place.at == 0
        # No answer has the serial -1: births before the first one say nothing against it.
        self.covered.set(place.at, -1, firm=place.instant is None)
        self.start.set(place.at - len(place.given), -1, firm=False)
        self.end.set(place.at, -2, firm=False)
        # By how much the list has grown since, before any page is aimed at.
        self.ask(1, 1)
        self.births = 0

    def place(self) -> Place:
        """Where it stands, once all rows of an answer were handed out."""
        given = tuple(self.given)
        return Place(self.first_total, self.covered.at, self.instant, given, self.missed)

    def is_past(self, stop: Optional[int]) -> bool:
        """Whether the current instant, and so what follows, begins well after a position."""
        return stop is not None and self.start.at >= stop + _WELL_AFTER

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

    def take(self, answer: _Answer) -> Iterator[R]:
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
        self.cover(answer)

    def cover(self, answer: _Answer) -> None:
        """Note that an answer and those before it showed every position up to its end."""
        if answer.end > self.covered.at or answer.serial == 1:
            # A total that counts later births than the rows show claims too little: harmless.
            firm = self.moved <= answer.serial and answer.births >= 0
            self.covered.set(answer.end, answer.serial, firm=firm)

    def at_the_end(self, answer: _Answer) -> bool:
        """Whether an answer that was taken is the last one needed."""
        if not answer.rows or answer.last:
            return True
        if answer.full:
            return answer.rest == 0 and self.seamless and not answer.births
        # Asked a second time, a page stayed short of what the total promises.
        return self.fresh == 0

    def finish(self, answer: _Answer) -> Iterator[R]:
        """What is missing of the oldest instant."""
        if self.instant is None or (not answer.rows and answer.offset + self.growth == 0):
            return
        self.mark(self.end, max(self.covered.at, self.first_total), answer)
        if answer.rest > 0 and not answer.births:
            self.end.serial = 0
        yield from self.complete()

    def resume(self) -> Optional[_Answer]:
        """Get a page that continues where the covered rows end; None if there is none."""
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
        """Whether an answer continues without a gap, or ends the list; if not, correct the aim."""
        adjoins = answer.offset <= self.covered.at
        if not answer.rows or self.is_older(answer.rows[0]):
            steady = not answer.births and self.covered.firm
            if answer.offset + self.growth == 0 or (steady and adjoins):
                return True
            if adjoins:
                # Fewer positions are covered than the total made believe.
                self.covered.at = min(self.covered.at, answer.offset) - LARGEST_PAGE // 4
        elif (
            self.is_older(answer.rows[-1])
            or not answer.full
            or (answer.rows[-1].created_at == self.instant and answer.end > self.covered.at)
        ):
            return True
        else:
            # None of its rows comes after those handed out.
            self.cover(answer)
        return False

    def is_older(self, row: R) -> bool:
        """Whether a row comes after the current instant."""
        return self.instant is None or row.created_at < self.instant

    def complete(self) -> Iterator[R]:
        """The rows of the current instant that no page has shown, before older ones follow."""
        self.quiet = 0
        for number, size in self.windows():
            if self.is_complete() or self.is_quiet():
                break
            answer = self.ask(number, size)
            yield from self.look(answer)
            self.see_edges(answer)
        if self.is_complete():
            return
        if self.start.firm and self.end.firm:
            # Whether the edge that was seen last is firm, only another answer can tell.
            self.ask(1, 1)
            if self.is_complete():
                return
        known = self.known()
        if known is not None:
            self.warn(f"{known - len(self.given)} created at {self.instant} could not be retrieved")
        elif not self.is_quiet():
            self.warn(f"some created at {self.instant} may be missing")

    def look(self, answer: _Answer) -> Iterator[R]:
        """The rows of the current instant in an answer that were not handed out."""
        for row in answer.rows:
            if row.created_at == self.instant:
                self.quiet += 1
                if row.id not in self.given:
                    self.quiet = 0
                    self.given.add(row.id)
                    yield row

    def see_edges(self, answer: _Answer) -> None:
        """Note where an answer shows the current instant to begin and to end."""
        if not answer.rows:
            return
        newer = sum(
            not self.is_older(row) and row.created_at != self.instant for row in answer.rows
        )
        older = sum(map(self.is_older, answer.rows))
        start, end = answer.offset + newer, answer.end - older
        if newer:
            self.opening = False
        if newer == len(answer.rows):
            if not self.start.firm:
                self.start.at = max(self.start.at, start)
        elif newer or answer.offset + self.growth == 0:
            self.mark(self.start, start, answer)
        if older == len(answer.rows):
            if not self.end.firm:
                self.end.at = min(self.end.at, end)
        elif older or answer.last:
            self.mark(self.end, end, answer)

    def is_quiet(self) -> bool:
        """Whether so many of its rows came again, and no new one, that there can be no more."""
        return self.quiet > _QUIET * (len(self.given) + 1)

    def known(self) -> Optional[int]:
        """How many rows the current instant has, if its edges are firm."""
        if self.start.firm and self.end.firm and self.start.serial < self.asked:
            return self.end.at - self.start.at
        return None

    def is_complete(self) -> bool:
        """Whether the current instant has no more rows: one page showed it whole, or the count."""
        if self.start.serial == self.end.serial:
            return True
        known = self.known()
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
        """Note that the walk is not complete."""
        self.complaints.append(what)
        self.missed = self.missed or what
