"""What the Flask and the Django room share: an application's settings, and the client made of them.

A client is made when it is first asked for, and anew when its settings have changed, as they
do in tests. It is the only one of its process; `Client` itself minds forks. No setting is
shown by a ``repr``: error reports print the variables of every frame they pass.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Optional
from weakref import WeakSet

from customers_sdk._http.secret import Secret
from customers_sdk.client import Client
from customers_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from customers_sdk.testing import MockCustomers

#: The settings an application may give: the arguments of `Client` in upper case, and the fake.
NAMES = (
    *("API_KEY", "APP_ID", "BASE_URL", "TIMEOUT", "DEADLINE", "MAX_RETRIES"),
    *("API_VERSION", "USER_AGENT", "ALLOW_HTTP", "SESSION", "FAKE"),
)
#: What stands in for those that are not given.
VARIABLES = {
    "API_KEY": "NODERAILS_API_KEY",
    "APP_ID": "NODERAILS_APP_ID",
    "BASE_URL": "NODERAILS_BASE_URL",
}
# Of this machine by its name, and nobody listens there: what went astray could not get far.
_FAKE_URL = "http://customers-fake.localhost"


class Given:
    """Settings as an application gave them, and the environment that stands in for the rest.

    Args:
        read: gives the setting of a name, None where there is none.
    """

    __slots__ = ("_environment", "_values")

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._values = tuple(map(read, NAMES))
        self._environment = tuple(map(os.environ.get, VARIABLES.values()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Given):
            return NotImplemented
        return self._values == other._values and self._environment == other._environment

    # A session or a list may be among them.
    __hash__ = None  # type: ignore[assignment]

    def get(self, name: str) -> Any:
        """A setting, or what the environment has in its place; None if neither."""
        value = self._values[NAMES.index(name)]
        if value is None and name in VARIABLES:
            value = self._environment[list(VARIABLES).index(name)]
        return Secret(value) if name == "API_KEY" and isinstance(value, str) else value

    def name_of(self, name: str, place: str) -> str:
        """How whoever has to mend a setting knows it."""
        inherited = self._values[NAMES.index(name)] is None and self.get(name)
        return VARIABLES[name] if inherited else place.format(name)


class Made(NamedTuple):
    """A client, the fake that it talks to if it does, and what both were made of."""

    given: Given
    client: Client
    fake: Optional[MockCustomers]

    def close(self) -> None:
        """Let go of connections and of the fake's database."""
        self.client.close()
        if self.fake is not None:
            self.fake.close()


class Held:
    """The one client of an application in this process.

    Args:
        place: how a setting is named in an error's text, ``CUSTOMERS_{}`` for instance.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._made: Optional[Made] = None
        self._lock = threading.Lock()
        _HELD.add(self)

    def made(self, read: Callable[[str], Any]) -> Made:
        """The client of the settings as they are now; raises `ConfigurationError`."""
        given = Given(read)
        made = self._made
        if made is not None and made.given == given:
            return made
        with self._lock:
            made = self._made
            if made is None or made.given != given:
                fresh = make(given, self._place)
                if made is not None:
                    made.close()
                self._made = made = fresh
        return made

    def drop(self) -> None:
        """Forget the client."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def unlock(self) -> None:
        """Take a new lock: a forked child would wait for a thread that it does not have."""
        self._lock = threading.Lock()


_HELD: WeakSet[Held] = WeakSet()


def _unlock_all() -> None:
    for held in list(_HELD):
        held.unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_all)


def make(given: Given, place: str) -> Made:
    """Make the client; its settings are named in errors as the application names them."""
    try:
        arguments = {
            name.lower(): given.get(name)
            for name in NAMES
            if name != "FAKE" and given.get(name) is not None
        }
        fake = _fake(given)
        if fake is None:
            return Made(given, Client(**arguments), None)
        ours = {
            "api_key": fake.api_key,
            "app_id": fake.app_id,
            "base_url": fake.base_url,
            "session": fake.session(),
        }
        return Made(given, Client(**{**arguments, **ours}), fake)
    except ConfigurationError as error:
        text, about = worded(error, given, place), vars(error)
    raise ConfigurationError(text, **about)


def worded(error: ConfigurationError, given: Given, place: str) -> str:
    """A refusal of `Client` in the application's words."""
    name = (error.setting or "").upper()
    if name not in NAMES:
        return str(error)
    text = f"{given.name_of(name, place)} {error.problem}"
    if given.get(name) or name not in VARIABLES:
        return text
    return f"{text}: set it, or set {VARIABLES[name]}"


def _fake(given: Given) -> MockCustomers | None:
    wanted = given.get("FAKE")
    if wanted is None or wanted is False:
        return None
    if wanted is not True:
        # "false" from an environment would be taken for true.
        problem = f"must be True or False, not {type(wanted).__name__}"
        raise ConfigurationError(f"FAKE {problem}", setting="fake", problem=problem)
    if is_live(given.get("API_KEY")):
        problem = (
            "is on together with a live key: customers would seem to be stored and be lost; "
            "take one of the two away"
        )
        raise ConfigurationError(f"FAKE {problem}", setting="fake", problem=problem)
    from customers_sdk.testing import MockCustomers

    return MockCustomers(_FAKE_URL, time.sleep)


def is_live(key: object) -> bool:
    """Whether a key is, or was meant to be, one for real money."""
    return isinstance(key, str) and key.strip().startswith("nr_live_")


def report(client: Client) -> str:
    """Ask the service one question, and say in one line what answered."""
    page = client.customers.list_page(page_size=1)
    return (
        f"{client.base_url} answers: {client.environment} key, app {client.app_id}, "
        f"{page.total} customers"
    )
