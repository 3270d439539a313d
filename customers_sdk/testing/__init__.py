"""A fake of the Customers API for your own tests, in process (extra ``testing``).

    from customers_sdk.testing import mock_customers

    with mock_customers() as mock:
        mock.add_customer(external_id="user-1")
        call_your_code()
        assert mock.customers[-1].email == "ada@example.com"

It is the sandbox's own application, called without a port and without threads, and it keeps
state. The pytest plugin provides the fixtures ``customers_mock``, ``customers_client`` and
``customers_sandbox``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customers_sdk.sandbox.faults.requestlog import SentRequest
    from customers_sdk.testing._fake import MockCustomers
    from customers_sdk.testing._mock import mock_customers

__all__ = ["MockCustomers", "SentRequest", "mock_customers"]

_HOMES = {
    "MockCustomers": "customers_sdk.testing._fake",
    "SentRequest": "customers_sdk.sandbox.faults.requestlog",
    "mock_customers": "customers_sdk.testing._mock",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the pytest plugin in this package is loaded in every test run."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "responses":
            raise
        text = f"customers_sdk.testing needs {error.name}: pip install {error.name}"
        raise ModuleNotFoundError(text, name=error.name) from error
