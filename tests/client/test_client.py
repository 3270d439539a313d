"""The client itself: its settings, where they come from, and what it never shows."""

from __future__ import annotations

import copy
import math
import pickle
import platform
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import requests

from customers_sdk import (
    ApiResponse,
    Client,
    ConfigurationError,
    Customers,
    CustomersError,
    __version__,
)
from tests.doubles import APP, BASE, KEY, page

if TYPE_CHECKING:
    import responses

BAD: list[tuple[str, Any]] = [
    *(
        ("api_key", value)
        for value in (
            "",
            5,
            b"nr_test_sk_x",
            " ",
            f" {KEY}",
            f"{KEY}\n",
            "nr_test_sk_a b",
            "nr_test_sk_a\0",
            "nr_test_sk_a\r\nx: y",
            "nr_test_sk",
            "nr_prod_sk_abc",
            "nr_test_xx_abc",
            "sk_test_abc",
            "nr_test_sk_é",
            "nr_test_pk_abc",
            "nr_live_pk_abc",
            ["k"],
        )
    ),
    *(("app_id", value) for value in ("", 5, b"a", " ", "a b", "a\n", "a\0", "\ta", [APP])),
    *(
        ("base_url", value)
        for value in (
            "",
            5,
            b"https://x.test",
            "api.example.test",
            "//x.test",
            "ftp://x.test",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            "https://:443",
            "https://x.test:99999",
            "https://x.test:port",
            "https://x .test",
            "https://x.test\n",
            "https://x.test\\@evil.test",
            "https://user:pass@x.test",
            "https://user@x.test",
            "https://x.test?a=1",
            "https://x.test#a",
            "https://x.test?",
            "https://[::1",
            "http://x.test",
            "http://10.0.0.1",
            "http://localhost.evil.test",
            "http://127.0.0.1.evil.test",
            "HTTP://x.test",
        )
    ),
    *(
        ("timeout", value)
        for value in (
            None,
            0,
            -1,
            "5",
            True,
            math.nan,
            math.inf,
            10**400,
            (1,),
            (1, 2, 3),
            (1, None),
            {},
        )
    ),
    *(("deadline", value) for value in (None, 0, -1, "5", True, math.nan, math.inf, 10**400, [1])),
    *(("max_retries", value) for value in (None, -1, 1.5, "2", True, 101, math.nan, 10**400)),
    *(("api_version", value) for value in ("", " ", 5, b"x", "a\nb", "a\0", "é", "2026\r\nx: y")),
    *(
        ("user_agent", value)
        for value in ("", " ", 5, b"x", "a\nb", "a\0", "é", "a\r\nx-api-key: y")
    ),
    *(("timeout", value) for value in (601, 5000, 30_000.0, (5, 20_000), (5000, 20))),
    *(("session", value) for value in ("x", 5, object(), requests.Session, requests)),
    *(("on_attempt", value) for value in ("print", 5, [])),
    *(("allow_http", value) for value in ("no", 1, None, "")),
]


@pytest.mark.parametrize(
    ("name", "value"), BAD, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BAD)]
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(name: str, value: Any) -> None:
    settings = {"api_key": KEY, "app_id": APP, "base_url": BASE, name: value}
    with pytest.raises(ConfigurationError, match=name) as caught:
        Client(**settings)
    assert isinstance(caught.value, (ValueError, CustomersError))
    assert caught.value.__cause__ is None
    if isinstance(value, str) and len(value.strip()) > 10:
        assert value.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "variable"), [("api_key", "NODERAILS_API_KEY"), ("app_id", "NODERAILS_APP_ID")]
)
def test_what_is_missing_says_where_it_could_have_come_from(missing: str, variable: str) -> None:
    settings = {"api_key": KEY, "app_id": APP}
    del settings[missing]
    with pytest.raises(
        ConfigurationError, match=f"{missing} is missing: pass it, or set {variable}"
    ):
        Client(**settings)


@pytest.mark.parametrize(
    ("name", "value"), BAD, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BAD)]
)
def test_a_wrong_setting_is_data_for_whoever_words_it(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(**{"api_key": KEY, "app_id": APP, "base_url": BASE, name: value})
    error = caught.value
    assert error.setting == name
    assert error.problem
    assert str(error).startswith(f"{name} {error.problem}")


def test_a_timeout_in_milliseconds_is_refused_with_a_hint() -> None:
    with pytest.raises(ConfigurationError, match=r"at most 600 seconds: .* not in millisec"):
        Client(KEY, APP, timeout=20_000)
    client = Client(KEY, APP, base_url=BASE, timeout=600, deadline=3600)
    with pytest.raises(ValueError, match="not in milliseconds"):
        client.customers.retrieve("c", timeout=(5, 5000))


class Stranger:
    """A session of another library, with all that one of `requests` has."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests.Session(), name)


@pytest.mark.parametrize(
    ("module", "name"), [("httpx", "Client"), ("niquests.sessions", "Session")]
)
def test_a_session_of_another_library_is_refused_in_words(module: str, name: str) -> None:
    stranger = type(name, (Stranger,), {"__module__": module})()
    refusal = f"session must be a requests.Session, not {module.partition('.')[0]}.{name}"
    with pytest.raises(ConfigurationError, match=refusal):
        Client(KEY, APP, session=stranger)


def test_a_stand_in_for_a_session_is_taken() -> None:
    for stand_in in (mock.create_autospec(requests.Session()), mock.Mock(spec=requests.Session)):
        assert Client(KEY, APP, session=stand_in)


def test_a_public_key_is_refused_in_so_many_words() -> None:
    with pytest.raises(ConfigurationError, match="public key"):
        Client("nr_live_pk_abc", APP)


def test_the_environment_fills_in_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", "nr_live_sk_fromenv")
    monkeypatch.setenv("NODERAILS_APP_ID", "app-from-env")
    monkeypatch.setenv("NODERAILS_BASE_URL", "https://env.example.test/v1/")
    client = Client()
    assert (client.base_url, client.app_id) == ("https://env.example.test/v1", "app-from-env")
    assert client.environment == "live"
    given = Client(KEY, APP, base_url=BASE)
    assert (given.base_url, given.app_id, given.environment) == (BASE, APP, "test")


def test_an_explicit_empty_setting_does_not_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", KEY)
    monkeypatch.setenv("NODERAILS_APP_ID", APP)
    for settings in ({"api_key": ""}, {"app_id": ""}, {"base_url": ""}):
        with pytest.raises(ConfigurationError):
            Client(**settings)  # type: ignore[arg-type]


def test_a_wrong_variable_is_refused_like_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", "nr_test_pk_abc")
    with pytest.raises(ConfigurationError, match="public key"):
        Client(app_id=APP)
    monkeypatch.setenv("NODERAILS_BASE_URL", "http://x.test")
    with pytest.raises(ConfigurationError, match="base_url is plain http"):
        Client(KEY, APP)


def test_without_any_setting_the_real_service_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client(KEY, APP).base_url == "https://api.noderails.com"
    monkeypatch.setenv("NODERAILS_BASE_URL", "")
    assert Client(KEY, APP).base_url == "https://api.noderails.com"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST:8787",
        "http://127.0.0.1:8787",
        "http://127.1.2.3",
        "http://[::1]:8787",
        "http://shop.localhost:80",
        "https://x.test",
        "https://x.test:8443/v1",
    ],
)
def test_loopback_and_https_need_no_permission(url: str) -> None:
    assert Client(KEY, APP, base_url=url).base_url == url


def test_plain_http_can_be_permitted() -> None:
    assert (
        Client(KEY, APP, base_url="http://10.0.0.1:80/", allow_http=True).base_url
        == "http://10.0.0.1:80"
    )


def test_the_repr_shows_address_app_and_environment_and_never_the_key() -> None:
    client = Client(KEY, APP, base_url=BASE)
    assert BASE in repr(client)
    assert APP in repr(client)
    assert "test key" in repr(client)
    assert "live key" in repr(Client("nr_live_sk_abcdef", APP))
    assert "unitunit" not in repr(client)


def everything(thing: Any, depth: int = 6) -> str:
    """What a debugger would show of an object and what hangs off it."""
    if depth == 0 or isinstance(thing, (int, float, bytes, type(None))):
        return ""
    shown = [repr(thing)]
    if isinstance(thing, dict):
        shown += [everything(value, depth - 1) for value in thing.values()]
    elif isinstance(thing, (list, tuple)):
        shown += [everything(value, depth - 1) for value in thing]
    elif hasattr(thing, "__dict__"):
        shown += [everything(value, depth - 1) for value in vars(thing).values()]
    return " ".join(shown)


def test_the_key_is_in_no_repr_below_the_client(
    client: Client, wire: responses.RequestsMock
) -> None:
    wire.get(f"{BASE}/customers", json=page())
    client.customers.list_page()
    assert wire.calls[0].request.headers["x-api-key"] == KEY
    shown = everything(client)
    assert "***" in shown
    assert KEY not in shown


@pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy])
def test_pickling_is_refused_with_what_to_do_instead(attempt: Any, client: Client) -> None:
    with pytest.raises(TypeError, match="make one in the process that needs it"):
        attempt(client)


def test_a_client_is_a_context_manager_and_closes_its_own_session() -> None:
    closed = []
    with Client(KEY, APP) as client:
        assert isinstance(client, Client)
        assert isinstance(client.customers, Customers)
        session = client._transport._process.sender._session
        session.close = lambda: closed.append(True)
        assert not closed
    assert closed == [True]
    client.close()


def test_an_error_leaves_the_with_statement() -> None:
    with pytest.raises(KeyError), Client(KEY, APP):
        raise KeyError


def test_every_request_carries_the_headers_of_the_contract(wire: responses.RequestsMock) -> None:
    wire.get(f"{BASE}/customers", json=page())
    client = Client(KEY, APP, base_url=BASE, api_version="2026-03-07", user_agent="shop/1.0")
    client.customers.list_page()
    headers = wire.calls[0].request.headers
    assert headers["x-api-key"] == KEY
    assert headers["Accept"] == "application/json"
    assert headers["NodeRails-Version"] == "2026-03-07"
    python = platform.python_version()
    assert headers["User-Agent"] == f"shop/1.0 customers-sdk/{__version__} python/{python}"
    assert len(headers["x-request-id"]) == 32
    assert "Idempotency-Key" not in headers
    assert "Content-Type" not in headers
    assert "Authorization" not in headers
    assert "Cookie" not in headers


def test_no_version_is_sent_unless_asked_for(client: Client, wire: responses.RequestsMock) -> None:
    wire.get(f"{BASE}/customers", json=page())
    client.customers.list_page()
    assert "NodeRails-Version" not in wire.calls[0].request.headers
    assert wire.calls[0].request.headers["User-Agent"].startswith("customers-sdk/")


def test_the_base_urls_path_is_kept(wire: responses.RequestsMock) -> None:
    wire.get("https://x.test/proxy/v1/customers", json=page())
    Client(KEY, APP, base_url="https://x.test/proxy/v1//").customers.list_page()
    assert wire.calls[0].request.url.startswith("https://x.test/proxy/v1/customers?")


# --- request -----------------------------------------------------------------------------------


def test_a_request_answers_with_what_is_in_the_envelope(
    client: Client, wire: responses.RequestsMock
) -> None:
    listed = page({"anything": [1]})
    wire.get(f"{BASE}/invoices", json=listed, headers={"X-Request-Id": "r-9", "ETag": "W/1"})
    response = client.request("GET", "/invoices", params={"q": "a b", "n": [1, 2], "z": None})
    assert isinstance(response, ApiResponse)
    assert response.status == 200
    assert response.data == [{"anything": [1]}]
    assert response.pagination == listed["pagination"]
    assert response.request_id == "r-9"
    assert response.headers["etag"] == "W/1"
    assert response.replayed is False
    assert response.idempotency_key is None
    assert response.attempts == 1
    assert response.elapsed >= 0
    assert repr(response) == "<ApiResponse 200, request id r-9>"
    assert wire.calls[0].request.url == f"{BASE}/invoices?q=a%20b&n=1&n=2"


def test_a_request_id_that_the_service_does_not_echo_is_our_own(
    client: Client, wire: responses.RequestsMock
) -> None:
    wire.get(f"{BASE}/x", json={"success": True, "data": None})
    response = client.request("GET", "/x")
    assert response.request_id == wire.calls[0].request.headers["x-request-id"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_write_carries_json_and_a_scoped_key(
    method: str, client: Client, wire: responses.RequestsMock
) -> None:
    wire.add(method, f"{BASE}/x", json={"success": True, "data": 1}, status=201)
    response = client.request(method, "/x", json={"a": None}, idempotency_key="order-1")
    sent = wire.calls[0].request
    assert sent.body == b'{"a":null}'
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Content-Length"] == "10"
    assert len(sent.headers["Idempotency-Key"]) == 64
    assert response.idempotency_key == "order-1"
    drawn = client.request(method, "/x")
    assert len(drawn.idempotency_key or "") == 32
    assert wire.calls[1].request.body is None


def test_a_delete_carries_no_key(client: Client, wire: responses.RequestsMock) -> None:
    wire.delete(f"{BASE}/x", status=204)
    response = client.request("delete", "/x")
    assert (response.status, response.data) == (204, None)
    assert "Idempotency-Key" not in wire.calls[0].request.headers


def test_a_request_takes_headers_of_the_callers(
    client: Client, wire: responses.RequestsMock
) -> None:
    wire.get(f"{BASE}/x", json={"success": True, "data": 1})
    client.request("GET", "/x", headers={"If-None-Match": "W/1", "accept": "text/csv"})
    headers = wire.calls[0].request.headers
    assert headers["If-None-Match"] == "W/1"
    assert headers["Accept"] == "text/csv"
    assert headers["x-api-key"] == KEY
