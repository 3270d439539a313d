"""The wire schema: names, JSON text, envelopes, and readers made by rule."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Optional

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers_sdk import Customer, ResponseFormatError, Wallet
from customers_sdk._wire import codec, schema
from customers_sdk._wire.fields import wire
from tests.doubles import customer, page, wallet


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("id", "id"),
        ("postal_code", "postalCode"),
        ("authorization_tx_hash", "authorizationTxHash"),
        ("customer_account_id", "customerAccountId"),
    ],
)
def test_names_are_turned_by_rule(name: str, wire: str) -> None:
    assert codec.wire_name(name) == wire
    assert codec.names({name: 1}) == {wire: 1}


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"a": [1, 2.5, null, true, "x"]} \n', {"a": [1, 2.5, None, True, "x"]}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ('{"a":"é😀"}'.encode(), {"a": "é😀"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'"text"', "text"),
        (b"null", None),
        (b"[" * 100 + b"]" * 100, json.loads("[" * 100 + "]" * 100)),
    ],
)
def test_json_text_is_read(body: bytes, value: Any) -> None:
    assert codec.loads(body) == value


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"<html>Bad Gateway</html>",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b"\xff\xfe{\x00}\x00",
        b'{"a":"\xff"}',
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1}{"b":2}',
        b'{"a":"\x00"}',
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda body: ascii(body[:12]),
)
def test_what_is_no_json_is_a_format_error_that_shows_none_of_it(body: bytes) -> None:
    with pytest.raises(ResponseFormatError) as caught:
        codec.loads(body)
    assert str(len(body)) in str(caught.value)
    assert "html" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_a_format_error(body: bytes) -> None:
    with contextlib.suppress(ResponseFormatError):
        codec.loads(body)


def test_what_is_sent_is_compact_utf8() -> None:
    assert codec.dumps({"a": [1, "é"]}, "x") == '{"a":[1,"é"]}'.encode()


def test_a_lone_surrogate_is_sent_escaped() -> None:
    assert codec.dumps({"a": "\ud800"}, "x") == b'{"a":"\\ud800"}'


def test_a_body_of_one_mebibyte_is_sent_and_one_byte_more_is_not() -> None:
    assert len(codec.dumps("x" * (1_048_576 - 2), "json")) == 1_048_576
    with pytest.raises(ValueError, match="json is too large: 1048577 bytes"):
        codec.dumps("x" * (1_048_576 - 1), "json")


def test_the_size_counts_in_bytes_not_characters() -> None:
    with pytest.raises(ValueError, match="too large"):
        codec.dumps("é" * 600_000, "json")


def test_an_envelope_is_opened() -> None:
    assert schema.unwrap({"success": True, "data": {"a": 1}}) == ({"a": 1}, None)
    assert schema.unwrap({"success": True, "data": None}) == (None, None)
    listed = page()
    assert schema.unwrap(listed) == ([], listed["pagination"])


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        5,
        {},
        {"data": {}},
        {"success": False, "data": {}},
        {"success": "true", "data": {}},
        {"success": 1, "data": {}},
        {"success": None, "data": {}},
        {"success": True},
        {"success": False, "error": {"code": "X", "message": "secret"}},
    ],
)
def test_what_is_no_envelope_of_success_is_a_format_error(body: Any) -> None:
    with pytest.raises(ResponseFormatError) as caught:
        schema.unwrap(body)
    assert "secret" not in str(caught.value)


def test_a_list_is_read_and_the_wrong_row_is_named() -> None:
    assert schema.structure_list([], Customer) == ()
    assert len(schema.structure_list([customer(), customer()], Customer)) == 2
    bad = [customer(), customer(wallets=[wallet(), wallet(chainId="1")])]
    with pytest.raises(ResponseFormatError, match=r"^data\[1\]\.wallets\[1\]\.chainId: expected"):
        schema.structure_list(bad, Customer)
    for nothing in (None, {}, "[]"):
        with pytest.raises(ResponseFormatError, match=r"^data: expected a list, got"):
            schema.structure_list(nothing, Customer)


def test_what_is_no_object_is_refused_by_name() -> None:
    for nothing, said in ((None, "null"), ([], "a list"), (5, "a number"), ("x", "a string")):
        with pytest.raises(ResponseFormatError, match=rf"got {said} \(E30\)$"):
            schema.structure(nothing, Wallet)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Parent:
    __slots__ = ("__weakref__",)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Item:
    item_no: int
    extra: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Order:
    """A class that the schema has never heard of."""

    order_id: str
    other: Optional[str] = attrs.field(default=None, metadata=wire(name="_other"))
    units: int = attrs.field(metadata=wire(digits=True))
    maybe_items: Optional[tuple[Item, ...]] = None
    note_text: Optional[str] = attrs.field(default=None, metadata=wire(omit=True))
    extra: dict[str, Any] = attrs.field(factory=dict)


@pytest.mark.parametrize(
    "data",
    [
        {"orderId": "o", "_other": "x", "units": "5", "maybeItems": [{"itemNo": 1}]},
        {"orderId": "o", "_other": None, "units": "5", "maybeItems": None},
        {"orderId": "o", "_other": None, "units": "5", "maybeItems": [], "noteText": "n", "z": 1},
    ],
)
def test_any_class_can_be_read_and_written(data: dict[str, Any]) -> None:
    record = schema.structure(data, Order)
    assert isinstance(record, Order)
    assert record.units == 5
    assert schema.unstructure(record) == data
    assert schema.explain(data, Order, "data") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"orderId": None}, "data.orderId: expected a string, got null"),
        ({"units": 5}, "data.units: expected an integer in a string, got a number"),
        ({"units": "5.0"}, "data.units: expected an integer in a string, got a string"),
        ({"maybeItems": {}}, "data.maybeItems: expected a list, got an object"),
        ({"maybeItems": [{}]}, "data.maybeItems[0].itemNo: missing"),
        (
            {"maybeItems": [{"itemNo": True}]},
            "data.maybeItems[0].itemNo: expected an integer, got a boolean",
        ),
        ({"noteText": 5}, "data.noteText: expected a string, got a number"),
    ],
)
def test_the_explanation_names_the_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ResponseFormatError) as caught:
        schema.structure({"orderId": "o", "units": "5", **changes}, Order)
    assert caught.value.args[0] == said


def test_integers_are_restored_however_deep_they_stand() -> None:
    deep: Any = 99999999999999980000.0
    for _ in range(5_000):
        deep = [deep]
    restored = codec.restore_integers(deep)
    for _ in range(5_000):
        (restored,) = restored
    assert restored == 99999999999999980000
    assert type(restored) is int
