"""Fetching ahead: the same rows in the same order, with bounds on what is in flight."""

from __future__ import annotations

import random
import threading
import time
from itertools import islice
from typing import Callable

import pytest

from customers_sdk._lists.prefetch import Prefetch
from customers_sdk._lists.walk import walk
from customers_sdk.pagination import Page
from tests.lists.walk_model import Row, Service, tied

SIZE = 10


class Counting:
    """A fetch that is slow on purpose where asked, and counts what is under way."""

    def __init__(self, service: Service, *, before: Callable[[int], None] = lambda _: None) -> None:
        self.service = service
        self.before = before
        self.lock = threading.Lock()
        self.asked: list[int] = []
        self.under_way = 0
        self.most = 0

    def __call__(self, number: int, size: int) -> Page[Row]:
        with self.lock:
            self.asked.append(number)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        try:
            self.before(number)
            with self.lock:
                return self.service.fetch(number, size)
        finally:
            with self.lock:
                self.under_way -= 1


def ids(fetch: Callable[[int, int], Page[Row]], size: int = SIZE) -> list[str]:
    return [row.id for row in walk(fetch, size)]  # type: ignore[arg-type]


def ahead(fetch: Counting, pages: int) -> list[str]:
    with Prefetch(fetch, SIZE, pages) as prefetch:
        return ids(prefetch)


def test_the_rows_and_their_order_are_those_of_the_plain_walk() -> None:
    instants = tied(random.Random(4), 333, 25)

    assert ahead(Counting(Service(instants)), 8) == ids(Service(instants).fetch)


def test_no_page_is_asked_for_twice_nor_past_the_end() -> None:
    fetch = Counting(Service(list(range(95))))

    ahead(fetch, 4)

    assert sorted(fetch.asked) == list(range(1, 11))


def test_no_more_pages_than_agreed_are_in_flight() -> None:
    fetch = Counting(Service(list(range(200))), before=lambda _: time.sleep(0.005))

    ahead(fetch, 3)

    assert 2 <= fetch.most <= 3


def test_pages_that_nobody_takes_are_not_piled_up() -> None:
    fetch = Counting(Service(list(range(500))))

    with Prefetch(fetch, SIZE, 4) as prefetch:
        rows = walk(prefetch, SIZE)  # type: ignore[arg-type]
        for _ in range(2 * SIZE):
            next(rows)
        time.sleep(0.05)

    assert len(fetch.asked) <= 1 + 4 + 1


def test_an_error_is_raised_where_its_page_begins() -> None:
    def fail(number: int) -> None:
        if number == 4:
            raise LookupError("page 4")

    fetch = Counting(Service(list(range(200))), before=fail)
    with Prefetch(fetch, SIZE, 8) as prefetch:
        rows = walk(prefetch, SIZE)  # type: ignore[arg-type]
        got = list(islice(rows, 3 * SIZE))
        with pytest.raises(LookupError, match="page 4"):
            next(rows)

    assert len(got) == 3 * SIZE


def test_every_row_comes_once_while_others_are_born() -> None:
    rng = random.Random(11)
    instants = tied(rng, 400, 12)
    fetch = Counting(Service(instants, births=lambda: rng.choice((0, 0, 1, 3))))

    got = ahead(fetch, 6)

    assert len(got) == len(set(got))
    assert {row.id for row in fetch.service.at_first} <= set(got)


def test_nothing_is_guessed_while_the_list_grows_by_more_than_half_a_page() -> None:
    fetch = Counting(Service(list(range(100)), births=lambda: SIZE))

    with Prefetch(fetch, SIZE, 8) as prefetch:
        for number in (1, 2, 3):
            prefetch(number, SIZE)
        guesses = dict(prefetch._ahead)

    assert guesses == {}


def test_pages_of_another_size_are_fetched_when_asked_for() -> None:
    fetch = Counting(Service(list(range(100))))

    with Prefetch(fetch, SIZE, 8) as prefetch:
        prefetch(2, 33)

    assert fetch.asked == [2]


def test_leaving_cancels_what_waits_and_ends_the_threads() -> None:
    gate = threading.Event()

    def wait(number: int) -> None:
        if number > 1:
            gate.wait(5)

    fetch = Counting(
        Service(list(range(500))),
        before=lambda number: None if number == 1 else (gate.wait(5), None)[1],
    )
    rows = ahead_rows(fetch)
    next(rows)
    waiting = threading.Thread(target=lambda: [next(rows) for _ in range(SIZE)])
    waiting.start()
    while fetch.under_way < 2:
        time.sleep(0.001)
    gate.set()
    waiting.join(5)

    rows.close()

    ended = time.monotonic() + 5
    while threads() and time.monotonic() < ended:
        time.sleep(0.001)
    assert threads() == []


def ahead_rows(fetch: Counting):  # noqa: ANN201
    with Prefetch(fetch, SIZE, 2) as prefetch:
        yield from walk(prefetch, SIZE)  # type: ignore[arg-type]


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("customers_sdk-prefetch")]
