"""The key and the customers' data stay where they belong, and TLS is what it should be."""

from __future__ import annotations

import copy
import errno
import logging
import pickle
import socket
import ssl
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest
import requests
import trustme
from requests.adapters import HTTPAdapter

import customers_sdk
from customers_sdk import Client, ConfigurationError, CustomersError, TransportError
from tests.faults import behaviours as do
from tests.faults.server import Connection, Server, message, well
from tests.faults.service import MakeClient
from tests.faults.table import Place
from tests.loopback import refusing_port, tls_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.service import Service


PACKAGE = str(Path(customers_sdk.__file__).parent)
EMAIL = "ada.lovelace@example.com"
SEARCH = "lovelace-search"
EXTERNAL_ID = "crm-4711"
PERSONAL = (EMAIL, SEARCH, EXTERNAL_ID, "lovelace", "crm-")

CALLS: list[Callable[[Client], Any]] = [
    lambda client: client.customers.list_page(search=SEARCH),
    lambda client: client.customers.find_by_external_id(EXTERNAL_ID),
    lambda client: client.customers.create(email=EMAIL, external_id=EXTERNAL_ID),
    lambda client: client.customers.update(EXTERNAL_ID, email=EMAIL),
    lambda client: client.customers.remove_wallet(EXTERNAL_ID, SEARCH),
    lambda client: client.request("GET", f"/customers/{EXTERNAL_ID}", params={"search": SEARCH}),
]
FAILURES = [
    do.reset,
    do.reset_unread,
    do.hang,
    do.close_mid_body,
    do.raw(b"garbage\r\n\r\n"),
    do.html(503),
    do.error(401, "AUTHENTICATION_ERROR"),
    do.answer(200, [1]),
    do.answer(200, b"x", "Content-Encoding: gzip"),
    do.redirect(302, "http://127.0.0.1:9/"),
    do.limited("3600"),
    None,
]


def _graph(start: object) -> Iterator[object]:
    """All that hangs off an exception: causes, contexts, arguments and attributes."""
    waiting = [start]
    seen: dict[int, object] = {}
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        yield thing
        if isinstance(thing, BaseException):
            waiting += [thing.__cause__, thing.__context__, *thing.args]
        if isinstance(thing, dict):
            waiting += [*thing, *thing.values()]
        elif isinstance(thing, (list, tuple, set)):
            waiting += thing
        waiting += getattr(thing, "__dict__", {}).values()


def _own_frames(error: BaseException) -> str:
    """What a report that captures variables shows of the package's own frames."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown = []
    while report is not None:
        shown += [
            f"{name} = {text}"
            for frame in report.stack
            if frame.filename.startswith(PACKAGE)
            for name, text in (frame.locals or {}).items()
        ]
        shown += report.format_exception_only()
        report = report.__cause__ or report.__context__  # type: ignore[assignment]
    return "\n".join(shown)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("call", CALLS)
def test_a_failing_call_gives_nothing_away(
    service: Service,
    connect: MakeClient,
    caplog: pytest.LogCaptureFixture,
    failure: Any,
    call: Callable[[Client], Any],
) -> None:
    caplog.set_level(logging.DEBUG, logger="customers_sdk")
    secret = service.api_key
    with Server([failure] * 4 if failure else [], service) as server, refusing_port() as port:
        client = connect(
            server.url if failure else f"http://127.0.0.1:{port}", timeout=0.1, deadline=0.25
        )
        with pytest.raises(CustomersError) as caught:
            call(client)
    error = caught.value
    assert repr(error)
    texts = [
        str(error),
        repr(error),
        repr(client),
        _own_frames(error),
        *traceback.format_exception(type(error), error, error.__traceback__),
        repr(pickle.dumps(error)),
        repr(vars(copy.copy(error))),
    ]
    for thing in _graph(error):
        assert not isinstance(
            thing, (requests.Request, requests.PreparedRequest, requests.Response)
        )
        texts += [thing] if isinstance(thing, str) else [repr(thing)]
    assert not [text for text in texts if secret in text or secret[11:] in text]
    ours = [str(error), *(text for text in vars(error).values() if isinstance(text, str))]
    logged = [record.getMessage() for record in caplog.records if record.name == "customers_sdk"]
    assert logged
    for text in ours + logged:
        assert secret not in text
        assert not [word for word in PERSONAL if word in text]
    assert not [record for record in caplog.records if record.exc_info]


class _SpoolError(OSError):
    """An error of somebody's who tells all."""

    def __str__(self) -> str:
        return repr(self.args)


FOREIGN: list[Callable[[str], OSError]] = [
    OSError,
    _SpoolError,
    ConnectionResetError,
    socket.timeout,
    ssl.SSLError,
    lambda text: OSError(errno.ENOSPC, text),
    lambda text: FileNotFoundError(errno.ENOENT, "No such file or directory", text),
    lambda text: socket.gaierror(socket.EAI_NONAME, text),
    lambda text: ssl.SSLError(1, text),
    lambda text: _SpoolError(errno.ENOSPC, text),
]


@pytest.mark.parametrize("place", ["adapter", "hook", "auth"])
@pytest.mark.parametrize("make", FOREIGN)
def test_what_the_sessions_own_code_writes_into_an_error_is_not_passed_on(
    service: Service,
    server: Server,
    connect: MakeClient,
    make: Callable[[str], OSError],
    place: str,
) -> None:
    key = str(service.api_key)

    def fail(request: requests.PreparedRequest) -> Any:
        raise make(f"cannot record {request.url} {dict(request.headers)}")

    class Failing(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
            fail(request)

    with requests.Session() as session:
        if place == "adapter":
            session.mount("http://", Failing())
        elif place == "hook":
            session.hooks["response"].append(lambda response, **_: fail(response.request))
        else:
            session.auth = fail  # type: ignore[assignment]
        client = connect(server.url, session=session, max_retries=0)
        with pytest.raises(TransportError) as caught:
            client.customers.list_page(search=EMAIL)
    error = caught.value
    assert key not in _own_frames(error)
    texts = [*map(repr, _graph(error)), *map(str, _graph(error))]
    texts += traceback.format_exception(type(error), error, error.__traceback__)
    assert not [text for text in texts if EMAIL in text or "%40" in text or key in text]
    if getattr(make(""), "errno", None) == errno.ENOSPC:
        assert "OSError: [Errno 28] No space left on device" in str(error)


def test_what_the_system_says_is_passed_on_as_it_is(connect: MakeClient) -> None:
    with refusing_port() as port, pytest.raises(TransportError) as caught:
        connect(f"http://127.0.0.1:{port}", max_retries=0).customers.list_page()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = "/nowhere/ca.pem"
        client = connect("https://127.0.0.1:9", session=session)
        with pytest.raises(TransportError, match=r"/nowhere/ca\.pem"):
            client.customers.list_page()


def test_a_log_line_says_these_things_and_no_more(
    server: Server, connect: MakeClient, caplog: pytest.LogCaptureFixture, place: Place
) -> None:
    caplog.set_level(logging.DEBUG, logger="customers_sdk")
    client = connect(server.url)
    client.customers.retrieve(place.customer["id"])
    (line,) = [r.getMessage() for r in caplog.records if r.name == "customers_sdk"]
    sent = server.requests[0].headers["x-request-id"]
    assert line.startswith("GET /customers/{id}: 200, try 1, ")
    assert line.endswith(f" ms, request id {sent}")


def test_the_logger_is_silent_unless_configured(
    server: Server, connect: MakeClient, capfd: pytest.CaptureFixture[str]
) -> None:
    server.then(do.html(500))
    connect(server.url).customers.list_page()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("base_url", ["ftp://x", "http://example.com", None])
def test_a_refused_setting_gives_the_key_away_to_no_report(base_url: str | None) -> None:
    key = "nr_live_sk_0123456789abcdef"
    # A key with a line's end, as it is read from a file, is refused too.
    given = key if base_url else f"{key}\n"
    with pytest.raises(ConfigurationError) as caught:
        Client(given, "app", base_url=base_url)
    assert key not in _own_frames(caught.value)
    assert key not in repr(pickle.dumps(caught.value))


def test_the_environment_is_no_variable_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "nr_live_sk_0123456789abcdef"
    monkeypatch.setenv("NODERAILS_API_KEY", key)
    with pytest.raises(ConfigurationError, match="app_id is missing") as caught:
        Client()
    assert key not in _own_frames(caught.value)


def test_netrc_adds_no_credentials(
    server: Server, connect: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(
        "machine 127.0.0.1 login somebody password secret\ndefault login a password b\n"
    )
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with requests.Session() as session:
        assert (
            "authorization"
            in requests.Session().prepare_request(requests.Request("GET", server.url)).headers
        )
        for client in (connect(server.url), connect(server.url, session=session)):
            client.customers.list_page()
            client.customers.create(name="Ada")
    assert len(server.requests) == 4
    assert not [request for request in server.requests if "authorization" in request.headers]


# --- TLS -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def tls_server(authority: trustme.CA, service: Service) -> Iterator[Server]:
    with Server(service=service, tls=tls_context(authority)) as server:
        yield server


def test_an_untrusted_server_is_sent_nothing_and_tried_once(
    tls_server: Server, connect: MakeClient
) -> None:
    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        connect(tls_server.url).customers.create(name="Ada")
    assert not tls_server.requests
    assert tls_server.connections == 1
    assert caught.value.attempts == 1
    assert not caught.value.outcome_unknown
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


def test_a_certificate_for_another_host_is_refused(
    authority: trustme.CA, bundle: str, connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with Server(tls=tls_context(authority, "other.example")) as server:
        with pytest.raises(TransportError) as caught:
            connect(server.url).customers.list_page()
        assert not server.requests
    assert caught.value.attempts == 1


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_from_the_environment_is_trusted(
    tls_server: Server,
    bundle: str,
    connect: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, bundle)
    assert connect(tls_server.url).customers.create(name="Ada").name == "Ada"


def test_a_bundle_of_the_sessions_is_trusted(
    tls_server: Server, bundle: str, connect: MakeClient
) -> None:
    with requests.Session() as session:
        session.verify = bundle
        assert connect(tls_server.url, session=session).customers.create(name="Ada").name == "Ada"


def test_plain_http_on_a_tls_port_is_final(server: Server, connect: MakeClient) -> None:
    client = connect(server.url.replace("http:", "https:"), timeout=0.3)
    with pytest.raises(TransportError) as caught:
        client.customers.create(name="Ada")
    assert caught.value.attempts <= 3


def test_tls_that_breaks_after_the_request_leaves_the_outcome_open(
    tls_server: Server, bundle: str, connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    def babble(connection: Connection) -> None:
        """Do it, and go on in what is no TLS."""
        connection.carry_out()
        with _below(connection) as plain:
            plain.sendall(b"HTTP/1.1 200 OK\r\n\r\n" * 3)

    tls_server.then(*[babble] * 3)
    client = connect(tls_server.url, max_retries=0)
    with pytest.raises(TransportError) as caught:
        client.customers.create(name="Ada")
    assert len(tls_server.requests) == 1
    assert caught.value.outcome_unknown
    assert isinstance(caught.value.__cause__, ssl.SSLError)
    tls_server.forget()
    tls_server.then(babble)
    assert client.customers.create(name="Ada", max_retries=2).name == "Ada"
    assert tls_server.keys[-1] == tls_server.keys[-2]


def _below(connection: Connection) -> Any:
    import os
    import socket

    return socket.socket(fileno=os.dup(connection.sock.fileno()))


# --- proxies -------------------------------------------------------------------------------


def _forward(connection: Connection) -> bool:
    """What a forward proxy does: the target is a whole URL."""
    method, target, headers, body = connection.request
    connection.request = connection.request._replace(
        target="/" + target.split("/", 3)[3], method=method, headers=headers, body=body
    )
    return well(connection)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_from_the_environment_is_used(
    service: Service, connect: MakeClient, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with Server([_forward] * 2, service) as proxy:
        monkeypatch.setenv(variable.lower(), proxy.url)
        client = connect("http://service.invalid", allow_http=True)
        assert client.customers.create(name="Ada").name == "Ada"
        assert client.customers.list_page().total == 1
        assert proxy.requests[0].target == "http://service.invalid/customers"


def test_no_proxy_is_heeded(
    server: Server, connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_port() as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        connect(server.url).customers.list_page()
    assert len(server.requests) == 1


def test_a_proxy_that_refuses_connections_is_a_failed_connect(
    connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_port() as port:
        monkeypatch.setenv("http_proxy", f"http://user:hunter2@127.0.0.1:{port}")
        client = connect("http://service.invalid", allow_http=True)
        with pytest.raises(TransportError) as caught:
            client.customers.create(name="Ada")
    assert caught.value.attempts == 3
    assert not caught.value.outcome_unknown
    assert "hunter2" not in "".join(
        traceback.format_exception(type(caught.value), caught.value, caught.value.__traceback__)
    )


def test_a_proxy_that_refuses_the_tunnel_is_final(
    connect: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(connection: Connection) -> None:
        connection.send(message(407, b"", reason="Proxy Authentication Required"))

    with Server([refuse] * 3) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(TransportError, match="407") as caught:
            connect("https://service.invalid").customers.create(name="Ada")
        assert [request.method for request in proxy.requests] == ["CONNECT"]
        assert "x-api-key" not in proxy.requests[0].headers
    assert caught.value.attempts == 1
    assert not caught.value.outcome_unknown
