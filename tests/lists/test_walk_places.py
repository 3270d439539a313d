"""A walk that goes on where another stopped, and walks over parts of a list."""

from __future__ import annotations

import random

import pytest

from customers_sdk import IncompleteListWarning
from customers_sdk._lists.walk import Place, walk
from tests.lists.walk_model import ORDERS, Row, Service, tied


def service_of(rng: random.Random) -> Service:
    """A list with ties, to which customers may be born."""
    rate = rng.choice((0, 0, 1, 5, 40))
    return Service(
        tied(rng, rng.choice((3, 45, 260, 700)), rng.choice((1, 3, 30, 120))),
        births=lambda: rng.randint(0, rate),
        order=lambda: rng.choice(ORDERS),
        burst=rng.choice((1, 5)),
    )


def some_answers(
    service: Service, size: int, start: Place | None, answers: int
) -> tuple[list[Row], Place | None]:
    """The rows of so many answers, and where the walk then stands, or None at the end."""
    places: list[Place] = []
    rows: list[Row] = []
    for row in walk(service.fetch, size, start=start, note=places.append):  # type: ignore[arg-type]
        if len(places) == answers:
            # This one is of the next answer: whoever is stopped here has not taken it.
            return rows, places[-1]
        rows.append(row)
    return rows, None


@pytest.mark.parametrize("seed", range(60))
def test_a_walk_stopped_at_any_page_goes_on_with_the_same_rows(seed: int) -> None:
    rng = random.Random(seed)
    service = service_of(rng)
    size = rng.choice((20, 50, 99, 100))
    rows: list[Row] = []
    place: Place | None = None
    for _ in range(200):
        more, place = some_answers(service, size, place, rng.randint(1, 3))
        rows += more
        if place is None:
            break
        assert len(set(place.given)) == len(place.given)

    ids = [row.id for row in rows]
    assert place is None
    assert len(ids) == len(set(ids)), "a row came twice"
    assert {row.id for row in service.at_first} <= set(ids), "a row never came"
    instants = [row.created_at for row in rows]
    assert instants == sorted(instants, reverse=True)
    assert instants[0] <= service.at_first[0].created_at, "a newer row came"


def test_going_on_costs_few_requests_more() -> None:
    service = Service(list(range(1_000)))
    rows, place = some_answers(service, 100, None, 4)
    rest, end = some_answers(service, 100, place, 100)

    assert end is None
    assert len(rows) + len(rest) == 1_000
    assert service.requests <= 10 + 5


def test_who_goes_on_is_warned_again_of_what_could_not_be_retrieved_before() -> None:
    service = Service([0] * 30 + [1] * 140 + [2] * 30)
    service.hidden = {service.rows[100].id}
    places: list[Place] = []

    def counting_it(number: int, size: int):  # noqa: ANN202
        page = service.fetch(number, size)
        return type(page)(page.items, number, size, len(service.rows), 0)

    with pytest.warns(IncompleteListWarning) as first:
        list(walk(counting_it, 100, note=places.append))  # type: ignore[arg-type]
    stopped = next(place for place in places if place.missed)

    with pytest.warns(IncompleteListWarning) as again:
        list(walk(counting_it, 100, start=stopped))  # type: ignore[arg-type]
    assert str(first[0].message) in [str(each.message) for each in again]


@pytest.mark.parametrize("seed", range(60))
def test_parts_of_a_list_hold_all_of_it(seed: int) -> None:
    rng = random.Random(1_000 + seed)
    service = service_of(rng)
    size = rng.choice((20, 50, 100))
    first = service.fetch(1, 1)
    wanted = {row.id for row in service.at_first}
    # The count and the rows of that answer may be of two moments.
    total = max(first.total, len(wanted))
    edges = sorted({0, total, *(rng.randrange(0, total, size) for _ in range(3))})
    found: set[str] = set()
    parts = list(zip(edges, edges[1:]))
    rng.shuffle(parts)
    for at, stop in parts:
        start = Place(total, at)
        rows = list(walk(service.fetch, size, start=start, stop=stop))  # type: ignore[arg-type]
        assert len({row.id for row in rows}) == len(rows)
        found |= {row.id for row in rows}

    assert wanted <= found


def test_a_part_takes_little_more_than_its_pages() -> None:
    service = Service(list(range(10_000)))

    rows = list(walk(service.fetch, 100, start=Place(10_000, 3_000), stop=5_000))  # type: ignore[arg-type]

    assert [row.id for row in rows[:2_000]] == [row.id for row in service.rows[3_000:5_000]]
    assert len(rows) <= 2_400
    assert service.requests <= 25
