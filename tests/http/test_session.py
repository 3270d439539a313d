"""A session of the caller's own: everything on it counts, and nothing on it is changed."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

import customers_sdk
from customers_sdk import Client, RequestTimeoutError, TransportError
from customers_sdk._http import keys
from customers_sdk._http.session import Sender
from customers_sdk._settings import Secret
from tests.doubles import APP, BASE, ID, KEY, customer, detail, envelope, page

if TYPE_CHECKING:
    import responses


class Adapter(BaseAdapter):
    """A transport of the caller's."""

    def __init__(self, body: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.body = page() if body is None else body
        self.headers = headers or {}
        self.seen: list[requests.PreparedRequest] = []
        self.arguments: list[dict[str, Any]] = []
        self.closed = False

    def send(self, request: requests.PreparedRequest, **arguments: Any) -> requests.Response:  # type: ignore[override]
        from io import BytesIO

        self.seen.append(request)
        self.arguments.append(arguments)
        response = requests.Response()
        response.status_code = 200
        response.headers = CaseInsensitiveDict(self.headers)
        response.request = request
        response.url = str(request.url)
        response.raw = HTTPResponse(
            BytesIO(json.dumps(self.body).encode()),
            headers=self.headers,
            status=200,
            preload_content=False,
            original_response=None,
        )
        return response

    def close(self) -> None:
        self.closed = True


class Rigged:
    def __init__(self, session: requests.Session | None = None, **settings: Any) -> None:
        self.session = session or requests.Session()
        self.adapter = Adapter()
        self.session.mount("https://", self.adapter)
        self.client = Client(
            KEY, APP, base_url=BASE, session=self.session, max_retries=0, **settings
        )

    def ask(self) -> requests.PreparedRequest:
        self.client.customers.list_page()
        return self.adapter.seen[-1]


@pytest.fixture
def rigged() -> Rigged:
    return Rigged()


def test_a_mounted_adapter_carries_every_method(rigged: Rigged) -> None:
    rigged.ask()
    rigged.adapter.body = envelope(detail())
    assert rigged.client.customers.retrieve(ID).id == ID
    rigged.adapter.body = envelope(customer())
    assert rigged.client.customers.create(name="é").id == ID
    assert rigged.client.customers.update(ID, name="x").id == ID
    assert [request.method for request in rigged.adapter.seen] == ["GET", "GET", "POST", "PUT"]
    sent = rigged.adapter.seen[2]
    assert json.loads(sent.body) == {"appId": APP, "name": "é"}  # type: ignore[arg-type]
    assert sent.headers["Content-Length"] == str(len(sent.body or b""))
    assert sent.headers["x-api-key"] == KEY


def test_an_adapter_for_a_longer_prefix_wins_even_if_it_is_mounted_later(rigged: Rigged) -> None:
    rigged.ask()
    later = Adapter()
    rigged.session.mount(BASE, later)
    rigged.client.customers.list_page()
    assert len(rigged.adapter.seen) == len(later.seen) == 1


def test_headers_of_the_session_are_sent_and_ours_win(rigged: Rigged) -> None:
    rigged.session.headers.update({"X-Trace": "t-1", "x-api-key": "theirs", "Accept": "*/*"})
    headers = rigged.ask().headers
    assert headers["X-Trace"] == "t-1"
    assert headers["x-api-key"] == KEY
    assert headers["Accept"] == "application/json"


def test_auth_of_the_session_is_applied(rigged: Rigged) -> None:
    rigged.session.auth = ("user", "pass")
    assert rigged.ask().headers["Authorization"] == "Basic dXNlcjpwYXNz"


def test_auth_may_be_a_callable_that_sees_the_finished_request(rigged: Rigged) -> None:
    seen: list[Any] = []

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        seen.append((request.method, request.url, request.body))
        request.headers["X-Signature"] = "s"
        return request

    rigged.session.auth = sign  # type: ignore[assignment]
    rigged.adapter.body = envelope(customer())
    rigged.client.customers.create(name="x")
    assert rigged.adapter.seen[-1].headers["X-Signature"] == "s"
    assert seen[-1][0] == "POST"
    assert b'"name":"x"' in seen[-1][2]


def test_params_of_the_session_are_added_to_every_query(rigged: Rigged) -> None:
    rigged.session.params = {"tenant": "t 1"}
    url = str(rigged.ask().url)
    assert url.startswith(f"{BASE}/customers?")
    assert "tenant=t+1" in url
    assert f"appId={APP}" in url


def test_cookies_of_the_session_are_sent(rigged: Rigged) -> None:
    rigged.session.cookies.set("sticky", "node-1")
    assert rigged.ask().headers["Cookie"] == "sticky=node-1"
    rigged.session.cookies.set("sticky", "node-2")
    assert rigged.ask().headers["Cookie"] == "sticky=node-2"


def test_hooks_of_the_session_see_every_answer(rigged: Rigged) -> None:
    seen: list[int] = []
    rigged.session.hooks["response"].append(lambda response, **_: seen.append(response.status_code))
    rigged.ask()
    rigged.ask()
    assert seen == [200, 200]


def test_verify_cert_and_proxies_of_the_session_are_passed_on(rigged: Rigged) -> None:
    rigged.session.trust_env = False
    rigged.session.verify = "/ca.pem"
    rigged.session.cert = ("/c.pem", "/k.pem")
    rigged.session.proxies = {"https": "http://proxy.test:3128"}
    rigged.ask()
    (arguments,) = rigged.adapter.arguments
    assert arguments["verify"] == "/ca.pem"
    assert arguments["cert"] == ("/c.pem", "/k.pem")
    assert arguments["proxies"] == {"https": "http://proxy.test:3128"}
    assert arguments["stream"] is True


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda s: s.headers.update({"X-New": "1"}), lambda r, a: r.headers.get("X-New") == "1"),
        (
            lambda s: s.headers.pop("User-Agent"),
            lambda r, a: "customers-sdk" in r.headers["User-Agent"],
        ),
        (lambda s: setattr(s, "auth", ("u", "p")), lambda r, a: "Authorization" in r.headers),
        (lambda s: setattr(s, "params", {"a": "1"}), lambda r, a: "a=1" in r.url),
        (lambda s: s.params.update(a="1"), lambda r, a: "a=1" in r.url),
        (lambda s: s.cookies.set("c", "1"), lambda r, a: r.headers.get("Cookie") == "c=1"),
        (lambda s: setattr(s, "verify", "/x.pem"), lambda r, a: a["verify"] == "/x.pem"),
        (lambda s: setattr(s, "cert", "/x.pem"), lambda r, a: a["cert"] == "/x.pem"),
        (
            lambda s: s.proxies.update(https="http://p.test:1"),
            lambda r, a: a["proxies"].get("https") == "http://p.test:1",
        ),
    ],
)
def test_a_session_that_changes_after_the_first_call_is_read_again(
    change: Any, seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    rigged = Rigged()
    rigged.ask()
    change(rigged.session)
    request = rigged.ask()
    assert seen(request, rigged.adapter.arguments[-1])


def test_what_is_taken_back_is_gone(rigged: Rigged) -> None:
    rigged.session.auth = ("u", "p")
    assert "Authorization" in rigged.ask().headers
    rigged.session.auth = None
    assert "Authorization" not in rigged.ask().headers


def settings_of(session: requests.Session) -> Any:
    names = [n for n in session.__attrs__ if n not in ("adapters", "cookies")]
    return (
        {n: repr(getattr(session, n)) for n in names},
        dict(session.adapters),
        list(session.cookies),
    )


@pytest.mark.parametrize("auth", [None, ("u", "p")])
def test_a_session_is_neither_changed_nor_closed(auth: Any) -> None:
    session = requests.Session()
    rigged = Rigged(session)
    session.auth = auth
    before = settings_of(session)
    with rigged.client:
        rigged.ask()
        rigged.adapter.body = envelope(customer())
        rigged.client.customers.create()
    assert settings_of(session) == before
    assert not rigged.adapter.closed
    rigged.adapter.body = page()
    rigged.ask()


def test_two_clients_may_share_a_session() -> None:
    session = requests.Session()
    one, two = Rigged(session), None
    two = Client("nr_test_sk_another", "app-2", base_url=BASE, session=session)
    one.ask()
    two.customers.list_page()
    keys = [request.headers["x-api-key"] for request in one.adapter.seen]
    assert keys == [KEY, "nr_test_sk_another"]


def test_a_patched_send_sees_every_request() -> None:
    """As OpenTelemetry's instrumentation of `requests` does it."""
    client = Client(KEY, APP, base_url=BASE)
    adapter = Adapter()
    client._transport._process.sender._session.mount("https://", adapter)
    seen: list[str] = []
    original = requests.Session.send

    def send(self: Any, request: requests.PreparedRequest, **arguments: Any) -> Any:
        seen.append(f"{request.method} {request.url}")
        request.headers["traceparent"] = "00-1"
        return original(self, request, **arguments)

    with mock.patch.object(requests.Session, "send", send):
        client.customers.list_page(app_id=None)
    client.customers.list_page()
    assert seen == [f"GET {BASE}/customers?page=1&pageSize=20"]
    assert adapter.seen[0].headers["traceparent"] == "00-1"
    assert "traceparent" not in adapter.seen[1].headers


def test_a_subclass_may_send_and_prepare_in_its_own_way() -> None:
    class Own(requests.Session):
        sent = 0

        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            prepared = super().prepare_request(request)
            prepared.headers["X-Prepared"] = str(request.method)
            return prepared

        def send(self, request: requests.PreparedRequest, **arguments: Any) -> requests.Response:
            self.sent += 1
            return super().send(request, **arguments)

    session = Own()
    rigged = Rigged(session)
    rigged.adapter.body = envelope(customer())
    rigged.client.customers.create(name="x")
    sent = rigged.adapter.seen[-1]
    assert session.sent == 1
    assert sent.headers["X-Prepared"] == "POST"
    assert sent.headers["x-api-key"] == KEY
    assert json.loads(sent.body)["name"] == "x"  # type: ignore[arg-type]


def test_responses_works_with_and_without_a_session(wire: responses.RequestsMock) -> None:
    wire.get(f"{BASE}/customers", json=page())
    Client(KEY, APP, base_url=BASE).customers.list_page()
    Client(KEY, APP, base_url=BASE, session=requests.Session()).customers.list_page()
    assert len(wire.calls) == 2


@pytest.mark.parametrize("own", [True, False])
def test_netrc_adds_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wire: responses.RequestsMock, *, own: bool
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.example.test login thief password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    plain = requests.Session().prepare_request(requests.Request("GET", BASE))
    assert "Authorization" in plain.headers  # requests alone would
    wire.get(f"{BASE}/customers", json=page())
    client = Client(KEY, APP, base_url=BASE, session=None if own else requests.Session())
    client.customers.list_page()
    customised = requests.Session()
    customised.params = {"a": "1"}
    Client(KEY, APP, base_url=BASE, session=customised).customers.list_page()
    assert ["Authorization" in call.request.headers for call in wire.calls] == [False, False]


def test_a_session_of_our_own_keeps_no_cookies(wire: responses.RequestsMock) -> None:
    wire.get(f"{BASE}/customers", json=page(), headers={"Set-Cookie": "a=1; Path=/"})
    client = Client(KEY, APP, base_url=BASE)
    client.customers.list_page()
    client.customers.list_page()
    assert "Cookie" not in wire.calls[1].request.headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("own", [True, False])
def test_redirects_are_not_followed(
    status: int, wire: responses.RequestsMock, *, own: bool
) -> None:
    wire.post(f"{BASE}/customers", status=status, headers={"Location": "https://evil.test/steal"})
    session = None if own else requests.Session()
    client = Client(KEY, APP, base_url=BASE, session=session, max_retries=0)
    with pytest.raises(Exception, match="redirects are never followed"):
        client.customers.create()
    assert [call.request.url for call in wire.calls] == [f"{BASE}/customers"]


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (requests.ConnectTimeout("x"), TransportError),
        (requests.ReadTimeout("x"), RequestTimeoutError),
        (requests.exceptions.InvalidURL("x"), TransportError),
        (requests.exceptions.ChunkedEncodingError("x"), TransportError),
        (requests.exceptions.ProxyError("x"), TransportError),
    ],
)
def test_what_an_adapter_raises_becomes_one_of_our_errors(
    raised: Any, error: Any, rigged: Rigged
) -> None:
    with mock.patch.object(Adapter, "send", side_effect=raised), pytest.raises(error):
        rigged.ask()
    rigged.ask()


def test_environment_proxies_and_ca_bundle_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/bundle.pem")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    rigged = Rigged()
    rigged.ask()
    (arguments,) = rigged.adapter.arguments
    assert arguments["proxies"]["https"] == "http://proxy.test:3128"
    assert arguments["verify"] == "/bundle.pem"


def test_an_idle_pool_is_closed_with_the_client() -> None:
    client = Client(KEY, APP, base_url=BASE)
    with mock.patch.object(HTTPAdapter, "close") as close:
        client.close()
    assert close.called


# --- what Session.send is given -------------------------------------------------------------


def sent_by_hand(method: str, body: bytes | None, session: requests.Session) -> Any:
    headers = {"Accept": "application/json", "x-api-key": Secret(KEY)}
    own = {"x-request-id": "r-1", "Idempotency-Key": Secret("k")}
    if body is not None:
        own["Content-Type"] = "application/json"
    sender = Sender(BASE, headers, session)
    return sender.prepare(method, "/customers/a?page=1&search=a%20b", own, body)


@pytest.mark.parametrize("body", [None, b'{"a":1}'])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_request_equals_what_requests_prepares(method: str, body: bytes | None) -> None:
    session = requests.Session()
    ours = sent_by_hand(method, body, session)
    headers = {"Accept": "application/json", "x-api-key": KEY, "x-request-id": "r-1"}
    headers["Idempotency-Key"] = "k"
    if body is not None:
        headers["Content-Type"] = "application/json"
    url = f"{BASE}/customers/a?page=1&search=a%20b"
    theirs = session.prepare_request(requests.Request(method, url, headers=headers, data=body))
    assert vars(ours).keys() == vars(theirs).keys()
    for name, value in vars(theirs).items():
        assert type(getattr(ours, name)) is type(value), name
    for name in ("method", "url", "body", "_body_position"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert list(ours.headers.items()) == list(theirs.headers.items())
    for name, value in ours.headers.items():
        assert (type(name), type(value)) == (str, str)
    assert list(ours._cookies) == list(theirs._cookies) == []
    assert list(ours.hooks) == list(theirs.hooks)
    assert ours.copy().headers == ours.headers


@pytest.mark.parametrize("where", ["send", "prepare_request"])
def test_the_frames_that_prepare_a_request_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    client = Client(KEY, APP, base_url=BASE)
    monkeypatch.setattr(requests.Session, where, fail)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.customers.create(name="x", idempotency_key="k")
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    package = str(Path(customers_sdk.__file__).parent)
    shown = repr([each.locals for each in report.stack if each.filename.startswith(package)])
    assert "prepared" in shown or "'auth'" in shown
    assert KEY not in shown
    assert keys.scope(KEY, APP, "POST", "/customers", "k") not in shown
