"""The `requests` session a client sends through, and requests prepared for it.

Most of what a plain `requests` call costs does not change from call to call: scanning
the environment for proxies and a CA bundle, merging headers, preparing the URL. That is
done once here, and once more when the caller's own session changes. Everything goes
through ``Session.send``, so adapters, hooks, mocks and instrumentation keep working. What it
is given equals, attribute by attribute and type by type, what `requests` would prepare, since
such tools copy, compare and store it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any, Optional
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from customers_sdk._http import deadline, pool
from customers_sdk._http.deadline import Deadline
from customers_sdk._settings import is_loopback
from customers_sdk.errors import ConfigurationError


class Watch(urllib3.Timeout):
    """The time limits of one request, and what is noticed while it is under way.

    `requests` hands it on to urllib3, which clones it for each request that it makes, and to the
    hooks of the session. `total` is for connecting and waiting for the response headers together.

    Attributes:
        sends: how often urllib3 was asked to send the request. More than once means that the
            session, or its adapter, retries by itself.
        awaited: whether urllib3 has sent a whole request and gone on to wait for the response.
        until: when the call ends.
        response: the response that came, as it was before the hooks of the session.
    """

    def __init__(self, connect: float, read: float, total: float, until: Deadline) -> None:
        super().__init__(total=total, connect=connect, read=read)
        self.until: Deadline = until
        self.sends: int = 0
        self.awaited: bool = False
        self.response: Optional[requests.Response] = None

    def clone(self) -> urllib3.Timeout:
        """Give urllib3 the limits for one request that it makes."""
        self.sends += 1
        return _Limits(self)


class _Limits(urllib3.Timeout):
    """The limits of one request that urllib3 makes."""

    def __init__(self, watch: Watch) -> None:
        # Copied and not checked again, which urllib3 would do three times a request.
        self.__dict__.update(watch.__dict__)
        self._watch = watch

    def clone(self) -> urllib3.Timeout:
        return _Limits(self._watch)

    @property
    def read_timeout(self) -> Any:
        """The seconds to wait for the response; urllib3 asks when the request is sent."""
        self._watch.awaited = True
        return super().read_timeout


def _note(response: requests.Response, timeout: Any = None, **_: Any) -> None:
    """Keep a response before a hook of the session can fail."""
    if isinstance(timeout, Watch):
        timeout.response = response


def _forget_location(response: requests.Response, **_: Any) -> None:
    """Hide a redirect, whose body `requests` would otherwise read without limit."""
    if response.status_code != 200 and response.is_redirect:
        del response.headers["Location"]


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from looking for credentials in ``.netrc``."""
    return request


class _Template:
    """What stays the same from request to request. Its ``repr`` shows none of it.

    Attributes:
        seen: the settings of the session that it was made from.
        url: the base URL, as `requests` writes it.
        arguments: what ``Session.send`` is given.
        plain: whether a request may be filled in by hand.
    """

    __slots__ = ("arguments", "cookies", "headers", "hooks", "plain", "seen", "url")

    def __init__(
        self,
        session: requests.Session,
        prepared: requests.PreparedRequest,
        arguments: dict[str, Any],
        seen: tuple[Any, ...],
    ) -> None:
        self.seen = seen
        self.url = str(prepared.url).split("?")[0].rstrip("/")
        self.headers = prepared.headers
        self.cookies = prepared._cookies  # type: ignore[attr-defined]  # noqa: SLF001
        self.hooks = prepared.hooks.get("response", ())
        self.arguments = {**arguments, "stream": True, "allow_redirects": False}
        self.plain = type(session).prepare_request is requests.Session.prepare_request and not (
            session.auth or session.params or len(session.cookies)
        )


class Sender:
    """Sends requests to one base URL over one session.

    The caller's own `session` is neither changed nor closed; None makes one.
    """

    def __init__(
        self, base_url: str, headers: Mapping[str, str], session: requests.Session | None = None
    ) -> None:
        self._base_url = base_url
        self._headers = headers
        self._owned = session is None
        self._session = _own_session() if session is None else session
        self._template: Optional[_Template] = None

    def after_fork(self) -> Sender:
        """The same for a child process, sharing neither a socket nor a lock with this."""
        session = None if self._owned else _twin(self._session)
        return Sender(self._base_url, self._headers, session)

    def close(self) -> None:
        """Close the idle connections of a session of our own."""
        if self._owned:
            self._session.close()

    def prepare(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        """Make one request, without sending it; `target` is its path and query, percent-encoded.

        Raises ``ConfigurationError`` if the proxies of the environment cannot be read.
        """
        template = self._current_template()
        url = template.url + target
        if not template.plain:
            prepared = self._prepared(method, url, {**self._headers, **headers}, body)
            hooks = prepared.hooks.get("response", ())
        else:
            prepared = requests.PreparedRequest()
            prepared.method = method
            prepared.url = url
            prepared.headers = _copied(template.headers)
            for name, value in headers.items():
                prepared.headers[name] = str(value)
            prepared._cookies = template.cookies  # type: ignore[attr-defined]  # noqa: SLF001
            prepared.body = body
            if body is not None or method != "GET":
                prepared.headers["Content-Length"] = str(len(body or b""))
            hooks = template.hooks
        prepared.hooks = {"response": [_note, *hooks, _forget_location]}
        return prepared

    def send(self, prepared: requests.PreparedRequest, watch: Watch) -> requests.Response:
        """Send what `prepare` made; the body of the response is left to be read."""
        if self._owned:
            deadline.current.deadline = watch.until
        limits: Any = watch  # `requests` takes urllib3's own, which its types do not say
        template = self._template or self._current_template()  # `prepare` has just looked
        return self._session.send(prepared, timeout=limits, **template.arguments)

    def _current_template(self) -> _Template:
        template = self._template
        if template is not None and self._owned:
            return template
        seen = self._settings()
        if template is None or template.seen != seen:
            prepared = self._prepared("GET", self._base_url, self._headers, None)
            # Or `http.client` refuses the session's headers when a byte may have been sent.
            str(prepared.headers).encode("latin-1")
            arguments = _arguments(self._session, self._base_url)
            if arguments is None:
                raise ConfigurationError(_unreadable(self._session))
            template = self._template = _Template(self._session, prepared, arguments, seen)
        return template

    def _settings(self) -> tuple[Any, ...]:
        """The settings of the session that requests depend on."""
        session = self._session
        return (
            list(session.headers.items()),
            dict(session.proxies),
            session.verify,
            session.cert,
            session.trust_env,
            session.auth,
            copy.copy(session.params),
            len(session.cookies),
            [*session.hooks.get("response", ())],
        )

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        session = self._session
        auth = None if session.auth else _no_auth
        return session.prepare_request(
            requests.Request(
                method,
                url,
                # No variable holds the key as text: error reporters show variables.
                headers={name: str(value) for name, value in headers.items()},
                data=body,
                auth=auth,
            )
        )


def _arguments(session: requests.Session, base_url: str) -> dict[str, Any] | None:
    """What ``Session.send`` is given: the session's settings and the environment's.

    None if the proxy among them cannot be read. Plain http to this machine never goes through a
    proxy of the environment: that would be shown the key, and its loopback is another one.
    """
    try:
        arguments: dict[str, Any] = dict(
            session.merge_environment_settings(base_url, {}, stream=True, verify=None, cert=None)
        )
        parts = urlsplit(base_url)
        if parts.scheme == "http" and is_loopback(str(parts.hostname)):
            arguments["proxies"] = dict(session.proxies)
        proxy = requests.utils.select_proxy(base_url, arguments["proxies"])
        if proxy and not _is_proxy(proxy):
            return None
    except ValueError:  # its text may hold the proxy's password
        return None
    return arguments


def _is_proxy(url: str) -> bool:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    urllib3.util.parse_url(url)  # which is stricter; both raise ValueErrors
    named = parts.port is None or bool(parts.port)  # raises ValueError for one that is not a number
    return named and bool(parts.hostname) and parts.scheme.startswith(("http", "socks"))


#: How the URL of a proxy must be written.
PROXY_FORM = (
    "http://user:password@host:port, with special characters of the password percent-encoded, "
    "such as %5B for ["
)


def _unreadable(session: requests.Session) -> str:
    """What is said of a proxy that cannot be read: the variables that may name it."""
    variables = ("all_proxy", "http_proxy", "https_proxy")
    names = sorted(name for name in os.environ if name.lower() in variables)
    where = " or ".join(names) if session.trust_env and names else "the session's proxies"
    return f"the proxy in {where} cannot be read: write it as {PROXY_FORM}"


class _NoCookies(RequestsCookieJar):
    """A jar that stays empty: a cookie would make one call's response depend on another's."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take none."""


def _own_session() -> requests.Session:
    session = requests.Session()
    # HTTP/1.1 says so by itself.
    del session.headers["Connection"]
    session.cookies = _NoCookies()
    for scheme in ("https://", "http://"):
        session.mount(scheme, pool.OneHostAdapter(pool_connections=2, pool_maxsize=pool.SIZE))
    return session


def _twin(session: requests.Session) -> requests.Session:
    """A session with the same settings and connection pools of its own."""
    twin: requests.Session = _shallow(session)
    twin.adapters = copy.copy(session.adapters)
    for prefix, adapter in session.adapters.items():
        twin.adapters[prefix] = _fresh(adapter)
    return twin


def _fresh(adapter: Any) -> Any:
    if not isinstance(adapter, HTTPAdapter):
        return adapter
    twin = _shallow(adapter)
    state = adapter.__dict__
    twin.proxy_manager = {}
    twin.init_poolmanager(
        state["_pool_connections"], state["_pool_maxsize"], block=state["_pool_block"]
    )
    return twin


def _copied(headers: CaseInsensitiveDict[str]) -> CaseInsensitiveDict[str]:
    # Its own copy would bring every name to lower case again.
    twin: CaseInsensitiveDict[str] = _shallow(headers)
    twin._store = headers._store.copy()  # type: ignore[attr-defined]  # noqa: SLF001
    return twin


def _shallow(thing: Any) -> Any:
    # copy.copy would go through pickling, which forgets what a subclass has added.
    twin = object.__new__(type(thing))
    twin.__dict__.update(thing.__dict__)
    return twin
