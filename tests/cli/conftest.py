from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import pytest

from customers_sdk._http import retry
from customers_sdk.cli import main
from customers_sdk.sandbox import Sandbox
from tests.cli.cli_running import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

Customers = Callable[..., Result]


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An empty sandbox that the environment's settings name; nobody waits between tries."""
    monkeypatch.setattr(retry, "BACKOFFS", [lambda *_: 0.0])
    running.reset()
    monkeypatch.setenv("NODERAILS_BASE_URL", running.base_url)
    monkeypatch.setenv("NODERAILS_API_KEY", running.api_key)
    monkeypatch.setenv("NODERAILS_APP_ID", running.app_id)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    yield running
    running.clear_faults()


@pytest.fixture
def customers(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Customers:
    """Runs the command in this process."""
    monkeypatch.setenv("COLUMNS", "140")

    def call(*arguments: str) -> Result:
        code = main(arguments)
        return Result(code, *capfd.readouterr())

    return call
