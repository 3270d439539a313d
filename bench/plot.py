"""Bars, as SVG. Its colours are read on white and on black alike, and it has no background."""

from __future__ import annotations

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


class Bar(NamedTuple):
    """A bar: its name, its length, and whether it is the SDK's own."""

    name: str
    value: float
    ours: bool = False


def bars(title: str, note: str, contents: list[Bar], *, longest: float) -> str:
    """A bar for each value; those above ``longest`` are cut, and show it."""
    height = _TOP + _ROW * len(contents) + 10
    room = _WIDTH - _LABEL - _VALUE
    scale = room / min(longest, max(bar.value for bar in contents))
    marks = [_bar(index, bar, scale, room) for index, bar in enumerate(contents)]
    one = _LABEL + scale
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"',
            f' font-family="system-ui, sans-serif" font-size="13" fill="{_TEXT}">',
            f"<title>{escape(title)}</title>",
            f'<text x="8" y="20" font-size="15" font-weight="600">{escape(title)}</text>',
            f'<text x="8" y="40">{escape(note)}</text>',
            *marks,
            f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{_TOP - 6}" y2="{height - 6}"',
            f' stroke="{_TEXT}" stroke-dasharray="3 3"/>',
            "</svg>",
            "",
        ]
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
