"""The client: it takes the settings, holds one transport, and has ``.customers``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import requests

from customers_sdk import __version__, _checks, _settings
from customers_sdk._http import late, retry
from customers_sdk._http.call import ApiResponse, Call
from customers_sdk._http.session import Sender
from customers_sdk._http.transport import Transport
from customers_sdk._resource import Attached
from customers_sdk._settings import Timeout
from customers_sdk.customers import Customers

if TYPE_CHECKING:
    from customers_sdk._http.attempt import Attempt

DEFAULT_BASE_URL = "https://api.noderails.com"
_ROUTE_WORDS = frozenset(
    {"v1", "apps", "chains", "customers", "invoices", "payments", "subscriptions", "wallets"}
)


class Client:
    """A client of the Customers API, to be made once and shared.

    It may be used from many threads at once, and in processes forked after it was made: each
    process opens its own connections. Proxies and a CA bundle are taken from the environment
    when the first request is made.

    Args:
        api_key: secret key (``nr_test_sk_…``, ``nr_live_sk_…``); by default ``NODERAILS_API_KEY``.
        app_id: the app to create and look for customers in; by default ``NODERAILS_APP_ID``.
        base_url: the service; by default ``NODERAILS_BASE_URL``, or the real one.
        timeout: seconds to connect and seconds without a byte: a pair, or one number for both.
        deadline: seconds for a whole call with all its tries and waits.
        max_retries: retries after the first try; the page on retries says what is retried.
        api_version: the ``NodeRails-Version`` header, such as ``2026-03-07``; None sends none.
        session: a `requests.Session` of your own, for proxies, certificates, adapters or
            instrumentation. It is neither changed nor closed.
        user_agent: your application, put before the SDK's own ``User-Agent``.
        allow_http: permit plain http to another machine, which sends the key in the
            clear. Loopback needs no permission, and goes through no proxy of the environment.
        on_attempt: called with an `Attempt` after every request, in the thread that made it and
            before the client waits for a retry. What it raises is logged and changes nothing.

    Attributes:
        customers: the `Customers` of the service.

    Raises:
        ConfigurationError: a setting is missing or wrong; the text names it.
    """

    customers: Attached[Customers] = Attached(Customers)

    # What a report on a refused setting shows, which prints a client half made.
    _base_url = _app_id = _environment = "?"

    def __init__(
        self,
        api_key: str | None = None,
        app_id: str | None = None,
        *,
        base_url: str | None = None,
        timeout: Timeout = (5.0, 20.0),
        deadline: float = 25.0,
        max_retries: int = 2,
        api_version: str | None = None,
        session: requests.Session | None = None,
        user_agent: str | None = None,
        allow_http: bool = False,
        on_attempt: Callable[[Attempt], object] | None = None,
    ) -> None:
        if api_key is None:
            api_key = os.environ.get("NODERAILS_API_KEY")
        if isinstance(api_key, str):
            # Before anything can fail: an error's report may show this frame's variables.
            api_key = _settings.Secret(api_key)
        key = _settings.api_key(api_key)
        if app_id is None:
            app_id = os.environ.get("NODERAILS_APP_ID")
        self._app_id = _settings.app_id(app_id)
        if base_url is None:
            base_url = os.environ.get("NODERAILS_BASE_URL") or DEFAULT_BASE_URL
        self._base_url = _settings.base_url(base_url, allow_http=allow_http)
        self._environment = key.split("_")[1]
        self._limits = _settings.limits(timeout=timeout, deadline=deadline, max_retries=max_retries)
        agent = f"customers-sdk/{__version__} python/{'.'.join(map(str, sys.version_info[:3]))}"
        own_agent = _settings.header_setting(user_agent, "user_agent")
        headers = {
            "Accept": "application/json",
            "User-Agent": f"{own_agent} {agent}" if own_agent else agent,
            "x-api-key": key,
        }
        version = _settings.header_setting(api_version, "api_version")
        if version:
            headers["NodeRails-Version"] = version
        self._transport = Transport(
            Sender(self._base_url, headers, _settings.session(session)),
            base_url=self._base_url,
            api_key=key,
            app_id=self._app_id,
            backoff=retry.BACKOFFS[-1],
            on_attempt=_settings.observer(on_attempt),
        )

    @property
    def base_url(self) -> str:
        """The service's address."""
        return self._base_url

    @property
    def app_id(self) -> str:
        """The client's own app."""
        return self._app_id

    @property
    def environment(self) -> str:
        """The environment of the key, ``test`` or ``live``."""
        return self._environment

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> ApiResponse:
        """Send a request to a route that has no method yet, as safely as the others.

        A POST or PATCH is not retried after a timeout: what makes it unique is not known.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: below the base URL, with a slash first, percent-encoded ids, and no query.
            params: the query; None values are left out, lists repeat the name.
            json: the body; None sends none.
            headers: more headers; the key's and those that frame the request are refused.
            idempotency_key: for POST, PUT and PATCH; by default one is drawn.
            timeout, deadline, max_retries: as for the client, for this call.

        Returns:
            The response, out of its envelope and otherwise undecoded.

        Raises:
            ValueError, TypeError: an argument is wrong; the text names it.
            CustomersError: as for every call.
        """
        late.load(late.FIRST_CALL)
        verb = _checks.method(method)
        checked = _checks.path(path)
        body = None
        if json is not None:
            body = late.codec.dumps(_checks.json_value(json, "json"), "json")
        if idempotency_key is not None and verb in ("GET", "DELETE"):
            raise ValueError(f"idempotency_key does nothing on a {verb}")
        response = self._transport.send(
            Call(
                verb,
                checked,
                route=_template(checked),
                limits=self._limits.override(timeout, deadline, max_retries),
                query=_checks.query(params),
                body=body,
                key=_checks.idempotency_key(idempotency_key),
                headers=_checks.headers(headers),
                repeatable=verb == "PUT",
            )
        )
        if isinstance(response.data, (dict, list)):
            response.data = late.codec.restore_integers(response.data)
        return response

    def close(self) -> None:
        """Close idle connections. A session passed in is left open."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self._base_url} app_id={self._app_id!r} {self._environment} key>"

    def __reduce__(self) -> NoReturn:
        self._transport.__reduce__()


def _template(path: str) -> str:
    """A path without what may be an id, for logs and error texts: ``/customers/{}/wallets``."""
    return "".join(f"/{part}" if part in _ROUTE_WORDS else "/{}" for part in path[1:].split("/"))
