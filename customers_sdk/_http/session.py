"""The `requests` session a client sends through, and requests prepared for it.

Most of what a plain `requests` call costs does not change from call to call: scanning
the environment for proxies and a CA bundle, merging headers, preparing the URL. That is
settled once here, and once more when a caller's own session changes. Everything goes
through ``Session.send``, so adapters, hooks, mocks and instrumentation keep working.
"""

from __future__ import annotations

import copy
import functools
import queue
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

_POOL_SIZE = 64


class Secret(str):
    """A header's value that no ``repr`` shows, such as that of a frame's variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from looking for credentials in ``.netrc``."""
    return request


def _forget_location(response: requests.Response, **_: Any) -> None:
    """Hide a redirect, whose body `requests` would otherwise read without limit."""
    if response.is_redirect:
        del response.headers["Location"]


class _Settled(NamedTuple):
    """What stays the same from request to request."""

    seen: tuple[Any, ...]
    base: str
    headers: list[tuple[str, str]]
    hooks: dict[str, Any]
    arguments: dict[str, Any]
    plain: bool


class Sender:
    """Sends requests to one base URL over one session.

    Args:
        base_url: where paths are appended.
        headers: sent with every request.
        session: a caller's own session, which is neither changed nor closed; None
            makes one.
    """

    def __init__(
        self, base_url: str, headers: Mapping[str, str], session: requests.Session | None = None
    ) -> None:
        self._base_url = base_url
        self._headers = headers
        self._owned = session is None
        self._session = _own_session() if session is None else session
        self._settled: _Settled | None = None

    def after_fork(self) -> Sender:
        """The same for a child process, sharing neither a socket nor a lock with this."""
        session = None if self._owned else _twin(self._session)
        return Sender(self._base_url, self._headers, session)

    def close(self) -> None:
        """Close the idle connections of a session of our own."""
        if self._owned:
            self._session.close()

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: tuple[float, float],
        total: float,
    ) -> requests.Response:
        """Send one request; the body of the answer is left to be read.

        Args:
            method: upper case.
            target: percent-encoded path and query, appended to the base URL.
            headers: those of this request alone.
            body: the encoded body, or None.
            timeout: connect and read seconds.
            total: seconds for connecting and waiting for the answer's head together.
        """
        settled = self._settle()
        prepared = self._prepare(settled, method, target, headers, body)
        # `requests` takes urllib3's own, which its types do not say.
        limits: Any = urllib3.Timeout(connect=timeout[0], read=timeout[1], total=total)
        return self._session.send(prepared, timeout=limits, **settled.arguments)

    def _settle(self) -> _Settled:
        settled = self._settled
        if settled is not None and self._owned:
            return settled
        seen = self._look()
        if settled is not None and settled.seen == seen:
            return settled
        session = self._session
        template = self._prepared("GET", self._base_url, self._headers, None)
        arguments = session.merge_environment_settings(
            template.url, {}, stream=True, verify=None, cert=None
        )
        settled = self._settled = _Settled(
            seen,
            str(template.url).split("?")[0].rstrip("/"),
            list(template.headers.items()),
            _hooks(template),
            {**arguments, "stream": True, "allow_redirects": False},
            type(session).prepare_request is requests.Session.prepare_request
            and not (session.auth or session.params or len(session.cookies)),
        )
        return settled

    def _look(self) -> tuple[Any, ...]:
        """The settings of a session that requests depend on."""
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

    def _prepare(
        self,
        settled: _Settled,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> requests.PreparedRequest:
        url = settled.base + target
        if settled.plain:
            prepared = requests.PreparedRequest()
            prepared.method = method
            prepared.url = url
            prepared.headers = CaseInsensitiveDict(settled.headers)
            for name, value in headers.items():
                prepared.headers[name] = value
            prepared.body = body
            prepared.hooks = settled.hooks
            if body is not None:
                prepared.headers["Content-Length"] = str(len(body))
            return prepared
        prepared = self._prepared(method, url, {**self._headers, **headers}, body)
        prepared.hooks = _hooks(prepared)
        return prepared

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        """A request prepared by the session."""
        session = self._session
        # `requests` before 2.28.2 refuses headers of a subclass of str.
        plain = {name: str(value) for name, value in headers.items()}
        auth = None if session.auth else _no_auth
        prepared = session.prepare_request(
            requests.Request(method, url, headers=plain, data=body, auth=auth)
        )
        for name, value in headers.items():
            if isinstance(value, Secret) and prepared.headers.get(name) == value:
                prepared.headers[name] = value
        return prepared


class _NoCookies(RequestsCookieJar):
    """A jar that stays empty: a cookie would make one call's answer depend on another's."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take none."""


class _Idle:
    """The idle connections of a pool, as urllib3 uses its `queue.LifoQueue`: never waiting.

    A signal's exception (Ctrl-C, a worker's time-out) that comes just as that queue has
    taken its lock leaves it locked, and every later call hangs. A deque needs no lock.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._items: deque[Any] = deque()
        self._maxsize = maxsize

    def get(self, **_: Any) -> Any:
        """The connection used last."""
        try:
            return self._items.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, item: Any, **_: Any) -> None:
        """Keep a connection."""
        if len(self._items) >= self._maxsize:
            raise queue.Full
        self._items.append(item)

    def qsize(self) -> int:
        """How many there are."""
        return len(self._items)


@functools.cache
def _lockless(pool: type) -> type:
    return type(pool.__name__, (pool,), {"QueueCls": _Idle})


class _OneHostAdapter(HTTPAdapter):
    """An adapter that looks its connection pool up once: a client talks to one host.

    Before requests 2.32 there is nothing to override, and the pool is looked up each time.
    """

    _found: tuple[Any, Any] | None = None

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make pools that a signal cannot leave locked."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {
            scheme: _lockless(pool)
            for scheme, pool in self.poolmanager.pool_classes_by_scheme.items()
        }

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The pool for these TLS settings; with proxies it depends on the request."""
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        found = self._found
        if found is None or found[0] != (verify, cert):
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            found = self._found = ((verify, cert), pool)
        return found[1]

    def request_url(self, request: Any, proxies: Any) -> str:
        """What is asked for: all that follows the host, unless a proxy wants more."""
        if proxies:
            return super().request_url(request, proxies)
        return f"/{request.url.split('/', 3)[3]}"

    def close(self) -> None:
        """Forget the pool as well."""
        self._found = None
        super().close()


def _own_session() -> requests.Session:
    session = requests.Session()
    # HTTP/1.1 says so by itself.
    del session.headers["Connection"]
    session.cookies = _NoCookies()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _OneHostAdapter(pool_connections=2, pool_maxsize=_POOL_SIZE))
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


def _shallow(thing: Any) -> Any:
    # copy.copy would go through pickling, which forgets what a subclass has added.
    twin = object.__new__(type(thing))
    twin.__dict__.update(thing.__dict__)
    return twin


def _hooks(prepared: requests.PreparedRequest) -> dict[str, Any]:
    return {"response": [*prepared.hooks.get("response", ()), _forget_location]}
