"""The built site: what its search finds first, and what other projects can link to."""

from __future__ import annotations

import functools
import http.server
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.console import browser
from tests.docs.pages import ROOT, links

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without warnings."""
    for needed in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(needed, reason="the extra docs is not installed")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "-d", f"{out}.trees"]
    built = subprocess.run(  # noqa: S603 - our own pages
        [*command, ROOT / "docs", out], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return out


def twins(site: Path) -> list[Path]:
    """The pages as Markdown."""
    return sorted(site.rglob("*.md"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    made = browser.start(tmp_path_factory.mktemp("profile"))
    yield made
    made.quit()


FIRST = {
    "retry": "retries",
    "rate limit": "retries",
    "429": "retries",
    "duplicate": "errors",
    "delete a customer": "erasing",
    "gdpr": "erasing",
    "test mode": "environment",
    "webhook": "pagination",
    "fastapi": "asyncio",
    "stripe": "from-stripe",
    "celery fork": "threads",
    "401": "troubleshooting",
    "403": "troubleshooting",
    "404": "troubleshooting",
    "500": "troubleshooting",
    "unauthorized": "troubleshooting",
    "invalid or inactive api key": "troubleshooting",
    "timeout": "retries",
    "idempotency": "idempotency",
    "pagination": "pagination",
    "async": "asyncio",
    "celery": "cron",
    "csv": "bulk",
    "mypy": "troubleshooting",
    "upgrade": "compatibility",
    "docker": "troubleshooting",
    "windows": "troubleshooting",
    "find_by_email": "reference/customers",
}


def test_a_search_finds_the_right_page_first(driver: WebDriver, address: str) -> None:
    shown = browser.Page(driver, address)
    found = {}
    for words in FIRST:
        driver.get(f"{address}/search.html?q={words}")
        shown.until(lambda: shown.one("#search-results .search-summary").text)
        links = [link.get_attribute("href") or "" for link in shown.all("ul.search li a")[:1]]
        found[words] = "".join(re.sub(r"\.html.*", "", link[len(address) + 1 :]) for link in links)
    assert found == FIRST


def test_the_list_for_machines_has_a_title_and_a_summary_for_every_page(site: Path) -> None:
    _, _, *lines = (site / "llms.txt").read_text("utf-8").splitlines()
    told = [re.fullmatch(r"- \[(.+?)\]\((.+?)\): \S.+", line) for line in lines]
    assert None not in told
    assert {found[2] for found in told if found} == {
        str(page.relative_to(site)) for page in twins(site)
    }


def test_a_page_as_markdown_has_what_its_html_includes(site: Path) -> None:
    parts = {
        "changelog.md": "# Changelog\n",
        "contributing.md": "](architecture/index.md)",
        "cron.md": "def import_share(",
        "django.md": "class CustomersErrors:",
        "reference/customers.md": "get_or_create(\n",
        "reference/frameworks.md": "customer_external_id",
    }
    for name, part in parts.items():
        assert part in (site / name).read_text("utf-8"), name
    ours = r"{(include|literalinclude|eval-rst|py:\w+)}|```{(index|toctree)}"
    for page in twins(site):
        assert not re.search(ours, page.read_text("utf-8")), page.name


def test_the_links_of_a_page_as_markdown_lead_to_files_of_the_site(site: Path) -> None:
    for page in twins(site):
        for link in links(page):
            if not re.match(r"[a-z]+:", link):
                assert (page.parent / link.partition("#")[0]).exists(), (page.name, link)


def test_other_projects_can_link_to_classes_methods_and_attributes(site: Path) -> None:
    *_, packed = (site / "objects.inv").read_bytes().split(b"\n", 4)
    names = {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}
    assert {
        "customers_sdk.Client",
        "customers_sdk.Customers.get_or_create",
        "customers_sdk.Customer.email",
        "customers_sdk.CustomersError.outcome_unknown",
        "customers_sdk.bulk.ImportReport.rejections",
    } <= names
