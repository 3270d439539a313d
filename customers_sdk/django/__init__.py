"""The client in a Django project (extra ``django``; Django 4.2 and later).

In the settings::

    INSTALLED_APPS = [..., "customers_sdk.django"]
    CUSTOMERS = {"API_KEY": ..., "APP_ID": ...}

and in a view ``get_client().customers.create(…)``. The keys of ``CUSTOMERS`` are ``API_KEY``,
``APP_ID``, ``BASE_URL``, ``TIMEOUT``, ``DEADLINE``, ``MAX_RETRIES``, ``API_VERSION``,
``USER_AGENT``, ``ALLOW_HTTP`` and ``SESSION`` (also as a dotted path to a function that makes
one), with the meaning of the arguments of `customers_sdk.Client`, whose environment variables
are used for the first three if they are not set. ``"FAKE": True`` replaces the service by the
test kit's fake.

`get_client` needs neither a database nor the app registry. The entry in ``INSTALLED_APPS`` adds
the system checks and the commands; the model mixin is in `customers_sdk.django.mixins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import django
except ModuleNotFoundError as _error:
    if _error.name != "django":
        raise
    _text = "customers_sdk.django needs django: pip install django"
    raise ModuleNotFoundError(_text, name=_error.name) from _error

from django.core.signals import setting_changed

from customers_sdk._frameworks import AppClient, ClientCache
from customers_sdk.django._conf import NAMING, not_a_mapping, read, unknown
from customers_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from customers_sdk import Client
    from customers_sdk.testing import MockCustomers

__all__ = ["get_client", "get_fake"]

del django

_cache = ClientCache(NAMING)


def get_client() -> Client:
    """Return the client of the project's settings, one for each process.

    It is made at the first call, and again after settings have changed; each
    ``override_settings(CUSTOMERS=…)`` of a test has its own client and its own fake. Threads share
    it, and each process forked later gets its own connections.

    Raises:
        ConfigurationError: a setting is missing, wrong or unknown; the text names it.
    """
    return _current().client


def get_fake() -> MockCustomers:
    """Return the fake behind `get_client`: seed it, inject faults, look at the requests.

    Raises:
        RuntimeError: ``FAKE`` is not on.
        ConfigurationError: as `get_client`.
    """
    fake = _current().fake
    if fake is None:
        raise RuntimeError('there is no fake: set CUSTOMERS["FAKE"] to True')
    return fake


def _current() -> AppClient:
    problem = not_a_mapping() or next(unknown(), None)
    if problem:
        raise ConfigurationError(problem)
    return _cache.current(read)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "CUSTOMERS":
        _cache.clear()


setting_changed.connect(_forget, dispatch_uid="customers_sdk.django")
