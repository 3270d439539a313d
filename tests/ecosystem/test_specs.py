"""`unittest.mock` with a specification: what the client has is there, with its signatures."""

from __future__ import annotations

from unittest.mock import MagicMock, create_autospec, patch

import pytest

import customers_sdk
from customers_sdk import Client
from tests.doubles import APP, BASE, KEY


def test_create_autospec() -> None:
    client = create_autospec(Client, instance=True)
    client.customers.create.return_value.id = "c-1"
    assert client.customers.create(external_id="user-1").id == "c-1"
    client.customers.create.assert_called_once_with(external_id="user-1")
    with pytest.raises(TypeError):
        client.customers.retrieve()
    with pytest.raises(AttributeError):
        _ = client.customers.creat


def test_a_magic_mock_of_the_clients_specification() -> None:
    client = MagicMock(spec=Client)
    client.customers.create.return_value.id = "c-1"
    assert isinstance(client, Client)
    assert client.customers.create(external_id="user-1").id == "c-1"


def test_patch_with_autospec() -> None:
    with patch("customers_sdk.Client", autospec=True) as made:
        made.return_value.customers.create.return_value.id = "c-1"
        client = customers_sdk.Client("key", app_id="app")
        assert client.customers.create(external_id="user-1").id == "c-1"
        made.assert_called_once_with("key", app_id="app")


def test_patch_object() -> None:
    client = Client(KEY, APP, base_url=BASE)
    with patch.object(Client, "customers") as customers:
        customers.create.return_value.id = "c-1"
        assert client.customers.create(external_id="user-1").id == "c-1"
        assert Client(KEY, APP).customers is customers
    assert client.customers is not customers
