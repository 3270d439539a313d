"""The schemas, the JavaScript effects and the query strings, one rule at a time."""

from __future__ import annotations

import inspect
import json
import math
from typing import Any

import pytest

from customers_sdk.sandbox.backend import Handle
from customers_sdk.sandbox.express import javascript, jsontext
from customers_sdk.sandbox.express.query import decode_component, parse_query
from customers_sdk.sandbox.service import columns, rules, shapes
from customers_sdk.sandbox.service.answers import Refusal
from customers_sdk.sandbox.service.database import ilike, tie_order

APP = "a1a1a1a1-0000-4000-8000-000000000001"
EVM = "0x" + "aB" * 20
SOLANA = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"


def messages(check: Any, value: Any) -> list[str]:
    with pytest.raises(Refusal) as caught:
        check(value)
    return str(caught.value.error["message"]).split("; ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (12345678901234567890.0, "12345678901234567000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (0.1 + 0.2, "0.30000000000000004"),
        (5e-324, "5e-324"),
        (123456.789, "123456.789"),
    ],
)
def test_numbers_print_as_javascript_prints_them(value: float, text: str) -> None:
    assert javascript.number_text(value) == text


def test_json_is_compact_and_keeps_characters_raw() -> None:
    value = {
        "a": [1.0, None, True, False, math.inf],
        "é\u2028": 'q"\\\n\x01',
    }
    assert (
        jsontext.stored_json(value)
        == '{"a":[1,null,true,false,null],"é\u2028":"q\\"\\\\\\n\\u0001"}'
    )


@pytest.mark.parametrize(
    "text", ['"x"', "1", "null", "", " ", "{", "[1,]", '{"a":NaN}', "{'a':1}", "[" * 100_000]
)
def test_a_body_is_strict_json_with_an_object_or_array_on_top(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.parse_body(text)


def test_every_number_of_a_body_is_a_double() -> None:
    assert jsontext.parse_body(" [1, 1e400, -0]") == [1.0, math.inf, 0.0]
    assert jsontext.parse_body("[" + "9" * 5000 + "]") == [math.inf]


def test_names_of_metadata_come_back_by_length_then_bytes_at_every_depth() -> None:
    text = jsontext.stored_json({"zz": 1, "b": [{"yy": 1, "x": 2}], "é": 2, "a": 3})
    assert text == '{"a":3,"b":[{"x":2,"yy":1}],"zz":1,"é":2}'


def test_array_indices_come_first_in_numeric_order() -> None:
    assert jsontext.stored_json({"a": 1, "10": 2, "2": 3}) == '{"2":3,"10":2,"a":1}'
    beyond = {"4294967295": 1, "4294967294": 2, "01": 3, "-1": 4, "b": 5}
    assert jsontext.stored_json(beyond) == ('{"4294967294":2,"b":5,"-1":4,"01":3,"4294967295":1}')


def test_proto_is_lost_at_every_depth() -> None:
    given = {"__proto__": 1, "a": [{"__proto__": {"x": 1}, "b": 2}]}
    assert jsontext.stored_json(given) == '{"a":[{"b":2}]}'


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\udfffb"])
@pytest.mark.parametrize("place", [lambda t: {"a": t}, lambda t: {t: 1}, lambda t: [[{"b": [t]}]]])
def test_nul_and_lone_surrogates_in_metadata_cannot_be_stored(text: str, place: Any) -> None:
    with pytest.raises(jsontext.UnstorableError):
        jsontext.stored_json(place(text))
    assert jsontext.stored_json({"a": "\U0001f600"}) == '{"a":"\U0001f600"}'


@pytest.mark.parametrize(
    ("opening", "closing", "stored", "refused"),
    [
        ("[", "]", 1999, 2000),
        ('{"a":', "}", 3999, 4000),
    ],
)
def test_metadata_nested_thousands_deep_is_stored(
    opening: str, closing: str, stored: int, refused: int
) -> None:
    def nested(levels: int) -> str:
        return f'{{"m":{opening * levels}[]{closing * levels}}}'

    text = nested(stored - (1 if opening == "[" else 3))
    assert jsontext.stored_json(jsontext.parse_body(text)) == text
    with pytest.raises(jsontext.UnstorableError):
        jsontext.stored_json(jsontext.parse_body(nested(refused)))


@pytest.mark.parametrize("levels", range(2998, 3001))
@pytest.mark.parametrize(
    "tail",
    [
        *("[1 2]", "[1,]", "{1:2}", '{"a" 1}', "]", "[1}", '{"a":1,}', "tru", "01", "1]", '"'),
        *("[][]", "1[]", "-[]", "{[]:1}", "[{]}", "NaN", "[Infinity]"),
    ],
)
def test_deep_json_is_as_strict_as_any(levels: int, tail: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.parse_json("[" * levels + tail + "]" * levels)


@pytest.mark.parametrize("levels", range(2998, 3001))
def test_deep_json_is_read_like_any(levels: int) -> None:
    inner = ' { "a" : [ -1.5e1 , "\\u00e9" , true , null ] , "b":{ } } '
    value = jsontext.parse_json("[" * levels + inner + "]" * levels + "\n")
    for _ in range(levels):
        [value] = value
    assert value == {"a": [-15.0, "é", True, None], "b": {}}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("", 0),
        ("  5 \n", 5),
        ("0x10", 16),
        ("0b11", 3),
        ("0o17", 15),
        ("1e1", 10),
        (".5", 0.5),
        ("5.", 5),
        ("+5", 5),
        ("-Infinity", -math.inf),
        (["7"], 7),
        ([], 0),
        ("0x" + "f" * 300, math.inf),
    ],
)
def test_query_numbers_are_read_as_number_does(value: Any, number: float) -> None:
    assert javascript.to_number(value) == number


@pytest.mark.parametrize(
    "value", ["abc", "1_0", "5px", "-0x10", "infinity", "NaN", ["1", "2"], {"a": "1"}, "\u0661"]
)
def test_what_number_does_not_read_is_nan(value: Any) -> None:
    assert math.isnan(javascript.to_number(value))


@pytest.mark.parametrize(
    "email",
    ["a@b.co", "Full.Name+tag@Example.com", "o'hara@sub.example.org", "_@a-b.cd", "x-@y.zz"],
)
def test_emails_that_zod_takes(email: str) -> None:
    assert rules.change({"email": email}) == {"email": email}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@b",
        "a@b.c",
        ".a@b.co",
        "a..b@c.de",
        "a.@b.co",
        "a@-b.co",
        "a@b.co ",
        "a@b.co\n",
        "é@b.co",
        "a b@c.de",
    ],
)
def test_emails_that_zod_refuses(email: str) -> None:
    assert messages(rules.change, {"email": email}) == ["email: Invalid email"]


def test_lengths_count_utf16_units() -> None:
    assert rules.change({"name": "😀" * 127})
    assert messages(rules.change, {"name": "😀" * 128}) == [
        "name: String must contain at most 255 character(s)"
    ]


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        ("name", 255),
        ("externalId", 255),
        ("address", 500),
        ("city", 255),
        ("state", 255),
        ("country", 255),
        ("postalCode", 50),
    ],
)
def test_each_field_has_its_limit(field: str, longest: int) -> None:
    assert rules.change({field: "x" * longest})
    text = f"{field}: String must contain at most {longest} character(s)"
    assert messages(rules.change, {field: "x" * (longest + 1)}) == [text]


def test_a_field_is_known_to_every_part_of_the_sandbox() -> None:
    accepted = set(rules._CUSTOMER_FIELDS)
    assert accepted == set(columns.COLUMNS), "rules.py and columns.py name other fields"
    missing = set(columns.COLUMNS.values()) - set(inspect.signature(Handle.add_customer).parameters)
    assert not missing, f"add {sorted(missing)} to add_customer in sandbox/seeding.py"
    row = dict.fromkeys([*columns.COLUMNS.values(), "id", "app_id"], "1")
    shown = json.loads(shapes.SHAPES["customers"]({**row, "created_at": 1, "updated_at": 1}) + "}")
    missing = set(columns.COLUMNS) - set(shown)
    assert not missing, f"add {sorted(missing)} to SHAPES in sandbox/service/shapes.py"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "boolean"), (1.0, "number"), ([], "array"), ({}, "object")],
)
def test_a_wrong_type_is_named(value: Any, kind: str) -> None:
    assert messages(rules.change, {"name": value}) == [f"name: Expected string, received {kind}"]


def test_an_update_without_fields_is_fine_and_unknown_fields_are_dropped() -> None:
    assert rules.change({}) == {}
    assert rules.change({"appId": 5, "noSuchField": 1, "name": ""}) == {"name": ""}


def test_a_create_needs_its_app() -> None:
    assert messages(rules.creation, {}) == ["appId: Required"]
    assert messages(rules.creation, {"appId": APP + "\n"}) == ["appId: Invalid uuid"]
    assert rules.creation({"appId": APP.upper()}) == {"appId": APP.upper()}


def test_a_body_that_is_no_object_has_an_issue_without_a_path() -> None:
    assert messages(rules.creation, []) == [": Expected object, received array"]


def test_the_issues_of_a_refused_list_come_in_the_order_of_the_schema() -> None:
    query = {"search": ["a"], "pageSize": "0", "page": "x", "appId": "1"}
    assert [text.partition(":")[0] for text in messages(rules.listing, query)] == [
        "appId",
        "page",
        "pageSize",
        "search",
    ]


def test_a_number_that_hides_its_to_string_cannot_be_read() -> None:
    for value in ({"toString": "1"}, [{"toString": "1"}]):
        with pytest.raises(javascript.PrimitiveError):
            javascript.to_number(value)
    assert math.isnan(javascript.to_number({"valueOf": "1"}))


def test_a_list_has_defaults_and_reads_numbers() -> None:
    assert rules.listing({}) == {"page": 1.0, "pageSize": 20.0}
    assert rules.listing({"page": " 2 ", "pageSize": "0x10", "foo": "1"}) == {
        "page": 2.0,
        "pageSize": 16.0,
    }


def test_one_number_can_break_several_rules() -> None:
    assert messages(rules.listing, {"page": "-1.5"}) == [
        "page: Expected integer, received float",
        "page: Number must be greater than 0",
    ]


@pytest.mark.parametrize(
    ("family", "given", "stored"),
    [
        ("evm", f"  {EVM}\n", EVM.lower()),
        ("evm", EVM.upper(), EVM.lower()),
        ("evm", f"\ufeff{EVM}\u3000", EVM.lower()),
        ("solana", SOLANA, SOLANA),
        ("sui", "BEEF", "0xbeef"),
        ("sui", "0X2", "0x2"),
        ("sui", "0x" + "0" * 63 + "2", "0x" + "0" * 63 + "2"),
    ],
)
def test_addresses_are_normalised_by_family(family: str, given: str, stored: str) -> None:
    rules.wallet({"chainId": 1.0, "walletAddress": given})
    assert rules.normalised_address(family, given) == stored


@pytest.mark.parametrize(
    ("family", "address"),
    [
        ("evm", SOLANA),
        ("evm", EVM[2:]),
        ("evm", "0x2"),
        ("solana", EVM),
        ("sui", SOLANA),
        ("solana", "0" * 32),
        ("solana", f" {SOLANA} "),
        ("solana", f"{SOLANA}\n"),
        ("evm", f"{EVM}\u0085"),
        ("sui", "\x1c0x2"),
    ],
)
def test_another_familys_address_is_refused(family: str, address: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid .* wallet address"):
        rules.normalised_address(family, address)


@pytest.mark.parametrize("chain_id", [True, "1", None, [1.0]])
def test_a_chain_id_is_a_number(chain_id: Any) -> None:
    [message] = messages(rules.wallet, {"chainId": chain_id, "walletAddress": EVM})
    assert message.startswith("chainId: Expected number, received ")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("%user%", "A USER here", True),
        ("%école%", "ÉCOLE", True),
        ("%u_er%", "user", True),
        ("%100\\%%", "100% off", True),
        ("%100\\%%", "1000", False),
        ("%a.c%", "abc", False),
        ("%\\%", "ends with %", True),
        ("%\\%", "back\\slash", False),
        ("%\\\\%", "back\\slash", True),
        ("%a%", "line\nwith a", True),
        ("%a%", None, False),
        ("%ΚΟΣ%", "ΝΙΚΟΣΑ", True),
        ("%κος%", "ΝΙΚΟΣ", False),
        ("%istanbul%", "İstanbul", True),
        ("%STRASSE%", "straße", False),
    ],
)
def test_search_is_ilike(pattern: str, text: str | None, matches: bool) -> None:  # noqa: FBT001
    assert ilike(pattern, text) is matches


def test_the_order_of_a_tie_hangs_on_page_size_and_page() -> None:
    ids = [str(number) for number in range(20)]
    orders = {
        (size, page): sorted(ids, key=lambda one: tie_order(size, page, one))
        for size in (2, 10)
        for page in (1, 2)
    }
    assert len({tuple(order) for order in orders.values()}) == 4
    assert orders[2, 1] == sorted(ids, key=lambda one: tie_order(2, 1, one))


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a[x]=1&a[y]=2", {"a": {"x": "1", "y": "2"}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a=x+y%20z", {"a": "x y z"}),
        ("a=%zz&b=%ff", {"a": "%zz", "b": "%ff"}),
        ("a", {"a": ""}),
        ("&&", {}),
        ("a=1=2", {"a": "1=2"}),
        ("[page]=2", {"page": "2"}),
        ("page%5B0%5D=2", {"page": ["2"]}),
        ("page[19]=1", {"page": ["1"]}),
        ("page[20]=1", {"page": {"20": "1"}}),
        ("&".join(["a=1"] * 20), {"a": ["1"] * 20}),
        ("&".join(["a=1"] * 21), {"a": {str(n): "1" for n in range(21)}}),
        ("s[20]=a&s[30]=b&s=c", {"s": {"20": "a", "30": "b", "31": "c"}}),
        ("s[30]=a&s[20]=b&s=c", {"s": {"20": "b", "30": "a", "31": "c"}}),
        ("s[x]=b&s=a", {"s": {"x": "b", "a": True}}),
        ("s[]=a&s[x]=b", {"s": {"0": "a", "x": "b"}}),
        ("s=a&s[x]=b", {"s": ["a", {"x": "b"}]}),
        ("s[1]=b&s[0]=a", {"s": ["a", "b"]}),
        ("s[x=1", {"s[x": "1"}),
        ("a[b][c][d][e][f][g]=1", {"a": {"b": {"c": {"d": {"e": {"f": {"[g]": "1"}}}}}}}),
        ("__proto__[x]=1&a[__proto__]=1", {"a": {}}),
        ("search=a]=b", {"search=a]": "b"}),
    ],
)
def test_query_strings_are_read_as_express_reads_them(
    query: str, parameters: dict[str, Any]
) -> None:
    assert parse_query(query) == parameters


@pytest.mark.parametrize("text", ["%", "%z1", "a%2", "%ff", "%c3"])
def test_a_path_segment_that_cannot_be_decoded_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_component(text)
