from __future__ import annotations

from collections.abc import Iterator

import pytest

from customers_sdk import Client
from customers_sdk.testing import MockCustomers, mock_customers


@pytest.fixture
def mock() -> Iterator[MockCustomers]:
    with mock_customers() as handle:
        yield handle


@pytest.fixture
def client(mock: MockCustomers) -> Client:
    return mock.client()
