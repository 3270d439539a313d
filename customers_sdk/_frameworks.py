"""What Flask and Django share: an application's settings, and the client made from them.

A client is made when it is first used, and again after its settings have changed, as they do in
tests. A process has one for each application; `Client` itself handles forks. No ``repr`` shows a
setting: error reports print the variables of every frame they pass.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from customers_sdk._http.secret import Secret
from customers_sdk.client import Client
from customers_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from customers_sdk.testing import MockCustomers

#: The settings an application may have: the arguments of `Client` in upper case, and the fake.
NAMES = (
    *("API_KEY", "APP_ID", "BASE_URL", "TIMEOUT", "DEADLINE", "MAX_RETRIES"),
    *("API_VERSION", "USER_AGENT", "ALLOW_HTTP", "SESSION", "FAKE"),
)
#: The environment variables used for those that the application does not set.
VARIABLES = {
    "API_KEY": "NODERAILS_API_KEY",
    "APP_ID": "NODERAILS_APP_ID",
    "BASE_URL": "NODERAILS_BASE_URL",
}
# A name of this machine: a request that missed the fake would not leave it.
_FAKE_URL = "http://customers-fake.localhost"


class AppSettings:
    """An application's settings, and the environment variables used for those it does not set.

    Args:
        read: returns a setting by its name, None if it is not set.
    """

    __slots__ = ("_environment", "_values")

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._values = tuple(map(read, NAMES))
        self._environment = tuple(map(os.environ.get, VARIABLES.values()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AppSettings):
            return NotImplemented
        return self._values == other._values and self._environment == other._environment

    # A session or a list may be among them.
    __hash__ = None  # type: ignore[assignment]

    def get(self, name: str) -> Any:
        """Return a setting, or the environment's value for it; None if neither is set."""
        value = self._values[NAMES.index(name)]
        if value is None and name in VARIABLES:
            value = self._environment[list(VARIABLES).index(name)]
        return Secret(value) if name == "API_KEY" and isinstance(value, str) else value

    def name_of(self, name: str, naming: str) -> str:
        """Return the name under which the user set it."""
        inherited = self._values[NAMES.index(name)] is None and self.get(name)
        return VARIABLES[name] if inherited else naming.format(name)


class AppClient(NamedTuple):
    """An application's client, the fake that it talks to (if it does), and the settings of both."""

    settings: AppSettings
    client: Client
    fake: MockCustomers | None

    def close(self) -> None:
        """Close the client's connections and the fake's database."""
        self.client.close()
        if self.fake is not None:
            self.fake.close()


class ClientCache:
    """The one client of an application in this process.

    Args:
        naming: how error texts name a setting, for instance ``CUSTOMERS_{}``.
    """

    def __init__(self, naming: str) -> None:
        self._naming = naming
        self._cached: AppClient | None = None
        self._lock = threading.Lock()
        _CACHES.add(self)

    def current(self, read: Callable[[str], Any]) -> AppClient:
        """Return the client of the settings as they are now; raises `ConfigurationError`."""
        settings = AppSettings(read)
        cached = self._cached
        if cached is not None and cached.settings == settings:
            return cached
        with self._lock:
            cached = self._cached
            if cached is None or cached.settings != settings:
                fresh = build(settings, self._naming)
                if cached is not None:
                    cached.close()
                self._cached = cached = fresh
        return cached

    def clear(self) -> None:
        """Close the client, and forget it."""
        with self._lock:
            cached, self._cached = self._cached, None
        if cached is not None:
            cached.close()

    def renew_lock(self) -> None:
        """Replace the lock: in a forked child, the thread that holds it does not exist."""
        self._lock = threading.Lock()


_CACHES: WeakSet[ClientCache] = WeakSet()


def _renew_locks() -> None:
    for cache in list(_CACHES):
        cache.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


def build(settings: AppSettings, naming: str) -> AppClient:
    """Make the client; errors name its settings as the application does."""
    try:
        arguments = {
            name.lower(): settings.get(name)
            for name in NAMES
            if name != "FAKE" and settings.get(name) is not None
        }
        fake = _fake(settings)
        if fake is None:
            return AppClient(settings, Client(**arguments), None)
        ours = {
            "api_key": fake.api_key,
            "app_id": fake.app_id,
            "base_url": fake.base_url,
            "session": fake.session(),
        }
        return AppClient(settings, Client(**{**arguments, **ours}), fake)
    except ConfigurationError as error:
        text, about = worded(error, settings, naming), vars(error)
    raise ConfigurationError(text, **about)


def worded(error: ConfigurationError, settings: AppSettings, naming: str) -> str:
    """Return an error's text with the application's name for the setting."""
    name = (error.setting or "").upper()
    if name not in NAMES:
        return str(error)
    text = f"{settings.name_of(name, naming)} {error.problem}"
    if settings.get(name) or name not in VARIABLES:
        return text
    return f"{text}: set it, or set {VARIABLES[name]}"


def _fake(settings: AppSettings) -> MockCustomers | None:
    wanted = settings.get("FAKE")
    if wanted is None or wanted is False:
        return None
    if wanted is not True:
        # "false" from an environment would be taken for true.
        problem = f"must be True or False, not {type(wanted).__name__}"
        raise ConfigurationError(f"FAKE {problem}", setting="fake", problem=problem)
    if is_live(settings.get("API_KEY")):
        problem = (
            "is on together with a live key: customers would seem to be stored and be lost; "
            "take one of the two away"
        )
        raise ConfigurationError(f"FAKE {problem}", setting="fake", problem=problem)
    from customers_sdk.testing import MockCustomers

    return MockCustomers(_FAKE_URL, time.sleep)


def is_live(key: object) -> bool:
    """Whether a key is, or was meant to be, a live one."""
    return isinstance(key, str) and key.strip().startswith("nr_live_")


def report(client: Client) -> str:
    """Request one page, and describe in one line what responded."""
    page = client.customers.list_page(page_size=1)
    return (
        f"{client.base_url} answers: {client.environment} key, app {client.app_id}, "
        f"{page.total} customers" + ("" if page.total else ": is the app the right one?")
    )
