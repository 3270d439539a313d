"""The pytest plugin: fixtures for tests of code that uses the client.

pytest loads it wherever the package is installed, so it imports nothing but pytest; the rest is
imported when a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customers_sdk import Client
    from customers_sdk.sandbox import Sandbox
    from customers_sdk.testing import MockCustomers


@pytest.fixture
def customers_mock_options() -> dict[str, Any]:
    """Return the arguments of `customers_sdk.testing.mock_customers` for ``customers_mock``.

    Override it in a test module or a ``conftest.py``, or parametrize it, to pass requests to other
    hosts through, to seed the fake, or to add latency.
    """
    return {}


@pytest.fixture
def customers_mock(customers_mock_options: dict[str, Any]) -> Iterator[MockCustomers]:
    """Fake the service in process; ``NODERAILS_*`` are set to the fake's during the test."""
    from customers_sdk.testing import mock_customers

    with mock_customers(**customers_mock_options) as handle:
        yield handle


@pytest.fixture
def customers_client(customers_mock: MockCustomers) -> Client:
    """Make a client of ``customers_mock``, closed when the test ends."""
    return customers_mock.client()


@pytest.fixture
def customers_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Run the service over HTTP on a free port, for code in other processes and browsers.

    ``NODERAILS_*`` are set to it during the test, for processes that the test starts.
    """
    from customers_sdk.sandbox import Sandbox

    with Sandbox() as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield sandbox
