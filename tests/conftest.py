from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import responses

from customers_sdk import Client
from tests.doubles import APP, BASE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customers_sdk.sandbox import Sandbox
    from customers_sdk.testing import MockCustomers


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: for half of their time the tests wait."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own reaches a test."""
    for name in list(os.environ):
        if name.startswith("NODERAILS_"):
            monkeypatch.delenv(name)


@pytest.fixture
def mock() -> Iterator[MockCustomers]:
    """The fake of the test kit, in process."""
    from customers_sdk.testing import mock_customers

    with mock_customers() as handle:
        yield handle


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The service over HTTP."""
    from customers_sdk.sandbox import Sandbox

    with Sandbox() as running:
        yield running


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """The transport: it answers what is registered on it, and keeps what was sent in `calls`."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that does not try again, so that a test sees one request a call."""
    with Client(KEY, APP, base_url=BASE, max_retries=0) as made:
        yield made
