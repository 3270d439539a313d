"""``customers doctor``: each thing that can be wrong is found, and said what to do about."""

from __future__ import annotations

import datetime as dt
import socket
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import trustme

from customers_sdk import AuthenticationError, Client, TransportError
from customers_sdk.cli.doctor import _network, _service, _setup
from tests.loopback import Loopback, Proxy, tls_context

if TYPE_CHECKING:
    from pathlib import Path

    from customers_sdk.sandbox import Sandbox
    from tests.cli.conftest import Customers as Run

SECRET = "nr_test_sk_hushhushhush0001"
CHECKS = ["python", "packages", "key", "app", "base URL", "proxy", "DNS", "connection", "TLS"]


class Wrong(NamedTuple):
    """The first thing that is wrong."""

    code: int
    check: str
    told: str


@pytest.fixture
def first_wrong(customers: Run) -> Any:
    def look() -> Wrong:
        done = customers("doctor", "--json")
        assert "hush" not in done.out
        wrongs = [record for record in done.records if record["state"] == "wrong"]
        assert wrongs, done.out
        assert wrongs[0]["advice"]
        told = f"{wrongs[0]['found']} {wrongs[0]['advice']}"
        assert "customers doctor" not in told
        return Wrong(done.code, wrongs[0]["check"], told)

    return look


def test_nothing_is_wrong_with_a_set_up_that_works(sandbox: Sandbox, customers: Run) -> None:
    sandbox.add_customer()
    done = customers("doctor")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[-1] == "No problems found."
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert sandbox.api_key not in done.out
    records = customers("doctor", "--json").records
    assert [record["check"] for record in records] == [*CHECKS, "service", "customers"]
    assert {record["state"] for record in records} == {"ok"}
    assert "has 1." in records[-1]["found"]


def test_it_only_reads(sandbox: Sandbox, customers: Run) -> None:
    sandbox.add_customer()
    customers("doctor")
    assert {each.method for each in sandbox.requests} == {"GET"}


def test_an_app_of_another_merchant_is_found_out(
    sandbox: Sandbox, first_wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = sandbox.add_app(merchant_id=sandbox.add_merchant())
    sandbox.add_customer(app_id=app)
    monkeypatch.setenv("NODERAILS_APP_ID", app)
    found = first_wrong()
    assert (found.check, found.code) == ("app", 4)
    assert "belong to another merchant" in found.told


@pytest.mark.parametrize(
    ("name", "value", "check", "told"),
    [
        ("NODERAILS_API_KEY", "", "key", "is not set. Run: export NODERAILS_API_KEY=nr_test_sk_…"),
        ("NODERAILS_API_KEY", "hush", "key", "must look like nr_test_sk_…"),
        ("NODERAILS_API_KEY", f"{SECRET}\n", "key", "line ends around it off"),
        ("NODERAILS_API_KEY", f'"{SECRET}"', "key", "Take the quotes off"),
        ("NODERAILS_API_KEY", "nr_test_pk_hush", "key", "is a public key"),
        ("NODERAILS_APP_ID", "", "app", "is not set"),
        ("NODERAILS_APP_ID", "shop", "app", "is 'shop', which is not a UUID"),
        ("NODERAILS_APP_ID", SECRET, "app", "is not a UUID"),
        ("NODERAILS_APP_ID", "a b", "app", "blanks"),
        ("NODERAILS_BASE_URL", "127.0.0.1:8787", "base URL", "Put https:// before the host, or"),
        ("NODERAILS_BASE_URL", "htp://example.com", "base URL", "Put https:// before the host"),
        ("NODERAILS_BASE_URL", "http://example.com", "base URL", "in the clear. Use https."),
        ("NODERAILS_BASE_URL", "https://a:hush@example.com", "base URL", "must not hold a user"),
        ("NODERAILS_BASE_URL", "https://example.com?a", "base URL", "Write it like https://api."),
    ],
)
def test_a_wrong_setting_is_2(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    first_wrong: Any,
    name: str,
    value: str,
    check: str,
    told: str,
) -> None:
    monkeypatch.setenv(name, value)
    found = first_wrong()
    assert (found.code, found.check) == (2, check)
    assert f"{name} " in found.told
    assert told in found.told
    assert not sandbox.requests


def test_the_network_is_looked_at_although_the_key_is_missing(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NODERAILS_API_KEY")
    done = customers("doctor")
    assert done.code == 2
    assert "accepts connections" in done.out
    assert done.out.endswith("1 problem found.\n")


@pytest.mark.parametrize("package", ["requests", "urllib3"])
def test_a_package_that_is_too_old_or_missing_is_2(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, first_wrong: Any, package: str
) -> None:
    monkeypatch.setattr(_setup, "requires", lambda _: [f"{package}>=999.0", 'x>=1; extra == "y"'])
    found = first_wrong()
    assert (found.code, found.check) == (2, "packages")
    assert "older than 999.0" in found.told

    def missing(_: str) -> str:
        raise _setup.PackageNotFoundError

    monkeypatch.setattr(_setup, "version", missing)
    assert "requests is not installed" in first_wrong().told


def test_the_installed_package_says_which_versions_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = ["requests>=2.28.0", "attrs>=23.1.0", 'orjson>=3.10.0; extra == "speed"']
    monkeypatch.setattr(_setup, "requires", lambda _: wanted)
    assert _setup._least_versions() == {"requests": "2.28.0", "attrs": "23.1.0"}


def test_a_name_that_is_nobodys_is_5(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, first_wrong: Any
) -> None:
    monkeypatch.setenv("NODERAILS_BASE_URL", "https://service.invalid")
    found = first_wrong()
    assert (found.code, found.check) == (5, "DNS")
    assert "service.invalid cannot be resolved" in found.told


def test_a_port_where_nobody_listens_is_5(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, first_wrong: Any
) -> None:
    monkeypatch.setenv("NODERAILS_BASE_URL", "http://127.0.0.1:9")
    found = first_wrong()
    assert (found.code, found.check) == (5, "connection")
    assert "refuses connections" in found.told
    assert '"customers sandbox"' in found.told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError("timed out"), "does not respond within"),
        (OSError(113, "No route to host"), "cannot be reached: No route to host"),
    ],
)
def test_a_machine_that_cannot_be_reached_is_5(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    first_wrong: Any,
    error: OSError,
    told: str,
) -> None:
    def fail(*_: Any) -> Any:
        raise _network.socket.timeout if isinstance(error, TimeoutError) else error

    monkeypatch.setattr(_network.socket, "create_connection", fail)
    found = first_wrong()
    assert (found.code, found.check) == (5, "connection")
    assert told in found.told


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        (("fail_next", 401), 4, "For the sandbox, copy the lines that it prints when it starts."),
        (("database_down",), 5, "The key may be right: wait"),
        (("fail_next", 403), 4, "suspended"),
        (("fail_next", 400), 4, "Check NODERAILS_APP_ID"),
        (("fail_next", 429), 5, "Too many requests"),
        (("fail_next", 500), 4, "quote the request id"),
        (("fail_next", 503), 5, "is failing: try again later"),
        (("html_next", 200), 5, "Something other than the service"),
        (("html_next", 403), 5, "Something other than the service"),
        (("html_next", 502), 5, "is failing"),
        (("drop_answer_next",), 5, "no response came"),
    ],
)
def test_what_the_service_answers_is_explained(
    sandbox: Sandbox, first_wrong: Any, fault: tuple[Any, ...], code: int, told: str
) -> None:
    getattr(sandbox, fault[0])(*fault[1:])
    found = first_wrong()
    assert (found.code, found.check) == (code, "service")
    assert told in found.told
    assert "request id" in found.told


@pytest.mark.parametrize("path", ["/v1", "/customers"])
def test_a_path_too_many_in_the_base_url_is_pointed_at(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, first_wrong: Any, path: str
) -> None:
    monkeypatch.setenv("NODERAILS_BASE_URL", f"{sandbox.base_url}{path}")
    found = first_wrong()
    assert (found.code, found.check) == (2, "service")
    assert found.told.endswith("Take the path off NODERAILS_BASE_URL.")


def test_an_empty_app_may_be_one_that_does_not_exist(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert customers("doctor", "--json").records[-1]["state"] == "note"
    sandbox.add_customer()
    monkeypatch.setenv("NODERAILS_APP_ID", "00000000-0000-4000-8000-000000000000")
    done = customers("doctor")
    assert done.code == 0
    found = "note   customers:  The app has none, as has an app that does not exist. The merchant's"
    assert f"{found} other apps have 1, the newest in app {sandbox.app_id}." in done.out
    assert done.out.endswith("No problems found. NODERAILS_APP_ID could not be checked.\n")


def test_plain_http_to_another_machine_is_for_those_who_permit_it(
    sandbox: Sandbox, customers: Run, first_wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = sandbox.base_url.replace("127.0.0.1", "sandbox.test")
    resolve = socket.getaddrinfo

    def to_this_machine(host: Any, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "sandbox.test" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", to_this_machine)
    monkeypatch.setenv("NODERAILS_BASE_URL", elsewhere)
    assert "run: export NODERAILS_ALLOW_HTTP=1" in first_wrong().told
    monkeypatch.setenv("NODERAILS_ALLOW_HTTP", "yes")
    assert customers("list").code == 2
    monkeypatch.setenv("NODERAILS_ALLOW_HTTP", "1")
    assert customers("create", "--external-id=u-1").code == 0
    done = customers("doctor", "--json")
    assert done.code == 0
    notes = [each["check"] for each in done.records if each["state"] == "note"]
    assert notes == ["base URL", "TLS"]


def test_a_wrong_key_of_the_service_itself_is_replaced_in_the_dashboard() -> None:
    refused = AuthenticationError(status=401, code="AUTHENTICATION_ERROR")
    assert "make a new one in the dashboard" in _service._advice(refused, "https://api.example")


def test_a_clock_that_is_off_is_worth_a_note(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for off, told in ((7200, "behind"), (-7200, "ahead of")):
        clock = SimpleNamespace(time=lambda off=off: time.time() + off, monotonic=time.monotonic)
        monkeypatch.setattr(_service, "time", clock)
        note = customers("doctor", "--json").records[-1]
        assert (note["check"], note["state"]) == ("clock", "note")
        assert told in note["found"]


def page(sock: socket.socket) -> None:
    while sock.recv(65536):
        sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>\n"
        )


class Secure(NamedTuple):
    """A certificate authority, and a way to serve under one of its certificates."""

    authority: trustme.CA
    monkeypatch: pytest.MonkeyPatch
    folder: Path

    def serve(self, name: str = "localhost", **options: Any) -> Loopback:
        """Answer over TLS with a page of HTML, on a port that the settings name."""
        server = Loopback(page, tls_context(self.authority, name, **options))
        self.name(server.port)
        return server

    def name(self, port: int) -> None:
        self.monkeypatch.setenv("NODERAILS_BASE_URL", f"https://localhost:{port}")

    def trust(self) -> None:
        bundle = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(bundle))
        self.monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@pytest.fixture
def secure(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Secure:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return Secure(trustme.CA(), monkeypatch, tmp_path)


def test_a_certificate_that_is_trusted_says_until_when(secure: Secure, customers: Run) -> None:
    secure.trust()
    with secure.serve():
        done = customers("doctor")
    (line,) = (line for line in done.out.splitlines() if " TLS:" in line)
    assert line.startswith("ok ")
    assert "is good until" in line
    assert "ca.pem" in line
    assert "Something other than the service" in done.out


def test_a_certificate_of_nobody_known_is_5(secure: Secure, first_wrong: Any) -> None:
    with secure.serve():
        found = first_wrong()
    assert (found.code, found.check) == (5, "TLS")
    assert "certificate" in found.told
    assert "REQUESTS_CA_BUNDLE" in found.told


def test_a_certificate_of_somebody_else_is_5(secure: Secure, first_wrong: Any) -> None:
    secure.trust()
    with secure.serve("elsewhere.example"):
        found = first_wrong()
    assert (found.code, found.check) == (5, "TLS")
    assert "mismatch" in found.told
    assert "another server responds" in found.told


def test_a_certificate_that_has_expired_is_5(secure: Secure, first_wrong: Any) -> None:
    secure.trust()
    past = dt.datetime(2021, 1, 1, tzinfo=dt.timezone.utc)
    with secure.serve("localhost", not_after=past):
        found = first_wrong()
    assert (found.code, found.check) == (5, "TLS")
    assert "expired" in found.told
    assert "has to be renewed" in found.told


def test_a_certificate_that_ends_soon_is_worth_a_note(secure: Secure, customers: Run) -> None:
    secure.trust()
    soon = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=3)
    with secure.serve("localhost", not_after=soon):
        records = customers("doctor", "--json").records
    (tls,) = (record for record in records if record["check"] == "TLS")
    assert tls["state"] == "note"


def test_a_server_that_speaks_no_tls_is_5(secure: Secure, first_wrong: Any) -> None:
    with Loopback(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")) as server:
        secure.name(server.port)
        found = first_wrong()
    assert (found.code, found.check) == (5, "TLS")
    assert "may not speak TLS" in found.told


def test_a_bundle_that_is_not_there_or_is_none_is_2(secure: Secure, first_wrong: Any) -> None:
    empty = secure.folder / "empty.pem"
    with secure.serve():
        secure.monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(empty))
        found = first_wrong()
        assert (found.code, found.check) == (2, "TLS")
        assert "There is no CA bundle" in found.told
        empty.write_text("nothing", "utf-8")
        assert "cannot be read" in first_wrong().told


def test_a_proxy_is_named_without_its_credentials_and_gone_through(
    secure: Secure, customers: Run
) -> None:
    secure.trust()
    credentials = "Proxy-Authorization: Basic bWU6aHVzaA=="
    with secure.serve() as server, Proxy(server.port, credentials) as proxy:
        secure.monkeypatch.setenv("HTTPS_PROXY", f"http://me:hush@127.0.0.1:{proxy.port}")
        done = customers("doctor")
    assert f"go through http://***@127.0.0.1:{proxy.port}" in done.out
    assert "hush" not in done.out
    assert "is good until" in done.out
    assert any(head.startswith(f"CONNECT localhost:{server.port} ") for head in proxy.heads)


def test_a_proxy_that_lets_nobody_through_is_5(secure: Secure, first_wrong: Any) -> None:
    with secure.serve() as server, Proxy(server.port, "never") as proxy:
        secure.monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        found = first_wrong()
    assert (found.code, found.check) == (5, "proxy")
    assert "407" in found.told
    assert "Put the right user name and password into the proxy's URL." in found.told


def test_a_user_without_a_password_is_not_named_to_a_proxy_as_requests_does_not(
    secure: Secure, first_wrong: Any
) -> None:
    secure.trust()
    with secure.serve() as server, Proxy(server.port, "Proxy-Authorization: Basic bWU6") as proxy:
        secure.monkeypatch.setenv("HTTPS_PROXY", f"http://me@127.0.0.1:{proxy.port}")
        with pytest.raises(TransportError), Client(max_retries=0) as client:
            client.customers.list_page()
        found = first_wrong()
    assert (found.code, found.check) == (5, "proxy")
    assert "407" in found.told


def test_a_proxy_that_forbids_the_host_is_a_case_for_its_operator(
    secure: Secure, first_wrong: Any
) -> None:
    def forbid(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with secure.serve(), Loopback(forbid) as proxy:
        secure.monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        found = first_wrong()
    assert (found.code, found.check) == (5, "proxy")
    assert "403 Forbidden. Ask the proxy's operator to let localhost through" in found.told
    assert "407" not in found.told


@pytest.mark.parametrize(
    ("proxy", "check", "code", "told"),
    [
        ("http://me:hush@127.0.0.1:9", "connection", 5, "That is the proxy."),
        ("http://me:hush@proxy.invalid:3128", "DNS", 5, "Fix HTTPS_PROXY"),
        ("http://me:hush@127.0.0.1:port", "proxy", 2, "Write it as http://user:password@host:port"),
        ("http://me:hush[@127.0.0.1:9", "proxy", 2, "percent-encoded, such as %5B for [."),
        ("socks5://me:hush@127.0.0.1:9", "proxy", 2, "requests[socks]"),
    ],
)
def test_a_proxy_that_does_not_work_is_named(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    first_wrong: Any,
    proxy: str,
    check: str,
    code: int,
    told: str,
) -> None:
    monkeypatch.setattr(_network, "find_spec", lambda _: None)
    monkeypatch.setenv("NODERAILS_BASE_URL", "https://service.example")
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    found = first_wrong()
    assert (found.code, found.check) == (code, check)
    assert told in found.told


def test_a_proxy_that_is_not_used_is_mentioned(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    done = customers("doctor")
    assert done.code == 0
    assert "None for 127.0.0.1 although HTTP_PROXY is set" in done.out
