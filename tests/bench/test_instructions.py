"""What `make bench` decides by: counts of instructions against those written down."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("resource")

from bench import counted, imports, instructions

ROWS = {"rows": {"retrieve": 0.400}, "versions": instructions.versions()}


@pytest.mark.parametrize("value", [0.400, 0.399, 0.411])
def test_a_figure_within_the_margin_says_nothing(value: float) -> None:
    assert instructions.compare({"retrieve": value}, ROWS) == ([], [], [])


def test_a_row_that_costs_more_is_named() -> None:
    verdict = instructions.compare({"retrieve": 0.413}, ROWS)
    assert verdict == (["retrieve: 0.413, baseline 0.4"], [], [])


def test_a_row_of_the_sandbox_has_the_same_margin() -> None:
    name = "sandbox create / constant"
    assert instructions.compare({name: 1.24}, {**ROWS, "rows": {name: 1.2}}).worse


def test_a_row_that_nobody_wrote_down_is_named() -> None:
    assert instructions.compare({"new": 1.0}, ROWS).worse == ["new: 1.000, baseline None"]


def test_a_better_figure_is_one_to_write_down() -> None:
    assert instructions.compare({"retrieve": 0.390}, ROWS).better


def test_another_python_is_not_comparable_and_other_packages_are_named() -> None:
    versions = {**instructions.versions(), "requests": "1.0"}
    moved = instructions.compare({}, {"rows": {}, "versions": versions})
    assert moved.comparable
    assert len(moved.moved) == 1
    other = instructions.compare({}, {"rows": {}, "versions": {"python": "2.7"}})
    assert not other.comparable


def test_every_contender_has_its_program() -> None:
    for ours, theirs in instructions.ROWS.values():
        for work in (ours, theirs):
            programs = vars(counted) if work.rounds else imports.programs("")
            assert work.name in programs


def test_the_baseline_has_every_row_and_no_other() -> None:
    baseline = json.loads(instructions.BASELINE.read_text("utf-8"))
    assert set(baseline["rows"]) == set(instructions.ROWS)
