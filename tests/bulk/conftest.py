from __future__ import annotations

import pytest

from customers_sdk import Client
from customers_sdk.testing import MockCustomers


@pytest.fixture
def client(mock: MockCustomers) -> Client:
    return mock.client()
