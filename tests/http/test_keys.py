"""Keys: drawn, scoped, and compared on replay."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from typing import Any

import pytest

from customers_sdk import _checks
from customers_sdk._http import keys
from customers_sdk._http.keys import differs, draw, scope, stored_address, stored_text
from customers_sdk.models import Customer, Wallet
from tests.doubles import APP, KEY, customer, wallet


def test_drawn_keys_are_random_and_long() -> None:
    drawn = {draw() for _ in range(100)}
    assert len(drawn) == 100
    assert {len(key) for key in drawn} == {32}


def test_a_key_is_sent_as_the_hmac_of_where_it_is_used() -> None:
    message = f'["{APP}","POST","/customers","order-1"]'.encode()
    expected = hmac.new(KEY.encode(), message, hashlib.sha256).hexdigest()
    assert scope(KEY, APP, "POST", "/customers", "order-1") == expected


BASE = (KEY, APP, "POST", "/customers", "k", 0)


@pytest.mark.parametrize(
    "other",
    [
        ("nr_test_sk_rotated", *BASE[1:]),
        (KEY, "another-app", *BASE[2:]),
        (*BASE[:2], "PUT", *BASE[3:]),
        (*BASE[:3], "/customers/x", *BASE[4:]),
        (*BASE[:4], "K", 0),
        (*BASE[:4], "k", 1),
        (*BASE[:4], 'k","x', 0),
    ],
)
def test_whatever_differs_gives_another_header(other: tuple[Any, ...]) -> None:
    assert scope(*other) != scope(*BASE)


def test_parts_cannot_be_shifted_into_each_other() -> None:
    assert scope(KEY, "a", "POST", "/x", "bc") != scope(KEY, "a", "POST", "/xb", "c")
    assert scope(KEY, 'a","POST', "/x", "k", "z") != scope(KEY, "a", "POST", "/x", "k")
    assert scope(KEY, "a", "POST", "/x", "k", 1) != scope(KEY, "a", "POST", "/x", 'k",1', 0)


@pytest.mark.parametrize("key", ["order-1", "ключ", "😀", "\ud800", " padded ", "k" * 255])
def test_the_header_is_printable_and_fits(key: str) -> None:
    header = scope(KEY, APP, "POST", "/customers", key)
    assert len(header) == 64
    assert set(header) <= set("0123456789abcdef")


def test_another_process_makes_the_same_header() -> None:
    code = (
        "from customers_sdk._http.keys import scope;"
        f"print(scope({KEY!r}, {APP!r}, 'POST', '/customers', 'order-1'))"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == scope(KEY, APP, "POST", "/customers", "order-1")


def test_text_is_stored_without_lone_surrogates() -> None:
    assert stored_text("a\ud800b😀") == "a\ufffdb😀"


@pytest.mark.parametrize("spelling", ["0xABC", " 0xabc ", "0xAbC\n", "\ufeff0xabc"])
def test_all_spellings_of_an_address_are_one(spelling: str) -> None:
    assert stored_address(spelling) == "0xabc"


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
    sent = _checks.json_object({"a": [1, 2.5, "x", None, {"b": False}]}, "metadata")
    assert differs({"metadata": sent}, made(metadata=json.loads(json.dumps(sent)))) is None
    assert keys.differs({}, made()) is None
