"""The pages about Flask and Django: their tests pass as printed, and their lists are complete."""

from __future__ import annotations

import re
import unittest
from pathlib import Path
from typing import Any

import pytest

from customers_sdk._frameworks import NAMES
from customers_sdk.django import checks

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page(name), re.DOTALL | re.MULTILINE)


def test_the_test_on_the_flask_page_passes() -> None:
    first, *_, last = blocks("flask")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(first + last.replace("@pytest.fixture\n", ""), names)  # noqa: S102 - our own page
    app = names["app"]()
    names["test_sign_up"](app)


@pytest.mark.usefixtures("shop")
def test_the_test_on_the_django_page_passes() -> None:
    names: dict[str, Any] = {"__name__": "page"}
    exec(blocks("django")[-1], names)  # noqa: S102 - our own page
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(names["SignUpTests"])
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_the_pages_name_every_setting() -> None:
    flask, django = page("flask"), page("django")
    assert [name for name in NAMES if f"`CUSTOMERS_{name}`" not in flask] == []
    assert [name for name in NAMES if f"`{name}`" not in django] == []


def test_the_page_names_every_check() -> None:
    ids = re.findall(r"``(customers_sdk\.[EW]\d+)``", str(checks.__doc__))
    assert len(ids) == 13
    assert re.findall(r"\| `(customers_sdk\.[EW]\d+)` \|", page("django")) == ids
