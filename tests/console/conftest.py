from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from customers_sdk.sandbox import Sandbox
from tests.console import browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.chrome.webdriver import WebDriver

    from tests.console.browser import Page


DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    made = browser.start(tmp_path_factory.mktemp("profile"))
    yield made
    made.quit()


@pytest.fixture
def page(driver: WebDriver, sandbox: Sandbox) -> Page:
    """The console, not opened yet."""
    made = browser.Page(driver, sandbox.base_url)
    driver.get("about:blank")  # the last page may still call for a sandbox that has gone
    made.size(1280, 800)
    made.complaints()
    return made


@pytest.fixture(scope="session")
def record_picture() -> Callable[[Page, str], None]:
    """Take a picture of the page, and keep it where CONSOLE_PICTURES says so.

    ``docs``: those that docs/sandbox.md shows, in its place. A folder: all of them, to look at.
    """
    wanted = os.environ.get("CONSOLE_PICTURES")
    shown = set(
        re.findall(r"_static/console/([\w-]+)\.png", DOCS.joinpath("sandbox.md").read_text())
    )

    def record(page: Page, name: str) -> None:
        picture = base64.b64decode(page.command("Page.captureScreenshot", format="png")["data"])
        assert picture.startswith(b"\x89PNG")
        if wanted == "docs" and name in shown:
            DOCS.joinpath("_static", "console", f"{name}.png").write_bytes(picture)
        elif wanted and wanted != "docs":
            Path(wanted, f"{name}.png").write_bytes(picture)

    return record
