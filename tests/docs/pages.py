"""The documentation as text: its pages, their blocks of code, their headings and links."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple, Optional

ROOT = Path(__file__).parent.parent.parent
PAGES = (
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
)

# A block of python, and directly under it what it prints, if the page shows that.
_BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n```output\n(?P<output>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
_NOT_RUN = re.compile(r"<!-- not run: .+ -->\n\n?\Z")
_FENCED = re.compile(r"^(`{3,}).*?^\1$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)>\s]+)>?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)


class Block(NamedTuple):
    """A block of python.

    Attributes:
        code: not indented, with empty lines before it, so that its line numbers are the page's.
        output: what the page says that it prints, or None.
        runs: False under a comment ``<!-- not run: why -->``.
    """

    code: str
    output: Optional[str]
    runs: bool


def blocks(page: Path, text: str | None = None) -> list[Block]:
    """The blocks of a page, or of a part of its text."""
    text = page.read_text("utf-8") if text is None else text
    return [
        Block(
            "\n" * text.count("\n", 0, found.start("code")) + textwrap.dedent(found["code"]),
            found["output"],
            _NOT_RUN.search(text, 0, found.start()) is None,
        )
        for found in _BLOCK.finditer(text)
    ]


def run(page: Path, names: dict[str, Any], part: slice = slice(None)) -> int:
    """Run a page's blocks, or a part of them, in one name space; returns how many ran."""
    ran = 0
    for block in blocks(page)[part]:
        code = compile(block.code, str(page), "exec")
        if not block.runs:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)  # noqa: S102 - our own page
        if block.output is not None:
            where = f"{page.name}, line {len(block.code) - len(block.code.lstrip()) + 1}"
            assert printed.getvalue() == block.output, where
        ran += 1
    return ran


def links(page: Path) -> set[str]:
    """Where a page's links and images lead to."""
    prose = re.sub(r"`[^`\n]*`", "", _FENCED.sub("", page.read_text("utf-8")))
    return set(_LINK.findall(prose))


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in a link, as GitHub and MyST make it."""
    made: list[str] = []
    for heading in _HEADING.findall(_FENCED.sub("", page.read_text("utf-8"))):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        seen = sum(each == slug for each in made)
        made.append(f"{slug}-{seen}" if seen else slug)
    return set(made)


if __name__ == "__main__":
    run(Path(sys.argv[1]), {"__name__": "__main__"})
