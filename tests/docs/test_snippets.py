"""Every python block of the documentation runs, page by page in one name space each.

What a page says that a block prints (```` ```output ```` under it) is compared. A block under
``<!-- not run: why -->`` is only compiled.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from customers_sdk import Client, CustomersError
from customers_sdk.testing import mock_customers
from tests.docs.pages import PAGES, ROOT, blocks, run

DOCS = ROOT / "docs"

# These bring a service of their own, some of it over HTTP.
OWN_SERVICE = {"sandbox.md", "testing.md", "quickstart.md"}

# Theirs need an application around them: see below, and tests/frameworks.
FRAMEWORKS = {"django.md", "flask.md"}

# What a page's reader has around its blocks.
AROUND: dict[str, dict[str, Any]] = {
    "README.md": {
        "form": {"email": "not-an-address"},
        "show": list,
        "log": logging.getLogger("docs"),
    },
    "idempotency.md": {"email": "ada@example.com", "CustomersError": CustomersError},
}


ALONE = [page for page in PAGES if page.name not in FRAMEWORKS]


@pytest.mark.parametrize("page", ALONE, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"__name__": page.stem, "directory": tmp_path, **AROUND.get(page.name, {})}
    monkeypatch.chdir(ROOT)
    if page.name in OWN_SERVICE:
        run(page, names)
        return
    with mock_customers() as mock:
        run(page, {"client": mock.client(), **names})


def test_the_blocks_of_the_flask_page_work_in_an_application() -> None:
    page = DOCS / "flask.md"
    names: dict[str, Any] = {"__name__": "__main__"}
    with mock_customers():
        run(page, names, slice(0, 1))
        names["app"] = names["create_app"]()
        run(page, names, slice(1, 2))
        run(page, names, slice(2, 3))
        app = names["create_app"]()
        app.config["CUSTOMERS_FAKE"] = True
        names["test_sign_up"](app)
    assert len(blocks(page)) == 3


def test_the_blocks_of_the_django_page_are_python() -> None:
    for block in blocks(DOCS / "django.md"):
        compile(block.code, "django.md", "exec")


def test_the_readme_makes_the_customer_it_shows() -> None:
    with mock_customers() as mock:
        run(ROOT / "README.md", dict(AROUND["README.md"]))
        (customer,) = mock.customers
    assert (customer.external_id, customer.city) == ("user-42", "London")
    assert [wallet.chain_id for wallet in customer.wallets] == [8453]


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("README.md", 2),
        ("testing.md", 9),
        ("quickstart.md", 18),
        ("from-requests.md", 9),
        ("bulk.md", 5),
    ],
)
def test_no_page_loses_its_blocks(name: str, least: int) -> None:
    page = next(each for each in (ROOT / name, DOCS / name) if each in PAGES)
    assert sum(block.runs for block in blocks(page)) >= least


def test_the_fixtures_tests_on_the_testing_page_work() -> None:
    names: dict[str, Any] = {}
    run(DOCS / "testing.md", names)
    with mock_customers() as mock:
        names["test_sign_up"](mock)
        names["test_an_outage"](mock, mock.client())


def test_three_lines_prove_that_a_lost_response_makes_no_second_customer() -> None:
    page = DOCS / "testing.md"
    section = page.read_text("utf-8").partition("A lost response makes no second customer")[2]
    assert len(blocks(page, section)[0].code.strip().splitlines()) == 1 + 3


def test_a_wrong_output_and_a_block_that_fails_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```python\nprint(1)\n```\n\n```output\n2\n```\n", "utf-8")
    with pytest.raises(AssertionError, match=r"page\.md, line 4"):
        run(page, {})
    page.write_text("```python\nabsent\n```\n", "utf-8")
    with pytest.raises(NameError):
        run(page, {})
    page.write_text("<!-- not run: a sketch -->\n```python\nabsent\n```\n", "utf-8")
    assert run(page, {}) == 0
    page.write_text("<!-- not run: a sketch -->\n```python\ndef\n```\n", "utf-8")
    with pytest.raises(SyntaxError):
        run(page, {})


def test_the_look_up_on_the_idempotency_page_finds_who_is_there() -> None:
    """Its creation is refused as a duplicate, and the look-up under it finds who is there."""
    names: dict[str, Any] = dict(AROUND["idempotency.md"])
    with mock_customers() as mock, Client() as client:
        mock.add_customer(external_id="user-42", name="Ada")
        run(DOCS / "idempotency.md", {"client": client, **names})
        assert [request.method for request in mock.requests] == ["POST", "GET"]
