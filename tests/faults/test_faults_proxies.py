"""What is said of a write is true: through proxies, with hooks, with adapters that retry."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from customers_sdk import (
    ApiError,
    AuthenticationError,
    Client,
    ConfigurationError,
    ConflictError,
    CustomersError,
    RequestTimeoutError,
    TransportError,
)
from tests.faults import behaviours as do
from tests.faults.server import Behaviour, Server, message
from tests.faults.service import MakeClient
from tests.faults.table import Place
from tests.loopback import Proxy, refusing_port, tls_context

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.service import Service

WAYS = pytest.mark.parametrize("way", ["forward", "tunnel"])


@contextmanager
def through(
    way: str, service: Service, connect: MakeClient, monkeypatch: pytest.MonkeyPatch, ca: Path
) -> Iterator[tuple[Server, Client, Proxy]]:
    """A client whose requests go through a proxy."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca))
    tls = tls_context(authority, "service.invalid") if way == "tunnel" else None
    with Server(service=service, tls=tls) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
        url = f"{'https' if tls else 'http'}://service.invalid"
        yield server, connect(url, allow_http=True), proxy


@WAYS
@pytest.mark.parametrize("lost", [do.reset, do.close, do.close_mid_body])
def test_a_write_that_was_carried_out_behind_a_proxy_is_retried_under_its_key(
    way: str,
    lost: Behaviour,
    service: Service,
    connect: MakeClient,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with through(way, service, connect, monkeypatch, tmp_path / "ca.pem") as (server, client, _):
        server.then(lost)
        assert client.customers.create(name="Ada").name == "Ada"
        first, second = server.keys
        assert first == second
        assert place.created() == 1
        server.then(*[lost] * 3)
        with pytest.raises(TransportError) as caught:
            client.customers.create(name="Ada")
        assert caught.value.outcome_unknown
        assert caught.value.attempts == 3
        server.then(lost)
        assert client.customers.list_page().total == 3  # a read is retried


@WAYS
def test_a_write_that_is_not_answered_behind_a_proxy_is_in_doubt(
    way: str,
    service: Service,
    connect: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with through(way, service, connect, monkeypatch, tmp_path / "ca.pem") as (server, client, _):
        server.then(do.hang)
        with pytest.raises(RequestTimeoutError) as caught:
            client.customers.create(name="Ada", timeout=0.3)
    assert caught.value.outcome_unknown
    assert caught.value.attempts == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_was_sent_nothing(
    scheme: str, connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_port() as port:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(TransportError, match="through the proxy") as caught:
            connect(f"{scheme}://service.invalid", allow_http=True).customers.create(name="Ada")
    assert not caught.value.outcome_unknown
    assert caught.value.attempts == 3


_REFUSED = (
    r"the proxy does not connect to the service \(OSError: Tunnel connection failed: 503 No\): "
    "check its URL, or ask its operator"
)


def test_a_tunnel_that_is_refused_was_sent_nothing(
    connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(connection: Any) -> None:
        connection.send(message(503, reason="No"))

    with Server([refuse] * 3) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(TransportError, match=_REFUSED) as caught:
            connect("https://service.invalid").customers.create(name="Ada")
    assert not caught.value.outcome_unknown
    assert caught.value.attempts == 1


# --- hooks of the session ------------------------------------------------------------------


def hooked(hook: Any) -> requests.Session:
    session = requests.Session()
    session.hooks["response"].append(hook)
    return session


def raising(error: Exception) -> Any:
    def hook(_: requests.Response, **__: Any) -> None:
        raise error

    return hook


@pytest.mark.parametrize(
    "error",
    [
        OSError("no space left"),
        UnicodeError("x"),
        requests.RequestException("x"),
        requests.HTTPError("against the policy"),
        requests.exceptions.InvalidURL("x"),
        requests.exceptions.MissingSchema("x"),
        urllib3.exceptions.LocationParseError("x"),
        requests.ConnectionError(
            urllib3.exceptions.NewConnectionError(None, "of its own")  # type: ignore[arg-type]
        ),
        requests.ConnectTimeout(
            urllib3.exceptions.ConnectTimeoutError(None, "x")  # type: ignore[arg-type]
        ),
        requests.exceptions.ProxyError("x"),
        requests.exceptions.SSLError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_hook_that_fails_after_the_response_leaves_the_write_in_doubt(
    server: Server, connect: MakeClient, place: Place, error: Exception
) -> None:
    client = connect(server.url, session=hooked(raising(error)))
    with pytest.raises(TransportError, match="responded with 201") as caught:
        client.customers.create(name="Ada")
    assert caught.value.outcome_unknown
    assert place.created() == 1


def test_what_only_the_author_of_a_hook_knows_is_raised_as_it_is(
    server: Server, connect: MakeClient
) -> None:
    class MineError(Exception):
        pass

    client = connect(server.url, session=hooked(raising(MineError())))
    with pytest.raises(MineError):
        client.customers.create(name="Ada")


def test_a_hook_that_fails_on_an_error_hides_no_error(server: Server, connect: MakeClient) -> None:
    client = connect(server.url, session=hooked(raising(OSError("x"))))
    server.then(do.error(401, "AUTHENTICATION_ERROR"))
    with pytest.raises(AuthenticationError) as caught:
        client.customers.create(name="Ada")
    assert caught.value.code == "AUTHENTICATION_ERROR"
    assert not caught.value.outcome_unknown


def raise_for_status(response: requests.Response, **_: Any) -> None:
    response.raise_for_status()


class Strict(HTTPAdapter):
    """An adapter that raises for the status."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        response = super().send(*arguments, **options)
        response.raise_for_status()
        return response


@pytest.mark.parametrize("status", [401, 500])
@pytest.mark.parametrize("by", ["hook", "adapter"])
def test_what_raises_for_the_status_hides_no_response(
    server: Server, connect: MakeClient, status: int, by: str
) -> None:
    session = hooked(raise_for_status) if by == "hook" else requests.Session()
    if by == "adapter":
        session.mount("http://", Strict())
    server.then(do.error(status, "THE_SERVICES_OWN"))
    with pytest.raises(ApiError) as caught:
        connect(server.url, session=session).customers.create(name="Ada")
    assert (caught.value.status, caught.value.code) == (status, "THE_SERVICES_OWN")


@pytest.mark.parametrize("refused", [True, False])
def test_the_response_to_what_a_hook_requests_is_not_the_services(
    server: Server, connect: MakeClient, place: Place, *, refused: bool
) -> None:
    with Server([lambda connection: connection.send(message(404))]) as webhook:

        def tell(*_: Any, **__: Any) -> None:
            requests.post(webhook.url, timeout=5).raise_for_status()

        client = connect(server.url, session=hooked(tell))
        if refused:
            server.then(do.error(401, "AUTHENTICATION_ERROR"))
            with pytest.raises(AuthenticationError):
                client.customers.create(name="Ada")
        else:
            with pytest.raises(TransportError, match="responded with 201") as caught:
                client.customers.create(name="Ada")
            assert caught.value.outcome_unknown
            assert place.created() == 1


@pytest.mark.parametrize("error", [None, OSError("x"), KeyError("x")])
def test_a_response_that_cannot_be_closed_is_read_as_ever(
    server: Server, connect: MakeClient, place: Place, error: Exception | None
) -> None:
    class Unclosable(HTTPAdapter):
        def send(self, *arguments: Any, **options: Any) -> requests.Response:
            response = super().send(*arguments, **options)
            response.close = raising(RuntimeError("close"))  # type: ignore[method-assign]
            return response

    session = requests.Session() if error is None else hooked(raising(error))
    session.mount("http://", Unclosable())
    client = connect(server.url, session=session)
    if error is None:
        assert client.customers.create(name="Ada").name == "Ada"
    else:
        with pytest.raises((TransportError, KeyError)):
            client.customers.create(name="Ada")
    assert place.created() == 1


def reset_mid_body(connection: Any) -> None:
    do.close_mid_body(connection)
    time.sleep(do.SLOW)
    connection.reset()


def test_a_hook_that_reads_a_body_which_breaks_is_retried_as_ever(
    server: Server, connect: MakeClient
) -> None:
    def read(response: requests.Response, **_: Any) -> None:
        assert response.content

    session = hooked(read)
    client = connect(server.url, session=session)
    server.then(reset_mid_body)
    assert client.customers.create(name="Ada").name == "Ada"
    assert len(server.requests) == 2


# --- sessions that retry by themselves ---------------------------------------------------------


def retrying(**options: Any) -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=urllib3.Retry(**options)))
    return session


def gone(connection: Any) -> None:
    """Carry it out, answer nothing, and listen no more."""
    connection.carry_out()
    connection.server.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("retries", [1, 2])
def test_the_last_failure_of_an_adapter_that_retries_says_nothing_of_the_others(
    server: Server, connect: MakeClient, place: Place, retries: int
) -> None:
    options = {"total": retries, "backoff_factor": 0, "allowed_methods": None}
    client = connect(server.url, session=retrying(**options))
    server.then(gone)
    with pytest.raises(TransportError, match="the session's own retries ran out") as caught:
        client.customers.create(name="Ada")
    assert caught.value.outcome_unknown
    assert place.created() == 1


class Looping(HTTPAdapter):
    """An adapter that retries by itself, in code of its own."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        with contextlib.suppress(requests.ConnectionError):
            return super().send(*arguments, **options)
        return super().send(*arguments, **options)


@pytest.mark.parametrize("looping", [True, False])
def test_a_refusal_after_a_retry_of_the_adapters_is_in_doubt(
    server: Server, connect: MakeClient, place: Place, *, looping: bool
) -> None:
    session = retrying(total=2, backoff_factor=0, allowed_methods=None)
    if looping:
        session.mount("http://", Looping())
    client = connect(server.url, session=session)
    server.then(do.reset, do.error(409, "CONFLICT"))
    with pytest.raises(ConflictError) as caught:
        client.customers.create(name="Ada")
    assert caught.value.outcome_unknown
    assert caught.value.earlier_try_unknown
    assert caught.value.attempts == 1
    assert place.created() == 1


def test_a_removal_that_the_adapter_has_retried_is_done(
    server: Server, connect: MakeClient, place: Place
) -> None:
    client = connect(server.url, session=retrying(total=2, backoff_factor=0))
    server.then(do.reset)
    client.customers.remove_wallet(place.customer["id"], place.wallet["id"])


def audited_by_requests(url: str) -> None:
    requests.post(url, timeout=5)


def audited_by_a_session(url: str) -> None:
    with requests.Session() as session:
        session.send(requests.Request("POST", url).prepare())


def audited_by_urllib3(url: str) -> None:
    urllib3.PoolManager().request("POST", url, retries=False)


@pytest.mark.parametrize("first_fails", [True, False])
@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "no.scheme/"])
@pytest.mark.parametrize("audit", [audited_by_requests, audited_by_a_session, audited_by_urllib3])
def test_a_request_of_the_adapters_own_proves_nothing_of_the_write(
    server: Server, connect: MakeClient, place: Place, audit: Any, url: str, *, first_fails: bool
) -> None:
    class Auditing(HTTPAdapter):
        def send(self, *arguments: Any, **options: Any) -> requests.Response:
            with contextlib.suppress(requests.ConnectionError):
                super().send(*arguments, **options)
            with refusing_port() as port:
                audit(url.format(port=port))
            raise AssertionError("the audit went through")

    if first_fails:
        server.then(do.reset)
    with requests.Session() as session:
        session.mount("http://", Auditing())
        with pytest.raises(TransportError) as caught:
            connect(server.url, max_retries=0, session=session).customers.create()
    assert caught.value.outcome_unknown
    assert place.created() == 1


def test_a_request_of_the_adapters_own_proves_nothing_of_what_went_without_urllib3(
    connect: MakeClient,
) -> None:
    class Auditing(Failing):
        def send(self, *_: Any, **__: Any) -> requests.Response:  # type: ignore[override]
            with refusing_port() as port:
                requests.post(f"http://127.0.0.1:{port}/", timeout=5)
            raise self.error

    with requests.Session() as session:
        session.mount("http://service.invalid", Auditing(AssertionError()))
        client = connect("http://service.invalid", allow_http=True, session=session)
        with pytest.raises(TransportError) as caught:
            client.customers.create(name="Ada")
    assert caught.value.outcome_unknown


# --- sessions that fail in their own way ---------------------------------------------------------


class Failing(BaseAdapter):
    """A transport of somebody's that sends, and then fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def send(self, *_: Any, **__: Any) -> requests.Response:  # type: ignore[override]
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "error", [ValueError("x"), sqlite3.OperationalError("locked"), AssertionError(), UnicodeError()]
)
def test_whatever_a_transport_raises_becomes_an_error_of_ours_and_leaves_doubt(
    connect: MakeClient, error: Exception
) -> None:
    with requests.Session() as session:
        session.mount("http://", Failing(error))
        client = connect("http://127.0.0.1:9", session=session)
        with pytest.raises(TransportError, match=type(error).__name__) as caught:
            client.customers.create(name="Ada")
        assert caught.value.outcome_unknown
        assert caught.value.attempts == 1
        with pytest.raises(TransportError):
            client.customers.list_page()


def test_a_socket_error_of_a_transport_leaves_doubt(connect: MakeClient) -> None:
    with requests.Session() as session:
        session.mount("http://", Failing(ConnectionResetError(104, "reset")))
        with pytest.raises(TransportError) as caught:
            connect("http://127.0.0.1:9", session=session).customers.create(name="Ada")
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("sent", [True, False])
def test_what_the_caller_is_handling_meanwhile_says_nothing_of_the_call(
    connect: MakeClient, *, sent: bool
) -> None:
    with refusing_port() as port, requests.Session() as session:
        url = f"http://127.0.0.1:{port}"
        if sent:
            session.mount(url, Failing(ConnectionResetError(104, "reset")))
        client = connect(url, session=session, max_retries=0)
        try:
            requests.post(f"{url}/another", timeout=5)
        except requests.ConnectionError as handled:
            innermost = _innermost(handled)
            with pytest.raises(TransportError) as caught:
                client.customers.create(name="Ada")
    assert caught.value.outcome_unknown is sent
    cause = ConnectionResetError if sent else ConnectionRefusedError
    assert isinstance(caught.value.__cause__, cause)
    assert innermost.__traceback__ is not None


def _innermost(error: BaseException) -> BaseException:
    while error.__context__ is not None:
        error = error.__context__
    return error


@pytest.mark.parametrize(
    "spoil",
    [
        lambda session: setattr(session, "verify", "/nowhere/ca.pem"),
        lambda session: setattr(session, "cert", "/nowhere/cert.pem"),
        lambda session: session.headers.update({"X-Name": "Ж"}),
        lambda session: setattr(session, "auth", raising(ValueError("no token"))),
    ],
)
def test_what_fails_before_the_first_byte_was_not_sent(connect: MakeClient, spoil: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False
        spoil(session)
        with pytest.raises(TransportError, match="cannot be sent like this") as caught:
            connect("https://127.0.0.1:9", session=session).customers.create(name="Ada")
    assert not caught.value.outcome_unknown
    assert caught.value.attempts == 1


# --- the proxy of the environment ---------------------------------------------------------------


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:p[word]@proxy.test:3128",
        "http://user:p[word@proxy.test:3128",
        "http://user:word@proxy.test:port",
        "http://user:word@proxy.test:99999",
        "http://user:word@",
        "htp://user:word@proxy.test:3128",
        "user:p[word]@proxy.test",
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_a_proxy_that_cannot_be_read_is_a_setting_that_is_wrong(
    connect: MakeClient, monkeypatch: pytest.MonkeyPatch, proxy: str, *, own: bool
) -> None:
    from tests.faults.test_faults_security import _own_frames

    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with requests.Session() as session:
        client = connect("https://service.invalid", session=None if own else session)
        for call in (client.customers.create, lambda: list(client.customers.list())):
            # With brackets that match, it depends on the version of Python whether it can be read.
            error = CustomersError if "p[word]" in proxy else ConfigurationError
            with pytest.raises(error) as caught:
                call()
            if isinstance(caught.value, ConfigurationError):
                assert "the proxy in HTTPS_PROXY cannot be read" in str(caught.value)
            assert not caught.value.outcome_unknown
            assert "word" not in str(caught.value).replace("password", "")
            assert "p[word" not in _own_frames(caught.value)
            assert "user:word" not in _own_frames(caught.value)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_plain_http_to_this_machine_goes_through_no_proxy_of_the_environment(
    server: Server,
    connect: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    *,
    own: bool,
) -> None:
    with Server() as proxy, requests.Session() as session:
        monkeypatch.setenv(variable, proxy.url)
        for host in ("127.0.0.1", "localhost"):
            url = server.url.replace("127.0.0.1", host)
            client = connect(url, session=None if own else session)
            assert client.customers.create(name="Ada").name == "Ada"
        assert proxy.connections == 0


def test_a_proxy_of_the_session_is_used_for_this_machine_too(
    server: Server, connect: MakeClient
) -> None:
    with Proxy(server.port) as proxy, requests.Session() as session:
        session.proxies = {"http": proxy.url}
        assert connect(server.url, session=session).customers.create(name="Ada").name == "Ada"
        assert len(proxy.heads) == 1


def test_a_broken_proxy_variable_does_not_matter_where_it_is_not_used(
    server: Server, connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://user:p[word]@proxy.test")
    monkeypatch.setenv("https_proxy", "http://user:p[word]@proxy.test")
    assert connect(server.url).customers.list_page().total == 0


def test_a_proxy_without_a_scheme_is_read(
    service: Service, connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(service=service) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", ""))
        client = connect("http://service.invalid", allow_http=True)
        assert client.customers.list_page().total == 0


def test_the_environment_of_these_tests_has_no_proxy() -> None:
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]
