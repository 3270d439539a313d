"""The pages about Flask and Django: their lists are complete."""

from __future__ import annotations

import re
from pathlib import Path

from customers_sdk._frameworks import NAMES
from customers_sdk.django import checks

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def test_the_pages_name_every_setting() -> None:
    flask, django = page("flask"), page("django")
    assert [name for name in NAMES if f"`CUSTOMERS_{name}`" not in flask] == []
    assert [name for name in NAMES if f"`{name}`" not in django] == []


def test_the_page_names_every_check() -> None:
    ids = re.findall(r"``(customers_sdk\.[EW]\d+)``", str(checks.__doc__))
    assert len(ids) == 13
    assert re.findall(r"\| `(customers_sdk\.[EW]\d+)` \|", page("django")) == ids
