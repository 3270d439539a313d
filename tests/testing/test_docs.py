"""Every python block of docs/testing.md runs, in its order, in one name space."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from customers_sdk.testing import mock_customers

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_snippets_of_the_page_work() -> None:
    text = PAGE.read_text("utf-8")
    names: dict[str, Any] = {}
    found = list(BLOCK.finditer(text))
    for block in found:
        first_line = text.count("\n", 0, block.start(1))
        code = compile("\n" * first_line + block[1], str(PAGE), "exec")
        exec(code, names)  # noqa: S102 - our own page
    assert len(found) >= 9
    with mock_customers() as mock:
        names["test_an_outage_shows"](mock, mock.client())


def test_three_lines_prove_that_a_lost_answer_makes_no_second_customer() -> None:
    section = PAGE.read_text("utf-8").partition("A lost answer makes no second customer")[2]
    block = BLOCK.search(section)
    assert block is not None
    assert len(block[1].strip().splitlines()) == 1 + 3
