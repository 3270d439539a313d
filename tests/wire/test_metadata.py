"""Metadata: free-form JSON that other programs store, whatever it is and however deep."""

from __future__ import annotations

import copy
import io
import json
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest
import responses

from customers_sdk import Client, Customer, CustomerSummary, ResponseFormatError, _checks
from customers_sdk._stored import differs
from customers_sdk._wire import codec, deep, schema
from customers_sdk.bulk import export_customers
from tests.doubles import APP, BASE, ID, KEY, customer, detail, envelope, page, summary, wallet

ODD = [12, 1.5, 10**20, None, True, "text", [], [1, {"a": 2}]]


# --- what is handed out is of built-in types


def test_metadata_and_extra_are_dicts_of_their_own_even_if_empty() -> None:
    one, two = (Customer.from_dict(customer(metadata={})) for _ in range(2))
    made = Customer(**{field.name: getattr(one, field.name) for field in attrs.fields(Customer)})
    for record in (one, two, made):
        assert type(record.metadata) is dict
        assert type(record.extra) is dict
    assert one.metadata is not two.metadata
    assert one.extra is not two.extra
    one.extra["a"] = one.metadata["a"] = 1  # type: ignore[index]
    assert two.extra == two.metadata == Customer.from_dict(customer(metadata={})).extra == {}


def test_the_default_of_extra_is_not_shared() -> None:
    from customers_sdk import Chain

    one, two = Chain(chain_id=1, name="a"), Chain(chain_id=1, name="a")
    assert type(one.extra) is dict
    assert one.extra is not two.extra


def test_tools_treat_empty_metadata_like_any_other_dict() -> None:
    yaml = pytest.importorskip("yaml")
    record = Customer.from_dict(customer(metadata={}))
    assert yaml.safe_dump(record.metadata) == "{}\n"
    assert json.dumps(record.metadata) == "{}"
    assert pickle.dumps(record.metadata) == pickle.dumps({})


# --- metadata that is not an object


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_metadata_that_is_no_object_reads_as_an_empty_one_and_is_kept(odd: Any) -> None:
    data = summary(metadata=odd, new=1)
    record = schema.structure(codec.loads(codec.encode(data)), CustomerSummary)
    assert record.metadata == {}
    assert record.extra == {"metadata": odd, "new": 1}
    assert type(record.extra["metadata"]) is type(odd)
    assert record.to_dict() == data
    assert CustomerSummary.from_dict(record.to_dict()) == record
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301
    assert record != CustomerSummary.from_dict(summary(metadata={}, new=1))


def test_metadata_that_is_missing_is_still_a_format_error() -> None:
    data = customer()
    del data["metadata"]
    with pytest.raises(ResponseFormatError, match="metadata: missing"):
        Customer.from_dict(data)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_list_goes_on_past_odd_metadata_and_warns_once_without_the_value(
    odd: Any, client: Client, wire: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        summary(id=f"c-{n}", metadata=odd if n else {}, createdAt=f"2026-11-22T20:17:{20 - n}.000Z")
        for n in range(3)
    ]
    wire.get(f"{BASE}/customers", json=page(*rows))
    wire.get(f"{BASE}/customers/{ID}", json=envelope(detail(metadata=odd)))
    with caplog.at_level("WARNING", "customers_sdk"):
        assert [row.to_dict() for row in client.customers.list()] == rows
        assert client.customers.list_page().items[1].metadata == {}
        assert client.customers.retrieve(ID).extra == {"metadata": odd}
    (record,) = caplog.records
    assert record.getMessage() == (
        "the service returned a metadata that is not an object: it reads as {}, and the value is "
        "in extra['metadata'] (logged once per client)"
    )
    caplog.clear()
    with Client(KEY, APP, base_url=BASE) as another:
        another.customers.retrieve(ID)
        assert len(caplog.records) == 1


def test_a_walk_goes_on_past_a_row_nested_deeply(
    client: Client, wire: responses.RequestsMock, tmp_path: Path
) -> None:
    rows = [summary(id=f"c-{n}", createdAt=f"2026-11-22T20:17:{20 - n}.000Z") for n in range(3)]
    rows[1]["metadata"] = {"deep": 0}
    body = json.dumps(page(*rows)).replace('{"deep": 0}', f'{{"deep":{text(3_000)}}}')
    wire.get(f"{BASE}/customers", body=body)
    found = list(client.customers.list())
    assert [row.id for row in found] == ["c-0", "c-1", "c-2"]
    assert found[1] == CustomerSummary.from_dict({**rows[1], "metadata": {"deep": nested(3_000)}})
    export_customers(client, tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_bytes().splitlines()
    assert [codec.loads(line)["id"] for line in lines] == ["c-0", "c-1", "c-2"]
    export_customers(client, tmp_path / "all.csv")
    assert text(3_000) in (tmp_path / "all.csv").read_text("utf-8").replace('""', '"')


# --- metadata nested deeply


def nested(levels: int, kind: str = "object") -> Any:
    value: Any = "leaf"
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    return value


def text(levels: int, kind: str = "object") -> str:
    opened, closed = ("[", "]") if kind == "list" else ('{"a":', "}")
    return opened * levels + '"leaf"' + closed * levels


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize("levels", [90, 400, 1_030, 4_000, 9_000])
@pytest.mark.parametrize("kind", ["object", "list"])
def test_a_record_nested_deeply_can_be_read_written_compared_pickled_and_copied(
    levels: int, kind: str
) -> None:
    body = json.dumps(page(summary(metadata={"deep": 0}), summary())).replace(
        '{"deep": 0}', f'{{"deep":{text(levels, kind)}}}'
    )
    data = schema.unwrap(codec.loads(body.encode()))[0]
    record, other = schema.structure_list(data, CustomerSummary)
    assert other == CustomerSummary.from_dict(summary())
    written = record.to_dict()
    assert deep.equal(written["metadata"], {"deep": nested(levels, kind)})
    assert codec.encode(written["metadata"]).decode() == f'{{"deep":{text(levels, kind)}}}'
    same = CustomerSummary.from_dict(written)
    assert same == record
    assert hash(same) == hash(record)
    assert record not in (other, attrs.evolve(record, metadata={"deep": nested(levels + 1, kind)}))
    for again in (
        *(
            pickle.loads(pickle.dumps(record, protocol))  # noqa: S301
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
        copy.copy(record),
        copy.deepcopy(record),
    ):
        assert again == record
        assert type(again.metadata) is dict


def test_deep_members_without_a_field_are_like_deep_metadata() -> None:
    data = customer(wallets=[wallet(new=nested(3_000, "list"))], new=nested(3_000))
    record = Customer.from_dict(data)
    assert record == Customer.from_dict(record.to_dict())
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301
    assert codec.loads(codec.encode(record.to_dict()))["wallets"][0]["new"]


def test_the_pickler_in_python_takes_deep_metadata_too() -> None:
    record = Customer.from_dict(customer(metadata=nested(4_000)))
    file = io.BytesIO()
    pickle._Pickler(file).dump(record)  # type: ignore[attr-defined]
    assert pickle.loads(file.getvalue()) == record  # noqa: S301


def test_text_for_people_is_written_of_deep_json_too() -> None:
    assert codec.to_text({"a": [1, "é"]}, indent=1) == '{\n "a": [\n  1,\n  "\\u00e9"\n ]\n}'
    assert codec.to_text({"a": "é"}, ascii_only=False) == '{"a": "é"}'
    written = codec.to_text({"é": nested(3_000)}, ascii_only=False, indent=2)
    assert deep.equal(deep.loads(written), {"é": nested(3_000)})


def test_odd_metadata_is_never_what_was_sent() -> None:
    odd = Customer.from_dict(customer(metadata=12))
    assert differs({"metadata": {}}, odd) == "metadata"
    assert differs({"metadata": {}}, Customer.from_dict(customer(metadata={}))) is None


def test_what_contains_itself_ends_in_an_error() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = [loop, loop]
    record = attrs.evolve(Customer.from_dict(customer()), metadata=loop)
    for work in (record.to_dict, lambda: codec.encode(loop)):
        with pytest.raises(ValueError, match=r"contains itself|[Cc]ircular"):
            work()


# --- metadata that is sent


@pytest.mark.parametrize("levels", [1, 500, 1_000])
@pytest.mark.parametrize("kind", ["object", "list"])
def test_metadata_of_a_thousand_levels_is_sent(levels: int, kind: str) -> None:
    value = nested(levels - 1, kind)
    sent = _checks.customer_fields({"metadata": {"deep": value}})
    assert codec.dumps(sent["metadata"], "x").decode() == f'{{"deep":{text(levels - 1, kind)}}}'


@pytest.mark.parametrize("kind", ["object", "list"])
def test_metadata_of_more_levels_is_refused_in_a_short_text(kind: str) -> None:
    with pytest.raises(ValueError, match=r"^metadata is nested too deeply.* 1000 levels") as caught:
        _checks.metadata({"deep": nested(1_000, kind)})
    assert len(str(caught.value)) < 200


SURROGATE = "a\ud800b"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": SURROGATE}, "metadata.a contains a lone surrogate"),
        ({"a": [0, {"b": "\udfff"}]}, r"metadata.a\[1\].b contains a lone surrogate"),
        ({SURROGATE: 1}, "metadata has a key with a lone surrogate"),
        ({"a": [{SURROGATE: 1}]}, r"metadata.a\[0\] has a key with a lone surrogate"),
        ({"a": nested(900), "b": SURROGATE}, "metadata.b contains a lone surrogate"),
    ],
)
def test_a_lone_surrogate_in_metadata_is_refused_by_place(value: Any, place: str) -> None:
    with pytest.raises(ValueError, match=f"^{place}, which") as caught:
        _checks.customer_fields({"metadata": value})
    str(caught.value).encode()


def test_a_surrogate_pair_is_sent_and_text_fields_may_hold_a_lone_one() -> None:
    assert _checks.metadata({"a": "😀"}) == {"a": "😀"}
    assert _checks.customer_fields({"name": SURROGATE}) == {"name": SURROGATE}
    assert _checks.json_value({"a": SURROGATE}, "json") == {"a": SURROGATE}


def test_the_place_of_a_deep_mistake_is_short_and_printable() -> None:
    value: Any = {1: 2}
    for _ in range(900):
        value = {"some\ud800key": value}
    with pytest.raises(TypeError, match=r"^json\.some.*….* has a key of type int") as caught:
        _checks.json_value(value, "json")
    assert len(str(caught.value).encode()) < 300


TAGS = ["Decimal", "Raw", "Json", "Enum", "Param", "FieldRef", "DateTime", "BigInt", "Bytes"]


@pytest.mark.parametrize("tag", TAGS)
def test_metadata_that_would_be_stored_as_something_else_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=rf"^metadata has a '\$type' of '{tag}' at its top level"):
        _checks.customer_fields({"metadata": {"$type": tag, "value": "12"}})
    deeper = {"a": {"$type": tag, "value": "12"}}
    assert _checks.customer_fields({"metadata": deeper}) == {"metadata": deeper}


@pytest.mark.parametrize("value", ["DbNull", "customer", "decimal", 5, None, ["Raw"], {"a": 1}])
def test_another_type_in_metadata_is_an_ordinary_member(value: Any) -> None:
    assert _checks.metadata({"$type": value}) == {"$type": value}
