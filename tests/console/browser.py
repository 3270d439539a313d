"""A real browser for the console's tests: Debian's Chromium, driven by Selenium."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--force-color-profile=srgb", "--lang=en"),
)


def start(profile: Path) -> WebDriver:
    """A browser with an empty profile; skips the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not BROWSER or not DRIVER:
        pytest.skip("no chromium and chromedriver here (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    service = webdriver.ChromeService(executable_path=DRIVER, env=kept)
    made: WebDriver = webdriver.Chrome(options=options, service=service)
    made.set_script_timeout(20)
    return made


class Page:
    """The console of one sandbox in a browser."""

    def __init__(self, driver: WebDriver, base_url: str) -> None:
        self.driver = driver
        self.base_url = base_url

    def open(self, view: str = "requests") -> Page:
        """Open it anew, at one of its views, and wait until it is live."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.base_url}/#{view}")
        self.until(lambda: self.one("#status").text == "Live")
        return self

    def go(self, view: str) -> None:
        """Go to another of its views."""
        self.run("for (const open of document.querySelectorAll('dialog')) open.close()")
        self.run("location.hash = arguments[0]", f"#{view}")
        self.one(f"#view-{view.partition('/')[0]}")

    def size(self, width: int, height: int, theme: str = "light") -> None:
        """Set the window's size and the colour scheme that the user prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        media = [{"name": "prefers-color-scheme", "value": theme}]
        self.command("Emulation.setEmulatedMedia", features=media)

    def command(self, name: str, **arguments: Any) -> Any:
        """One command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        """The elements in sight that match."""
        found = self.driver.find_elements("css selector", selector)
        return [each for each in found if each.is_displayed()]

    def one(self, selector: str) -> WebElement:
        """The first element in sight that matches, once there is one."""
        return self.until(lambda: self.all(selector))[0]

    def button(self, text: str, within: str = "body") -> WebElement:
        """The button of this text, once there is one."""
        return self.until(
            lambda: [each for each in self.all(f"{within} button") if each.text == text]
        )[0]

    def until(self, condition: Callable[[], T], seconds: float = 10.0) -> T:
        """What the condition gives, once that is true."""
        from selenium.common.exceptions import StaleElementReferenceException as Stale
        from selenium.webdriver.support.wait import WebDriverWait

        wait = WebDriverWait(self.driver, seconds, 0.05, ignored_exceptions=[Stale])
        found: T = wait.until(lambda _: condition())
        return found

    def type_in(self, name: str, text: str, within: str = "dialog.modal") -> None:
        """Replace what a field of a form holds."""
        field = self.one(f"{within} [name={name}]")
        field.clear()
        field.send_keys(text)

    def clipboard(self) -> str:
        """What was copied; from then on the page may copy."""
        allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.command("Browser.grantPermissions", origin=self.base_url, permissions=allowed)
        read = (
            "navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](`${error}`))"
        )
        text: str = self.driver.execute_async_script(read)
        return text

    def rows(self) -> list[str]:
        """The text of the rows in sight, from the top."""
        script = """
            const text = (cell) => cell.innerText.replace(/\\s+/g, " ").trim();
            return [...document.querySelectorAll(".rows .row")]
                .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
                .map((row) => [...row.children].map(text).join(" | "));
        """
        found: list[str] = self.run(script)
        return found

    def complaints(self) -> list[str]:
        """What the browser's console said since the last look: violations and errors."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
