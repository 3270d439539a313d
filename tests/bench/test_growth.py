"""What the SDK costs as work grows, in a size that takes no time."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("resource")

from bench import growth, server
from bench.measuring import Effort

QUICK = Effort(quick=True)
PARTS = [part for parts in growth.plan(QUICK).values() for part in parts]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: "-".join(map(str, part)))
def test_every_part_measures_each_of_its_places(part: tuple[object, ...]) -> None:
    with server.running(dict(os.environ)) as url:
        points = growth.measure(url, QUICK, *part)
    places = [place for place, _ in points]
    assert places == sorted(set(places))
    assert all(value > 0 for _, values in points for value in values.values())


def test_nothing_of_the_full_size_is_left_out_of_the_quick_one() -> None:
    full = growth.plan(Effort(quick=False))
    assert full.keys() == growth.plan(QUICK).keys()
    assert ("imported", 200_000) in full["import"]
