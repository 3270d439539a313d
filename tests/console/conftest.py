from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from customers_sdk.sandbox import Sandbox
from tests.console import browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.chrome.webdriver import WebDriver

    from tests.console.browser import Page


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    made = browser.start(tmp_path_factory.mktemp("profile"))
    yield made
    made.quit()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


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
    """Keeps a picture of the page where CONSOLE_PICTURES names a folder (``make pictures``)."""
    folder = os.environ.get("CONSOLE_PICTURES")

    def record(page: Page, name: str) -> None:
        picture = base64.b64decode(page.command("Page.captureScreenshot", format="png")["data"])
        assert picture.startswith(b"\x89PNG")
        if folder:
            Path(folder, f"{name}.png").write_bytes(picture)

    return record
