"""What is wrong is refused by name before any request; what the service takes is sent."""

from __future__ import annotations

import json
import math
from collections import UserDict
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from customers_sdk import UNSET, Client, TransportError
from customers_sdk._checks import CUSTOMER_FIELDS
from tests.doubles import APP, BASE, ID, KEY, WALLET_ID, customer, page, wallet

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

LIMITED = ("email", "name", "external_id", "city", "state", "country")


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = [value]
    return value


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


BAD_TEXT = [5, True, 1.5, b"bytes", ["x"], {"x": 1}, object(), "a\0b", "\0"]
BAD_METADATA = [
    "text",
    5,
    True,
    [],
    [("a", 1)],
    {1: "x"},
    {None: "x"},
    {b"a": 1},
    {"a\0": 1},
    {"a": "x\0"},
    {"a": {"b": [1, {"c": "\0"}]}},
    {"a": [{"\0": 1}]},
    {"a": {2: 1}},
    {"a": math.nan},
    {"a": math.inf},
    {"a": [-math.inf]},
    {"a": 10**5000},
    {"a": {1, 2}},
    {"a": b"x"},
    {"a": object()},
    {"a": 1j},
    circular(),
    deep(100_000),
    {"a": "x" * 1_048_576},
]
BAD_IDS = [
    None,
    5,
    True,
    b"x",
    ["x"],
    "",
    " ",
    "\t",
    "\u3000",
    ".",
    "..",
    "a\0",
    "a\nb",
    "\r",
    "\x7f",
    "\ud800",
]
BAD_TIMEOUTS = [
    0, -1, "5", True, math.nan, math.inf, 10**400, 86_401, (1,), (1, 2, 3), (0, 1), (1, "2"), [1, None], {},  # noqa: E501
]  # fmt: skip
BAD_SECONDS = [0, -1, -0.0, "5", False, math.nan, math.inf, -math.inf, 10**400, 86_401, [5]]
BAD_COUNTS = [-1, 101, 2.0, "2", True, math.nan, 10**400, [1]]
BAD_KEYS = [5, True, b"x", "", " ", "\n", "a\nb", "a\0", "k" * 256, "😀" * 128]


def cases(name: str, values: list[Any], said: str | None = None) -> list[tuple[str, Any, str]]:
    return [(name, value, said or name) for value in values]


LIMIT_CASES = [
    *cases("timeout", BAD_TIMEOUTS),
    *cases("deadline", BAD_SECONDS),
    *cases("max_retries", BAD_COUNTS),
]
FIELD_CASES = [
    *(case for name in (*LIMITED, "address", "postal_code") for case in cases(name, BAD_TEXT)),
    *(case for name in LIMITED for case in cases(name, ["x" * 256, "😀" * 128, "x" * 10**6])),
    *cases("address", ["x" * 501, "😀" * 251]),
    *cases("postal_code", ["1" * 51, "😀" * 26]),
    *cases("metadata", BAD_METADATA),
]
KEY_CASES = cases("idempotency_key", BAD_KEYS)
APP_CASES = cases("app_id", [5, True, b"x", "", " ", "a\0", [APP]])
SIZE_CASES = cases("page_size", [0, -1, 101, 1.0, "20", True, None, math.nan, 10**400])
PREFETCH_CASES = cases("prefetch", [-1, 1.0, "2", True, None, math.nan, 10**400])
SEARCH_CASES = cases("search", [5, True, b"x", "a\0", ["x"], "x" * 256, "😀" * 128])
ADDRESS_CASES = cases(
    "wallet_address", [None, 5, b"x", "", " ", "\n", "\ufeff", "a\0", "x" * 67, "x" * 10**6]
)
CHAIN_CASES = cases("chain_id", [None, 0, -1, 1.0, "1", True, math.nan, 2**31, 10**400])
EXTERNAL_CASES = cases(
    "external_id", [None, 5, True, b"x", "", " ", "\u3000", "a\0", "x" * 256, "😀" * 128]
)
ID_CASES = cases("customer_id", BAD_IDS)

Good = dict[str, Any]
# Each method, arguments that are right, and each argument as it may be wrong.
METHODS: list[tuple[str, Good, list[tuple[str, Any, str]]]] = [
    ("create", {}, [*FIELD_CASES, *APP_CASES, *KEY_CASES, *LIMIT_CASES]),
    ("retrieve", {"customer_id": ID}, [*ID_CASES, *LIMIT_CASES]),
    ("update", {"customer_id": ID}, [*ID_CASES, *FIELD_CASES, *KEY_CASES, *LIMIT_CASES]),
    ("list", {}, [*PREFETCH_CASES, *SEARCH_CASES, *APP_CASES, *SIZE_CASES, *LIMIT_CASES]),
    (
        "list_page",
        {},
        [
            *cases("page", [0, -1, 1.0, "1", True, None, 2**63, 10**400]),
            *SEARCH_CASES,
            *APP_CASES,
            *SIZE_CASES,
            *LIMIT_CASES,
        ],
    ),
    (
        "add_wallet",
        {"customer_id": ID, "chain_id": 1, "wallet_address": "0x1"},
        [*ID_CASES, *CHAIN_CASES, *ADDRESS_CASES, *KEY_CASES, *LIMIT_CASES],
    ),
    (
        "remove_wallet",
        {"customer_id": ID, "wallet_id": WALLET_ID},
        [*ID_CASES, *cases("wallet_id", BAD_IDS), *LIMIT_CASES],
    ),
    (
        "find_by_external_id",
        {"external_id": "user-1"},
        [*EXTERNAL_CASES, *APP_CASES, *LIMIT_CASES],
    ),
    (
        "find_by_email",
        {"email": "ada@example.com"},
        [*cases("email", [None, "", " ", *BAD_TEXT, "x" * 256]), *APP_CASES, *LIMIT_CASES],
    ),
    *(
        (
            method,
            {"external_id": "user-1"},
            [
                *EXTERNAL_CASES,
                *(case for case in FIELD_CASES if case[0] != "external_id"),
                *APP_CASES,
                *KEY_CASES,
                *LIMIT_CASES,
                *cases("adopt", [None, 1, "yes"]),
                ("no_such_field", "x", "no_such_field"),
            ],
        )
        for method in ("get_or_create", "update_or_create")
    ),
    (
        "merge_metadata",
        {"customer_id": ID, "members": {"a": 1}},
        [
            *ID_CASES,
            *cases("members", [None, *BAD_METADATA[:-1]]),
            *cases("remove", [None, 5, "a", [5], [None], ["a"]]),
            *LIMIT_CASES,
        ],
    ),
]


def label(value: object) -> str:
    if isinstance(value, str):
        return value[:30]
    if isinstance(value, int) and value.bit_length() > 99:
        return "hugeint"
    return repr(value)[:20] if isinstance(value, (int, float, str)) else type(value).__name__


def by_argument(wrong: list[tuple[str, Any, str]]) -> list[tuple[str, str, list[Any]]]:
    """The cases of one argument together: one test each would take longer to set up than to run."""
    grouped: dict[tuple[str, str], list[Any]] = {}
    for name, value, said in wrong:
        grouped.setdefault((name, said), []).append(value)
    return [(*key, values) for key, values in grouped.items()]


TABLE = [
    pytest.param(method, good, *case, id=f"{method}-{case[0]}")
    for method, good, wrong in METHODS
    for case in by_argument(wrong)
]


class Mute(requests.Session):
    """A session that must not be asked to send."""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        pytest.fail(f"a request was sent: {request.method} {request.url}")


@pytest.fixture(scope="module")
def mute() -> Client:
    return Client(KEY, APP, base_url=BASE, session=Mute())


def test_the_mute_client_would_notice_a_request(mute: Client) -> None:
    with pytest.raises(pytest.fail.Exception, match="a request was sent: GET"):
        mute.customers.retrieve(ID)


def refusal_of(call: Callable[..., Any], arguments: dict[str, Any], name: str) -> str:
    """The text of the error that refuses the argument of this name."""
    try:
        call(**arguments)
    except (ValueError, TypeError) as error:
        return str(error)
    pytest.fail(f"{label(arguments[name])} was taken for {name}")


@pytest.mark.parametrize(("method", "good", "name", "said", "values"), TABLE)
def test_a_wrong_argument_is_named_and_nothing_is_sent(
    method: str, good: Good, name: str, said: str, values: list[Any], mute: Client
) -> None:
    for value in values:
        text = refusal_of(getattr(mute.customers, method), {**good, name: value}, name)
        assert said in text or text.startswith("what would be sent is too large"), label(value)
        if isinstance(value, str) and len(value) > 2:
            assert value not in text


@pytest.mark.parametrize("value", BAD_IDS, ids=ascii)
def test_a_wrong_id_is_a_value_error(value: Any, client: Client) -> None:
    with pytest.raises(ValueError, match="customer_id"):
        client.customers.retrieve(value)
    with pytest.raises(ValueError, match="wallet_id"):
        client.customers.remove_wallet(ID, value)


@pytest.mark.parametrize("value", ["", " ", "\n\t", "\u3000"])
def test_a_blank_external_id_is_a_value_error(value: str, client: Client) -> None:
    with pytest.raises(ValueError, match="external_id is empty or blank"):
        client.customers.find_by_external_id(value)


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"a": {"b": [0, math.nan]}}, r"metadata\.a\.b\[1\]"),
        ({"a": {"b": [0, {"c": "\0"}]}}, r"metadata\.a\.b\[1\]\.c"),
        ({"a": [{"\0": 1}]}, r"metadata\.a\[0\] has a key with a NUL"),
        ({"a": {5: 1}}, r"metadata\.a has a key of type int"),
        (circular(), "metadata is nested too deeply, or contains itself"),
    ],
)
def test_the_place_in_metadata_is_named(metadata: Any, place: str, client: Client) -> None:
    with pytest.raises((ValueError, TypeError), match=place):
        client.customers.create(metadata=metadata)


def test_an_argument_of_create_that_is_unset_is_wrong(client: Client) -> None:
    with pytest.raises(TypeError, match="email must be a string, not Unset"):
        client.customers.create(email=UNSET)  # type: ignore[arg-type]


def test_no_method_takes_what_it_does_not_know(client: Client) -> None:
    with pytest.raises(TypeError, match="no_such_field"):
        client.customers.create(no_such_field="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="app_id"):
        client.customers.update(ID, app_id=APP)  # type: ignore[call-arg]
    for verb in (client.customers.get_or_create, client.customers.update_or_create):
        with pytest.raises(TypeError, match=r"_or_create got an unexpected keyword .* 'phone'"):
            verb("user-1", phone=None)  # type: ignore[call-arg]


# --- client.request ------------------------------------------------------------------------

BAD_REQUESTS = [
    *cases("method", [None, 5, "", "HEAD", "GET /x", "GET\r\n", "TRACE", "CONNECT"]),
    *cases(
        "path",
        [
            None,
            5,
            b"/x",
            "",
            "customers",
            "https://evil.test/x",
            "//evil.test/x",
            "/",
            "/customers/",
            "/customers//x",
            "/ /x",
            "/.",
            "/..",
            "/../x",
            "/x/../y",
            "/x/./y",
            "/%2e%2e/x",
            "/%2E%2e",
            "/.%2e/x",
            "/%2e/x",
            "/\\evil.test",
            "\\\\evil.test",
            "/x\\..\\y",
            "/x?a=1",
            "/x#y",
            "/x\r\nHost: evil",
            "/x\0",
            "/x\ud800",
            "@evil.test/x",
            ".evil.test/x",
            ":1/x",
        ],
    ),
    *cases(
        "params", ["a=1", [("a", 1)], 5, {1: "x"}, {"a": object()}, {"a": {"b": 1}}, {"a": "\0"}]
    ),
    *cases(
        "params", [{"a": b"x"}, {"a": [object()]}, {"a": 10**5000}, {"a": math.nan}, {"\0": "x"}]
    ),
    *cases(
        "json", [math.nan, {"a": math.inf}, object(), {"a": b"x"}, {"a": "\0"}, {1: 2}, circular()]
    ),
    *cases("json", ["x" * 1_048_577, [10**5000], {1, 2}]),
    *cases(
        "headers",
        [
            "a: b",
            [("a", "b")],
            {"": "x"},
            {"a b": "x"},
            {"a:": "x"},
            {"a\r\nb": "x"},
            {5: "x"},
            {"a": 5},
            {"a": b"x"},
            {"a": None},
            {"a": "x\r\nx-api-key: y"},
            {"a": "x\n"},
            {"a": "x\0"},
            {"a": "ü"},
            {"x-api-key": "k"},
            {"X-API-KEY": "k"},
            {"Host": "evil.test"},
            {"Content-Length": "5"},
            {"Transfer-Encoding": "chunked"},
            {"Idempotency-Key": "k"},
            {"Connection": "close"},
        ],
    ),
    *KEY_CASES,
    *LIMIT_CASES,
]


@pytest.mark.parametrize(("name", "said", "values"), by_argument(BAD_REQUESTS))
def test_a_wrong_argument_of_a_request_is_named_and_nothing_is_sent(
    name: str, said: str, values: list[Any], mute: Client
) -> None:
    for value in values:
        arguments = {"method": "POST", "path": "/x", name: value}
        assert said in refusal_of(mute.request, arguments, name), label(value)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_key_on_a_method_that_ignores_it_is_refused(method: str, client: Client) -> None:
    with pytest.raises(ValueError, match="idempotency_key does nothing"):
        client.request(method, "/x", idempotency_key="k")


# --- the other side: what the service takes is sent ------------------------------------------


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {}),
        ({"name": ""}, {"name": ""}),
        ({"email": ""}, {"email": ""}),
        ({"external_id": ""}, {"externalId": ""}),
        ({"name": " "}, {"name": " "}),
        ({"address": "1 Main St\nApt 2"}, {"address": "1 Main St\nApt 2"}),
        ({"name": "tab\there \x01"}, {"name": "tab\there \x01"}),
        ({"email": "not an e-mail"}, {"email": "not an e-mail"}),
        ({"name": "😀" * 127 + "x"}, {"name": "😀" * 127 + "x"}),
        ({"name": "x" * 255}, {"name": "x" * 255}),
        ({"address": "😀" * 250}, {"address": "😀" * 250}),
        ({"postal_code": "1" * 50}, {"postalCode": "1" * 50}),
        ({"name": "a\ud800b"}, {"name": "a\ud800b"}),
        ({"metadata": {}}, {"metadata": {}}),
        ({"metadata": {"": ""}}, {"metadata": {"": ""}}),
        ({"metadata": {"a": [1, 2.5, None, True, {"b": []}]}},) * 2,
        ({"metadata": {"a": (1, 2)}}, {"metadata": {"a": [1, 2]}}),
        ({"metadata": UserDict(a=MappingProxyType({"b": 1}))}, {"metadata": {"a": {"b": 1}}}),
        ({"metadata": {"a": Level.HIGH}}, {"metadata": {"a": 3}}),
        ({"metadata": {"a": 2**64, "b": 10**400}},) * 2,
        ({"metadata": deep(100)},) * 2,
        ({"metadata": {"line\nbreak": "\x01"}},) * 2,
    ],
)
def test_create_sends_what_the_service_takes(
    fields: dict[str, Any], sent: dict[str, Any], client: Client, wire: responses.RequestsMock
) -> None:
    wire.post(f"{BASE}/customers", json={"success": True, "data": customer()}, status=201)
    client.customers.create(**fields)
    assert body(wire) == {"appId": APP, **sent}


def body(wire: responses.RequestsMock) -> Any:
    (call,) = wire.calls
    return json.loads(call.request.body)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {}),
        ({"name": UNSET}, {}),
        ({"name": None}, {"name": None}),
        ({"metadata": None}, {"metadata": None}),
        (
            dict.fromkeys(("email", "external_id", "postal_code")),
            {"email": None, "externalId": None, "postalCode": None},
        ),
        ({"name": "", "city": "Ω"}, {"name": "", "city": "Ω"}),
        ({"metadata": {"a": 1}}, {"metadata": {"a": 1}}),
    ],
)
def test_update_sends_none_as_null_and_leaves_out_what_is_unset(
    fields: dict[str, Any], sent: dict[str, Any], client: Client, wire: responses.RequestsMock
) -> None:
    wire.put(f"{BASE}/customers/{ID}", json={"success": True, "data": customer()})
    client.customers.update(ID, **fields)
    assert body(wire) == sent


def test_create_leaves_out_what_is_none(client: Client, wire: responses.RequestsMock) -> None:
    wire.post(f"{BASE}/customers", json={"success": True, "data": customer()}, status=201)
    client.customers.create(email=None, metadata=None, name="x")
    assert body(wire) == {"appId": APP, "name": "x"}


def test_metadata_is_sent_as_it_was_checked_even_if_it_changes_meanwhile(
    client: Client, wire: responses.RequestsMock
) -> None:
    class Turning(UserDict):  # type: ignore[type-arg]
        reads = 0

        def items(self) -> Any:
            Turning.reads += 1
            return [("a", 1 if Turning.reads == 1 else math.nan)]

    wire.post(f"{BASE}/customers", json={"success": True, "data": customer()}, status=201)
    client.customers.create(metadata=Turning())
    assert body(wire)["metadata"] == {"a": 1}


@pytest.mark.parametrize("chain", [1, 137, 2**31 - 1])
@pytest.mark.parametrize("address", ["0xABC", " 0xabc ", "x" * 66, "not an address", "\ufeff0x1"])
def test_add_wallet_leaves_chains_and_families_to_the_service(
    chain: int, address: str, client: Client, wire: responses.RequestsMock
) -> None:
    wire.post(
        f"{BASE}/customers/{ID}/wallets", json={"success": True, "data": wallet()}, status=201
    )
    client.customers.add_wallet(ID, chain_id=chain, wallet_address=address)
    assert body(wire) == {"chainId": chain, "walletAddress": address}


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, {"page": "1", "pageSize": "20", "appId": APP}),
        ({"app_id": None}, {"page": "1", "pageSize": "20"}),
        ({"app_id": UNSET, "page": 3}, {"page": "3", "pageSize": "20", "appId": APP}),
        ({"app_id": "other"}, {"page": "1", "pageSize": "20", "appId": "other"}),
        ({"search": "", "app_id": None}, {"page": "1", "pageSize": "20", "search": ""}),
        (
            {"search": "a&b=c #\n%+é😀", "app_id": None, "page_size": 100},
            {"page": "1", "pageSize": "100", "search": "a&b=c #\n%+é😀"},
        ),
        (
            {"search": "a\ud800", "app_id": None},
            {"page": "1", "pageSize": "20", "search": "a\ufffd"},
        ),
        (
            {"search": "😀" * 127, "app_id": None},
            {"page": "1", "pageSize": "20", "search": "😀" * 127},
        ),
        (
            {"page": (2**63 - 1) // 100, "page_size": 100, "app_id": None},
            {"page": str((2**63 - 1) // 100), "pageSize": "100"},
        ),
    ],
)
def test_the_query_of_a_list(
    arguments: dict[str, Any],
    query: dict[str, str],
    client: Client,
    wire: responses.RequestsMock,
) -> None:
    wire.get(f"{BASE}/customers", json=page())
    client.customers.list_page(**arguments)
    (call,) = wire.calls
    assert dict(parse_qsl(urlsplit(call.request.url).query, keep_blank_values=True)) == query


@pytest.mark.parametrize("idempotency_key", ["k", "k" * 255, "ключ", " padded ", "a b"])
def test_any_printable_key_may_be_given(
    idempotency_key: str, client: Client, wire: responses.RequestsMock
) -> None:
    wire.post(f"{BASE}/customers", json={"success": True, "data": customer()}, status=201)
    client.customers.create(idempotency_key=idempotency_key)
    assert idempotency_key not in wire.calls[0].request.headers["Idempotency-Key"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [(3, (3.0, 3.0)), (0.5, (0.5, 0.5)), ((1, 2), (1.0, 2.0)), ([1, 2], (1.0, 2.0))],
)
def test_timeouts_are_one_number_or_a_pair(
    given: Any, sent: Any, client: Client, wire: responses.RequestsMock
) -> None:
    wire.get(f"{BASE}/customers", json=page())
    client.customers.list_page(timeout=given)
    limits = wire.calls[0].request.req_kwargs["timeout"]
    assert (limits.connect_timeout, limits._read) == sent
    assert limits.total == pytest.approx(client._limits.deadline, abs=1)


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("%2e%2e", "%252e%252e"),
        ("..%2f", "..%252f"),
        ("../x", "..%2Fx"),
        ("...", "..."),
        ("a b", "a%20b"),
        ("é😀", "%C3%A9%F0%9F%98%80"),
        ("a\\b", "a%5Cb"),
        ("a:b@c;d=e&f+g,h", "a%3Ab%40c%3Bd%3De%26f%2Bg%2Ch"),
        (ID, ID),
    ],
)
def test_an_id_is_one_segment_whatever_it_holds(
    given: str, segment: str, client: Client, wire: responses.RequestsMock
) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: client.customers.retrieve(given),
        lambda: client.customers.update(given),
        lambda: client.customers.add_wallet(given, chain_id=1, wallet_address="x"),
        lambda: client.customers.remove_wallet(given, given),
    ]
    for call in calls:
        with pytest.raises(TransportError):  # nothing is registered
            call()
    urls = [call.request.url for call in wire.calls]
    one = f"{BASE}/customers/{segment}"
    assert urls == [one, one, f"{one}/wallets", f"{one}/wallets/{segment}"]


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/x", "/x"),
        ("/customers/a%2Fb", "/customers/a%2Fb"),
        ("/customers/é b", "/customers/%C3%A9%20b"),
        ("/x:y@evil.test/z", "/x:y@evil.test/z"),
        ("/@evil.test", "/@evil.test"),
        ("/...", "/..."),
        ("/%252e%252e", "/%252e%252e"),
    ],
)
def test_a_path_stays_below_the_base_url(
    path: str, url: str, client: Client, wire: responses.RequestsMock
) -> None:
    wire.get(f"{BASE}{url}", json={"success": True, "data": None})
    client.request("get", path)
    assert wire.calls[0].request.url == f"{BASE}{url}"


def test_every_public_argument_is_in_the_table() -> None:
    import inspect

    customers = Client(KEY, APP).customers
    for method in (customers.create, customers.update):
        missing = set(CUSTOMER_FIELDS) - set(inspect.signature(method).parameters)
        assert not missing, f"add {sorted(missing)} to the arguments of {method.__name__}"
    public = {name for name in dir(customers) if not name.startswith("_")}
    missing = public - {method for method, _, _ in METHODS}
    assert not missing, f"add a row for {sorted(missing)} to METHODS, with the values it refuses"
    for method, good, wrong in METHODS:
        parameters = inspect.signature(getattr(customers, method)).parameters
        names = {name for name in parameters if name != "fields"}
        missing = names - {name for name, _, _ in wrong}
        assert not missing, f"{method}: add values that it refuses for {sorted(missing)}"
        assert set(good) <= names
