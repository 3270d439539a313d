"""The pytest plugin: fixtures for those who test code that uses the client.

It is loaded in every test run wherever the package is installed, so it imports nothing but pytest;
the rest comes when a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customers_sdk import Client
    from customers_sdk.sandbox import Sandbox
    from customers_sdk.testing import MockCustomers


@pytest.fixture
def customers_mock() -> Iterator[MockCustomers]:
    """A fake of the service in process; ``NODERAILS_*`` are set to it during the test."""
    from customers_sdk.testing import mock_customers

    with mock_customers() as handle:
        yield handle


@pytest.fixture
def customers_client(customers_mock: MockCustomers) -> Client:
    """A client of ``customers_mock``."""
    return customers_mock.client()


@pytest.fixture
def customers_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The service over HTTP on a free port, for code in other processes and in browsers.

    ``NODERAILS_*`` are set to it during the test, for processes that are started.
    """
    from customers_sdk.sandbox import Sandbox

    with Sandbox() as sandbox:
        monkeypatch.setenv("NODERAILS_API_KEY", sandbox.api_key)
        monkeypatch.setenv("NODERAILS_APP_ID", sandbox.app_id)
        monkeypatch.setenv("NODERAILS_BASE_URL", sandbox.base_url)
        yield sandbox
