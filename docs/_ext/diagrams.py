"""Diagrams drawn by the build from text: sequences of messages, decisions, and rows of boxes.

They become SVG inside the page, in the page's own colours, so that they follow the light and the
dark theme; readers who cannot see them are given the text itself.
"""

import html
import textwrap
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FONT = 13
LINE = 17  # pixels from one line of text to the next
WRAP = 23  # characters of a line in a decision's box
CHARACTER = 7.3  # what one takes of a line, on average and rounded up


def text_width(text: str) -> float:
    """The width of a line of text, in pixels."""
    return len(text) * CHARACTER


class Canvas:
    """Collects the parts of an SVG picture."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> None:
        """Draw a line; ``kind`` is its class in the style sheet."""
        self._parts.append(
            f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a box with rounded corners."""
        self._parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" rx="6"/>'
        )

    def text(self, x: float, y: float, text: str, kind: str = "middle") -> None:
        """Write a line of text; ``kind`` says where ``x`` is: ``start`` or ``middle``."""
        self._parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{html.escape(text)}</text>'
        )

    def head(self, x: float, y: float, direction: int) -> None:
        """Draw the head of an arrow that points right (1) or left (-1)."""
        back = x - 8 * direction
        self._parts.append(
            f'<path class="head" d="M{back:.1f},{y - 4:.1f} L{x:.1f},{y:.1f} '
            f'L{back:.1f},{y + 4:.1f}"/>'
        )

    def cross(self, x: float, y: float) -> None:
        """Draw the end of a message that does not arrive."""
        self.line(x - 6, y - 6, x + 6, y + 6, "lost")
        self.line(x - 6, y + 6, x + 6, y - 6, "lost")

    def svg(self, width: float, height: float, label: str) -> str:
        """The whole picture."""
        return (
            f'<svg class="diagram" role="img" aria-label="{html.escape(label, quote=True)}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">'
            f"{''.join(self._parts)}</svg>"
        )


def sequence(lines: list[str], label: str) -> str:
    """Draw messages between parties, one below the other.

    Args:
        lines: first the parties, separated by commas; then ``A -> B: text`` for a message,
            ``A -x B: text`` for one that is lost, and ``A: text`` for what a party does itself.
        label: what the picture shows.
    """
    parties = [party.strip() for party in lines[0].split(",")]
    messages = [line.partition(": ") for line in lines[1:]]
    gap = max(190.0, *(text_width(text) + 40 for ends, _, text in messages if ends not in parties))
    side = max(
        [70.0, *(text_width(text) / 2 + 12 for ends, _, text in messages if ends in parties)]
    )
    at = {party: side + number * gap for number, party in enumerate(parties)}
    height = 70 + 38 * len(messages)
    canvas = Canvas()
    for party, x in at.items():
        canvas.line(x, 34, x, height - 6, "life")
        canvas.box(x - 62, 4, 124, 30)
        canvas.text(x, 24, party, "middle strong")
    for number, (ends, _, text) in enumerate(messages):
        y = 74 + 38 * number
        lost = " -x " in ends
        first, arrow, last = ends.partition(" -x " if lost else " -> ")
        if not arrow:
            canvas.box(
                at[first] - text_width(text) / 2 - 8, y - 17, text_width(text) + 16, 24, "note"
            )
            canvas.text(at[first], y, text)
            continue
        start, end = at[first], at[last]
        direction = 1 if end > start else -1
        if lost:
            end = start + (end - start) * 0.55
            canvas.cross(end, y)
        else:
            canvas.head(end, y, direction)
        canvas.line(start, y, end, y, "lost" if lost else "line")
        canvas.text((at[first] + at[last]) / 2, y - 7, text)
    return canvas.svg(2 * side + gap * (len(parties) - 1), height, label)


class Node(NamedTuple):
    """A question or an end of a decision, and under which answer it stands."""

    answer: str
    text: list[str]
    below: "list[Node]"


def tree(lines: list[str]) -> Node:
    """Read a decision: each line is ``answer: text``, indented below its question."""
    top = Node("", textwrap.wrap(lines[0].strip(), WRAP), [])
    path = [(-1, top)]
    for line in lines[1:]:
        depth = len(line) - len(line.lstrip())
        answer, _, text = line.strip().partition(": ")
        while path[-1][0] >= depth:
            path.pop()
        node = Node(answer, textwrap.wrap(text, WRAP), [])
        path[-1][1].below.append(node)
        path.append((depth, node))
    return top


BOX = WRAP * CHARACTER + 24
ACROSS = BOX + 62


def decision(lines: list[str], label: str) -> str:
    """Draw a decision from left to right: questions, answers, and what follows."""
    canvas = Canvas()
    width = 0.0

    def place(node: Node, depth: int, top: float) -> tuple[float, float]:
        """Draw a node and all below it; returns its middle and where the next may begin."""
        nonlocal width
        height = LINE * len(node.text) + 16
        left = 4 + ACROSS * depth
        width = max(width, left + BOX + 4)
        bottom = top
        middles = []
        for child in node.below:
            middle, bottom = place(child, depth + 1, bottom)
            middles.append((middle, child.answer))
        bottom = max(bottom, top + height + 14)
        centre = (middles[0][0] + middles[-1][0]) / 2 if middles else top + height / 2
        centre = max(centre, top + height / 2)
        canvas.box(left, centre - height / 2, BOX, height, "box" if middles else "end")
        for number, line in enumerate(node.text):
            y = centre - height / 2 + 8 + LINE * (number + 0.75)
            canvas.text(left + BOX / 2, y, line)
        bend = left + BOX + 16
        for middle, answer in middles:
            canvas.line(left + BOX, centre, bend, centre)
            canvas.line(bend, centre, bend, middle)
            canvas.line(bend, middle, left + ACROSS, middle)
            canvas.head(left + ACROSS, middle, 1)
            canvas.text(bend + 4, middle - 5, answer, "start")
        return centre, bottom

    _, height = place(tree(lines), 0, 6)
    return canvas.svg(width, height, label)


def boxes(lines: list[str], label: str) -> str:
    """Draw rows of boxes with a label each, for layers and for pages.

    Args:
        lines: ``label: a | b | c`` for a row; a box that begins with ``*`` stands out. A line of
            dashes is drawn as one.
        label: what the picture shows.
    """
    rows = [(head.strip(), row) for head, _, row in (line.partition(":") for line in lines)]
    left = max(text_width(head) for head, _ in rows) + 16
    canvas = Canvas()
    width, y = 0.0, 4.0
    for head, row in rows:
        if set(head) == {"-"}:
            canvas.line(0, y + 2, 10_000, y + 2, "life")
            y += 12
            continue
        canvas.text(0, y + 20, head, "start")
        x = left
        for cell in filter(None, map(str.strip, row.split("|"))):
            text = cell.lstrip("*")
            size = max(text_width(text) + 18, 34)
            canvas.box(x, y, size, 30, "box" if text == cell else "end")
            canvas.text(x + size / 2, y + 20, text)
            x += size + 6
        width = max(width, x)
        y += 40
    return canvas.svg(width, y, label)


class _Diagram(SphinxDirective):
    """A diagram; its argument is what it shows."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Put the picture into HTML, and its text everywhere else."""
        label = self.arguments[0]
        lines = [line for line in self.content if line.strip()]
        draw = {"sequence": sequence, "decision": decision, "boxes": boxes}[self.name]
        spoken = " ".join([f"{label}.", *(f"{line.strip()}." for line in lines)])
        picture = f'<div class="diagram-box">{draw(lines, spoken)}</div>'
        return [nodes.raw("", picture, format="html")]


def setup(app: Sphinx) -> "dict[str, bool]":
    """Add the directives ``sequence``, ``decision`` and ``boxes``."""
    for name in ("sequence", "decision", "boxes"):
        app.add_directive(name, _Diagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
