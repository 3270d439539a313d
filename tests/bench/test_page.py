"""The pages of figures, which are drawn from files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("resource")

from bench import growth, instructions, page, plot, results, table
from bench.measuring import Effort, Figure
from bench.profiling import Profile

COUNTED = instructions.read_baseline()["rows"]


class _Everything(dict[str, Figure]):
    """Figures of any name."""

    def __missing__(self, name: str) -> Figure:
        return Figure(2.0, 1.0, 3.0)

    def __contains__(self, name: object) -> bool:
        return True


@pytest.fixture
def drawn() -> dict[str, str]:
    """The text of each file, by its name."""
    values = {"times": 5.0, "µs": 100.0, "MiB": 30.0}
    points: growth.Points = [(number, values) for number in (1, 2, 4, 8, 16)]
    measured = results.Results(
        "today",
        _Everything(),
        _Everything(),
        [Profile("a call", 100.0, [("layer", 1.0)], [("function", 1.0)])],
        dict.fromkeys(growth.plan(Effort(quick=True)), points),
    )
    return {path.name: text for path, text in page.drawn(measured, COUNTED).items()}


def test_a_page_shows_every_chart_that_is_drawn_and_no_other(drawn: dict[str, str]) -> None:
    shown = re.findall(r"\(benchmarks/(\w+\.svg)\)", drawn["benchmarks.md"])
    assert sorted(shown) == sorted(name for name in drawn if name.endswith(".svg"))


def test_the_performance_page_has_every_row_that_is_counted(drawn: dict[str, str]) -> None:
    for name, value in COUNTED.items():
        what, against = name.split(" / ")
        assert re.search(rf"\| {what} \| {against} \|.* {value:.3f} \|", drawn["performance.md"])


def test_the_first_page_repeats_the_figures(drawn: dict[str, str]) -> None:
    ratio = COUNTED["retrieve / plain requests"]
    assert f"[{ratio:.2f}](benchmarks.md)" in drawn["index.md"]


def test_every_target_was_measured() -> None:
    measured = results.read()
    assert None not in [row.figure for row in table.rows(measured.plain, measured.orjson)]


def test_the_documentation_shows_what_is_in_the_files() -> None:
    differ = [
        str(path)
        for path, text in page.drawn(results.read(), COUNTED).items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert not differ, "run: make bench BENCH_ARGS=--draw"


def test_what_is_kept_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(results, "MEASURED", tmp_path / "measured.json")
    points: Any = [[1, {"µs": 3.5}]]
    profile = Profile("a call", 1.0, [("layer", 1.0)], [("function", 1.0)])
    figures = {"a / b": Figure(1.0, 0.5, 1.5)}
    measured = results.Results("today", figures, {}, [profile], {"walk": points})
    measured.write()
    again = results.read()
    assert again.plain == figures
    assert again.growth == {"walk": points}
    assert again.profiles[0].title == "a call"


@pytest.mark.parametrize(
    ("highest", "step"), [(5, 1), (5.1, 2), (24, 5), (26, 10), (900, 200), (0.9, 0.2)]
)
def test_an_axis_has_round_ticks(highest: float, step: float) -> None:
    assert plot._step(highest) == pytest.approx(step)


def test_lines_begin_at_zero_and_stay_inside_their_panel() -> None:
    panel = plot.Panel("rows", [1, 2_000, 3_000_000], [plot.Line("a", [0.0, 7.0, 10.0])])
    drawn = plot.panels("title", [panel])
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)]
    assert heights[0] - heights[2] == pytest.approx(plot._HEIGHT)
    assert ">2 k<" in drawn
    assert ">3 M<" in drawn
