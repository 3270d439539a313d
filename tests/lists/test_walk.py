"""The walk over pages, against a service in memory whose rows tie and are born meanwhile."""

from __future__ import annotations

import contextlib
import random
import tracemalloc
import warnings
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers_sdk import IncompleteListWarning
from customers_sdk._lists.walk import walk
from tests.lists.walk_model import ORDERS, Row, Service, check, tied, walked


@pytest.mark.parametrize("size", [1, 2, 7, 20, 99, 100])
@pytest.mark.parametrize("rows", [0, 1, 2, 99, 100, 101, 200, 350])
def test_without_ties_or_births_no_request_is_more_than_the_pages_there_are(
    rows: int, size: int
) -> None:
    service = Service(list(range(rows)))
    assert check(service, size).requests == max(1, -(-rows // size))


@pytest.mark.parametrize("size", [7, 20, 100])
def test_ties_within_pages_cost_no_request(size: int) -> None:
    # A tie ends wherever a page does.
    service = Service([index // size * size + index % size // 3 for index in range(5 * size)])
    assert check(service, size).requests == 5


@pytest.mark.parametrize("size", [2, 20, 100])
def test_ties_in_a_stable_order_cost_no_request_at_all(size: int) -> None:
    service = Service([index // 37 for index in range(1_000)], stable=True)
    assert check(service, size).requests == 1_000 // size


@pytest.mark.parametrize("size", [2, 10, 50, 100])
@pytest.mark.parametrize("tie", [2, 3, 40, 99, 250])
def test_a_tie_that_pages_cut_is_completed(tie: int, size: int) -> None:
    service = Service([index // tie for index in range(600)])
    check(service, size, most=600 // size + 40 * (600 // tie + 1))


@pytest.mark.parametrize("size", [20, 100])
def test_a_tie_of_a_thousand_rows_is_completed(size: int) -> None:
    check(Service([0] * 30 + [1] * 1_000 + [2] * 30), size, most=400)


def test_a_repair_of_a_short_tie_takes_one_request() -> None:
    # Rows 19 and 20 are one tie, and the first page's end cuts it.
    service = Service([*range(100, 81, -1), 80, 80, *range(79, 40, -1)])
    assert check(service, 20).requests <= 3 + 1


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("burst", [1, 50])
@pytest.mark.parametrize("births", [1, 5, 20, 60, 130])
def test_births_at_a_steady_rate_lose_and_double_nothing(
    births: int, burst: int, order: str
) -> None:
    service = Service(list(range(1_010)), births=lambda: births, burst=burst, order=lambda: order)
    check(service, 100, most=70)


@pytest.mark.parametrize("seed", range(40))
def test_births_and_ties_of_every_kind(seed: int) -> None:
    rng = random.Random(seed)
    rate, chance = rng.choice((0, 1, 3, 20, 60, 130)), rng.choice((0.1, 1))
    order = rng.choice((*ORDERS, None))
    service = Service(
        tied(rng, rng.choice((3, 45, 130, 512)), rng.choice((1, 3, 30, 120))),
        births=lambda: rng.randint(0, rate) if rng.random() < chance else 0,
        order=lambda: order or rng.choice(ORDERS),
        burst=rng.choice((1, 5, 200)),
        stable=rng.random() < 0.3,
    )
    check(service, rng.choice((20, 50, 99, 100)), most=1_000)


def test_a_long_tie_is_completed_amid_births_within_each_answer() -> None:
    rng = random.Random(4)
    service = Service(
        [0] * 20 + [1] * 400 + [2] * 20,
        births=lambda: rng.randint(0, 130),
        order=lambda: rng.choice(ORDERS),
        burst=7,
    )
    check(service, 100, most=1_000)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    gaps=st.lists(st.integers(0, 1), max_size=160),
    births=st.lists(st.tuples(st.integers(0, 130), st.sampled_from(ORDERS)), max_size=12),
    size=st.integers(5, 100),
    burst=st.sampled_from([1, 4, 130]),
)
def test_whatever_is_born_until_it_stops(
    gaps: list[int], births: list[tuple[int, str]], size: int, burst: int
) -> None:
    instants, instant = [0], 0
    for gap in gaps:
        instant += gap
        instants.append(instant)
    if len(instants) == size:
        instants.append(instant)  # see the test of the one page that is just full
    counts = iter([count for count, _ in births])
    orders = iter([order for _, order in births])
    service = Service(
        instants,
        births=lambda: next(counts, 0),
        order=lambda: next(orders, "between"),
        burst=burst,
    )
    # A burst that falls between one answer's count and its rows may be more than the walk can
    # make up for; then it must say so. The tests with fixed rates hold it to being complete.
    with contextlib.suppress(IncompleteListWarning):
        check(service, size, most=700)


def test_the_one_case_nobody_can_see() -> None:
    """One page, just full by its total, onto which rows were born after it was counted."""
    service = Service(list(range(20)), births=lambda: 3, order=lambda: "count first")
    assert len(walked(service, 20).rows) == 20


def test_newer_rows_are_not_handed_out() -> None:
    service = Service(list(range(300)), births=lambda: 10)
    rows = check(service, 50).rows
    assert max(row.created_at for row in rows) == rows[0].created_at


def test_rows_that_stop_matching_hide_no_others() -> None:
    for seed in range(30):
        rng = random.Random(seed)
        service = Service(tied(rng, 400, 3))

        def vanish(service: Service = service, rng: random.Random = rng) -> list[str]:
            return [row.id for row in rng.sample(service.rows, 3)] if service.requests > 1 else []

        service.vanish = vanish
        ids = [row.id for row in walked(service, 50).rows]
        assert len(ids) == len(set(ids))
        stayed = {row.id for row in service.rows}
        assert stayed <= set(ids)
        assert service.requests < 60


def test_a_list_that_empties_ends_the_walk() -> None:
    service = Service(list(range(500)))
    service.vanish = lambda: [row.id for row in service.rows] if service.requests == 3 else []
    assert len(walked(service, 100).rows) == 200
    assert service.requests < 10


def test_a_page_that_is_shorter_than_the_total_says_is_requested_again() -> None:
    service = Service(list(range(30)))
    behind = {row.id for row in service.rows[20:]}  # a replica that has not caught up
    service.hidden = set(behind)
    fetch = service.fetch

    def catching_up(number: int, size: int):  # noqa: ANN202
        if service.requests == 1:
            service.hidden.clear()
        return fetch(number, size)

    assert behind <= {row.id for row in walk(catching_up, 100)}
    assert service.requests == 2


def test_a_row_the_service_hides_is_warned_of_and_the_walk_ends() -> None:
    service = Service(list(range(150)))
    fetch = service.fetch
    hidden = service.rows[-1].id

    def hiding(number: int, size: int):  # noqa: ANN202
        page = fetch(number, size)
        rows = tuple(row for row in page.items if row.id != hidden)
        return type(page)(rows, number, size, page.total, page.total_pages)

    with pytest.warns(IncompleteListWarning, match="1 created at"):
        rows = list(walk(hiding, 100))  # type: ignore[arg-type]
    assert len(rows) == 149
    assert service.requests < 80


def test_a_row_hidden_in_a_tie_is_warned_of_and_the_rest_comes() -> None:
    service = Service([0] * 30 + [1] * 140 + [2] * 30)
    service.hidden = {service.rows[100].id}
    fetch = service.fetch

    def counting_it(number: int, size: int):  # noqa: ANN202
        page = fetch(number, size)
        return type(page)(page.items, number, size, len(service.rows), 0)

    with pytest.warns(IncompleteListWarning):
        rows = list(walk(counting_it, 100))  # type: ignore[arg-type]
    assert len(rows) == 199
    assert service.requests < 150


def test_births_faster_than_any_page_are_warned_of_and_the_walk_ends() -> None:
    rng = random.Random(1)
    service = Service(list(range(150)), births=lambda: rng.randint(0, 1_000))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows = walked(service, 100).rows
    assert [warning.category for warning in caught] in ([IncompleteListWarning], [])
    assert len({row.id for row in rows}) == len(rows)
    assert len(caught) == 1 or len(rows) >= 150


def test_a_page_is_asked_for_only_when_the_one_before_is_used_up() -> None:
    service = Service(list(range(300)))
    rows = walk(service.fetch, 100)  # type: ignore[arg-type]
    assert service.requests == 0
    assert len(list(islice(rows, 100))) == 100
    assert service.requests == 1
    next(rows)
    assert service.requests == 2


def test_memory_does_not_grow_with_the_list() -> None:
    def peak(rows: int) -> int:
        service = Service([])
        page = service.fetch(1, 100)

        def fetch(number: int, size: int):  # noqa: ANN202
            first = (number - 1) * size
            items = tuple(
                Row(f"row-{at}", Service._row(0, rows - at).created_at)
                for at in range(first, min(first + size, rows))
            )
            return type(page)(items, number, size, rows, -(-rows // size))

        tracemalloc.start()
        try:
            assert sum(1 for _ in walk(fetch, 100)) == rows  # type: ignore[arg-type]
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(500)
    assert peak(8_000) < peak(2_000) * 1.5 + 20_000
