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

from customers_sdk import _settings
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
VARIABLES = {name.upper(): variable for name, variable in _settings.VARIABLES.items()}
# A name of this machine: a request that missed the fake would not leave it.
_FAKE_URL = "http://customers-fake.localhost"


class AppSettings:
    """An application's settings, and the environment variables used for those it does not set.

    `read` returns a setting by its name, None if it is not set; `naming` is how error texts name
    one, for instance ``CUSTOMERS_{}``.
    """

    def __init__(self, read: Callable[[str], Any], naming: str) -> None:
        self._naming = naming
        self.values = {name: read(name) for name in NAMES}
        self.values.update((name, os.environ.get(name)) for name in VARIABLES.values())

    def get(self, name: str) -> Any:
        """Return a setting, or the environment's value for it; None if neither is set."""
        value = self.values[name]
        if value is None and name in VARIABLES:
            value = self.values[VARIABLES[name]]
        return _settings.Secret(value) if name == "API_KEY" and isinstance(value, str) else value

    def name_of(self, name: str) -> str:
        """Return the name under which the user set it."""
        inherited = self.values[name] is None and self.get(name)
        return VARIABLES[name] if inherited else self._naming.format(name)

    def worded(self, error: ConfigurationError) -> str:
        """Return an error's text with the application's name for the setting."""
        name = (error.setting or "").upper()
        if name not in NAMES:
            return str(error)
        text = f"{self.name_of(name)} {error.problem}"
        if self.get(name) or name not in VARIABLES:
            return text
        return f"{text}: set it, or set {VARIABLES[name]}"


class AppClient(NamedTuple):
    """An application's client, the fake that it talks to (if it does), and the settings of both."""

    settings: AppSettings
    client: Client
    fake: MockCustomers | None

    def close(self) -> None:
        """Close the client's connections and the fake's database."""
        (self.fake or self.client).close()  # a fake closes its clients


_lock = threading.RLock()


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603 - in a forked child, the thread that holds it does not exist
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class ClientCache:
    """The one client of an application in this process; `naming` is as for `AppSettings`."""

    def __init__(self, naming: str) -> None:
        self._naming = naming
        self._cached: AppClient | None = None

    def current(self, read: Callable[[str], Any]) -> AppClient:
        """Return the client of the settings as they are now; raises `ConfigurationError`."""
        settings = AppSettings(read, self._naming)
        with _lock:
            if self._cached is None or self._cached.settings.values != settings.values:
                fresh = build(settings)
                self.clear()
                self._cached = fresh
            return self._cached

    def clear(self) -> None:
        """Close the client, and forget it."""
        with _lock:
            cached, self._cached = self._cached, None
        if cached is not None:
            cached.close()


def build(settings: AppSettings) -> AppClient:
    """Make the client; errors name its settings as the application does."""
    try:
        fake = _fake(settings)
        names = set(NAMES) - {"FAKE"}
        if fake is not None:
            names -= {"API_KEY", "APP_ID", "BASE_URL", "SESSION"}  # it has its own
        arguments = {name.lower(): settings.get(name) for name in names}
        given = {name: value for name, value in arguments.items() if value is not None}
        return AppClient(settings, fake.client(**given) if fake else Client(**given), fake)
    except ConfigurationError as error:
        text, about = settings.worded(error), vars(error)
    raise ConfigurationError(text, **about)


def _fake(settings: AppSettings) -> MockCustomers | None:
    wanted = settings.get("FAKE")
    if wanted is None or wanted is False:
        return None
    if wanted is not True:
        # "false" from an environment would be taken for true.
        problem = f"must be True or False, not {type(wanted).__name__}"
    elif is_live(settings.get("API_KEY")):
        problem = (
            "is on together with a live key: customers would seem to be stored and be lost; "
            "take one of the two away"
        )
    else:
        from customers_sdk.testing import MockCustomers

        return MockCustomers(_FAKE_URL, time.sleep)
    raise ConfigurationError(f"FAKE {problem}", setting="fake", problem=problem)


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
