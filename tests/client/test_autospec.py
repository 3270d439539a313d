"""What `unittest.mock` sees of a client: the resource is an attribute of the class."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

import customers_sdk
from customers_sdk import Client, Customers
from tests.doubles import APP, KEY


def calls(double: Any) -> None:
    """A double of a client takes what a client takes, and refuses what it does not."""
    double.customers.create(email="ada@example.com")
    double.customers.create.assert_called_once_with(email="ada@example.com")
    assert double.base_url is not None
    with pytest.raises(AttributeError):
        _ = double.customers.creat
    with pytest.raises(TypeError):
        double.customers.retrieve()
    with pytest.raises(AttributeError):
        _ = double.customer


def test_create_autospec_of_the_class_and_of_a_client() -> None:
    calls(mock.create_autospec(Client, instance=True))
    calls(mock.create_autospec(Client)(KEY, APP))
    calls(mock.create_autospec(Client(KEY, APP)))


def test_patch_with_autospec_where_the_class_is_looked_up() -> None:
    with mock.patch("customers_sdk.Client", autospec=True) as double:
        calls(customers_sdk.Client(KEY, APP))
        double.assert_called_once_with(KEY, APP)


def test_a_magic_mock_with_a_spec_has_the_resource() -> None:
    double = mock.MagicMock(spec=Client)
    double.customers.retrieve("x")
    with pytest.raises(AttributeError):
        _ = double.customer


def test_the_resource_can_be_patched_on_the_class() -> None:
    client = Client(KEY, APP)
    with mock.patch.object(Client, "customers") as double:
        assert client.customers is double
        assert Client(KEY, APP).customers is double
    assert isinstance(client.customers, Customers)


def test_the_resource_can_be_replaced_on_one_client() -> None:
    client = Client(KEY, APP)
    with mock.patch.object(client, "customers") as double:
        client.customers.retrieve("x")
        double.retrieve.assert_called_once_with("x")
    assert isinstance(client.customers, Customers)
