"""Bars and lines, as SVG without a background, in colours for white and for black pages."""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

_WIDTH = 720
_LABEL = 190
_VALUE = 64
_ROW = 26
_BAR = 16
_TOP = 56
_TEXT = "#7a838d"
_OURS = "#2f81f7"
_THEIRS = "#98a2ad"
_DASHED = 'stroke-dasharray="3 3"'
# Of lines, the first being ours.
_COLOURS = (_OURS, "#db6d28", "#2da44e", _THEIRS)

_PANEL = 360
_LEFT = 48
_RIGHT = 18
_HEIGHT = 170
_TICKS = 5
_LABELS = 7


class Bar(NamedTuple):
    """A bar: its name, its length, and whether it is the SDK's own."""

    name: str
    value: float
    ours: bool = False


class Line(NamedTuple):
    """A line: its name, and a value for each place of its panel."""

    name: str
    values: list[float]


class Panel(NamedTuple):
    """One of the pictures next to each other: its title, its places, its lines."""

    title: str
    places: list[int]
    lines: list[Line]


def panels(title: str, contents: list[Panel]) -> str:
    """Lines over places that are equally far from each other, from zero up."""
    legend = max(len(panel.lines) for panel in contents)
    top = 40 + 18 * (legend + 1)
    marks = [
        mark
        for number, panel in enumerate(contents)
        for mark in _panel(panel, _PANEL * number + _LEFT, top)
    ]
    return _picture(title, _PANEL * len(contents), top + _HEIGHT + 34, marks)


def _panel(panel: Panel, left: int, top: int) -> list[str]:
    right, bottom = left + _PANEL - _LEFT - _RIGHT, top + _HEIGHT
    highest = max(value for line in panel.lines for value in line.values)
    step = _step(highest)
    scale = _HEIGHT / (step * math.ceil(highest / step))
    marks = [f'<text x="{left}" y="44" font-weight="600">{escape(panel.title)}</text>']
    for number in range(math.ceil(highest / step) + 1):
        y = bottom - number * step * scale
        marks += [
            f'<path d="M{left} {y:.1f}H{right}" stroke="{_TEXT}" stroke-opacity="0.3"/>',
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{number * step:g}</text>',
        ]
    across = (right - left - 20) / max(1, len(panel.places) - 1)
    xs = [left + 10 + across * number for number in range(len(panel.places))]
    marks += [
        f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{_short(place)}</text>'
        for x, place in list(zip(xs, panel.places))[:: -(-len(xs) // _LABELS)]
    ]
    for number, line in enumerate(panel.lines):
        colour, y = _COLOURS[number], 44 + 18 * (number + 1)
        path = "L".join(
            f"{x:.1f} {bottom - value * scale:.1f}" for x, value in zip(xs, line.values)
        )
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{bottom - value * scale:.1f}" r="3" fill="{colour}"/>'
            for x, value in zip(xs, line.values)
        )
        marks += [
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}',
            f'<path d="M{left} {y - 4}h14" stroke="{colour}" stroke-width="3"/>',
            f'<text x="{left + 20}" y="{y}">{escape(line.name)}</text>',
        ]
    return marks


def _step(highest: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … that needs no more than so many ticks."""
    least = highest / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least)


def _short(place: int) -> str:
    if place % 1_000_000 == 0:
        return f"{place // 1_000_000} M"
    return f"{place // 1_000} k" if place % 1_000 == 0 else str(place)


def _picture(title: str, width: int, height: int, marks: list[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
            f' font-family="system-ui, sans-serif" font-size="13" fill="{_TEXT}">',
            f"<title>{escape(title)}</title>",
            f'<text x="8" y="20" font-size="15" font-weight="600">{escape(title)}</text>',
            *marks,
            "</svg>",
            "",
        ]
    )


def bars(title: str, note: str, contents: list[Bar], *, longest: float) -> str:
    """A bar for each value; those above ``longest`` are cut, and show it."""
    height = _TOP + _ROW * len(contents) + 10
    room = _WIDTH - _LABEL - _VALUE
    scale = room / min(longest, max(bar.value for bar in contents))
    marks = [_bar(index, bar, scale, room) for index, bar in enumerate(contents)]
    one = _LABEL + scale
    return _picture(
        title,
        _WIDTH,
        height,
        [
            f'<text x="8" y="40">{escape(note)}</text>',
            *marks,
            f'<path d="M{one:.1f} {_TOP - 6}V{height - 6}" stroke="{_TEXT}" {_DASHED}/>',
        ],
    )


def _bar(index: int, bar: Bar, scale: float, room: float) -> str:
    top = _TOP + index * _ROW
    middle = top + _BAR - 3
    length = min(bar.value * scale, room)
    weight = ' font-weight="600"' if bar.ours else ""
    cut = ""
    if bar.value * scale > room:
        x = _LABEL + room - 22
        cut = (
            f'<path d="M{x} {top - 2}l6 {_BAR + 4}M{x + 6} {top - 2}l6 {_BAR + 4}"'
            f' stroke="{_TEXT}" stroke-width="2"/>'
        )
    return (
        f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end"{weight}>{escape(bar.name)}</text>'
        f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="2"'
        f' fill="{_OURS if bar.ours else _THEIRS}"/>{cut}'
        f'<text x="{_LABEL + length + 6:.1f}" y="{middle}"{weight}>{bar.value:.2f}</text>'
    )
