"""What the service makes of a value, and whether a record holds what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from customers_sdk import _checks
from customers_sdk._stored import comparable_address, differs, stored_text
from customers_sdk.models import Customer, Wallet
from tests.doubles import customer, wallet


def test_text_is_stored_without_lone_surrogates() -> None:
    assert stored_text("a\ud800b😀") == "a\ufffdb😀"


@pytest.mark.parametrize(
    "spelling", ["0xABC", " 0xabc ", "0xAbC\n", "\ufeff0xabc", "abc", " ABC", "0XABC"]
)
def test_all_spellings_of_an_address_are_one(spelling: str) -> None:
    assert comparable_address(spelling) == comparable_address("0xabc")


def test_a_sui_address_without_0x_is_recognised_as_what_was_sent() -> None:
    record = Wallet.from_dict(wallet(chainId=203, walletAddress="0xcd"))
    assert differs({"chain_id": 203, "wallet_address": "cd"}, record) is None
    assert differs({"chain_id": 203, "wallet_address": "c"}, record) == "wallet_address"


def made(**changes: Any) -> Customer:
    return Customer.from_dict(customer(**changes))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({}, {}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": 12345678901234567890}, {"a": 12345678901234567000}),
        ({"a": 10**400}, {"a": None}),
        ({"a": -(10**400)}, {"a": None}),
        ({"a": 0.1}, {"a": 0.1}),
        ({"a": "x\ud800"}, {"a": "x\ufffd"}),
        ({"x\ud800": 1}, {"x\ufffd": 1}),
        ({"__proto__": {"x": 1}, "a": 1}, {"a": 1}),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": True, "b": None}, {"a": True, "b": None}),
    ],
)
def test_metadata_as_the_service_would_store_it_is_the_same(sent: Any, stored: Any) -> None:
    assert differs({"metadata": sent}, made(metadata=stored)) is None


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": "1"}),
        ({"a": "1"}, {"a": 1}),
        ({"a": 1}, {"a": True}),
        ({"a": True}, {"a": 1}),
        ({"a": None}, {"a": False}),
        ({"a": 1}, {"a": None}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": [1]}, {"a": {"0": 1}}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ({"a": "x"}, {"a": "y"}),
        ({"a": 10**400}, {"a": 1}),
    ],
)
def test_metadata_that_is_not_what_was_sent_differs(sent: Any, stored: Any) -> None:
    assert differs({"metadata": sent}, made(metadata=stored)) == "metadata"


@pytest.mark.parametrize(
    "name", ["external_id", "email", "name", "address", "city", "state", "country", "postal_code"]
)
def test_each_string_counts(name: str) -> None:
    record = made()
    assert differs({name: getattr(record, name)}, record) is None
    assert differs({name: "another"}, record) == name
    assert differs({name: ""}, record) == name
    assert differs({name: None}, record) == name


def test_an_address_may_be_spelled_otherwise_but_a_chain_may_not() -> None:
    record = Wallet.from_dict(wallet(walletAddress="0xabc"))
    assert differs({"chain_id": 1, "wallet_address": " 0xABC"}, record) is None
    assert differs({"chain_id": 2, "wallet_address": "0xabc"}, record) == "chain_id"
    assert differs({"chain_id": 1, "wallet_address": "0xabd"}, record) == "wallet_address"


def test_what_is_compared_is_json_that_was_checked() -> None:
    sent = _checks.json_value({"a": [1, 2.5, "x", None, {"b": False}]}, "metadata")
    assert differs({"metadata": sent}, made(metadata=json.loads(json.dumps(sent)))) is None
    assert differs({}, made()) is None
