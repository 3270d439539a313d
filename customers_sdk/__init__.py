"""Customers who pay in crypto: a client of the NodeRails Customers API.

Make one client and share it::

    from customers_sdk import Client

    client = Client()  # NODERAILS_API_KEY and NODERAILS_APP_ID
    customer = client.customers.create(email="ada@example.com", external_id="user-1")

Public names are imported when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from customers_sdk._http.attempt import Attempt
    from customers_sdk._http.call import ApiResponse
    from customers_sdk.chains import ChainId
    from customers_sdk.client import Client
    from customers_sdk.customers import UNSET, Customers, Unset
    from customers_sdk.errors import (
        AlreadyExistsError,
        AmbiguousCustomerError,
        ApiError,
        AuthenticationError,
        ConfigurationError,
        ConflictError,
        CustomersError,
        IdempotencyError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RequestTimeoutError,
        ResponseFormatError,
        ServerError,
        TransportError,
        ValidationError,
        ValidationIssue,
    )
    from customers_sdk.models import (
        App,
        Chain,
        Customer,
        CustomerCounts,
        CustomerDetail,
        CustomerSummary,
        Invoice,
        PaymentIntent,
        Wallet,
    )
    from customers_sdk.pagination import IncompleteListWarning, Page

__all__ = [
    "UNSET",
    "AlreadyExistsError",
    "AmbiguousCustomerError",
    "ApiError",
    "ApiResponse",
    "App",
    "Attempt",
    "AuthenticationError",
    "Chain",
    "ChainId",
    "Client",
    "ConfigurationError",
    "ConflictError",
    "Customer",
    "CustomerCounts",
    "CustomerDetail",
    "CustomerSummary",
    "Customers",
    "CustomersError",
    "IdempotencyError",
    "IncompleteListWarning",
    "Invoice",
    "NotFoundError",
    "Page",
    "PaymentIntent",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseFormatError",
    "ServerError",
    "TransportError",
    "Unset",
    "ValidationError",
    "ValidationIssue",
    "Wallet",
    "__version__",
]

#: Which module a name comes from; else it is `errors` for an error, and `models`.
_MODULE_OF = {
    "ApiResponse": "_http.call",
    "Attempt": "_http.attempt",
    "ChainId": "chains",
    "Client": "client",
    "Customers": "customers",
    "IncompleteListWarning": "pagination",
    "Page": "pagination",
    "UNSET": "customers",
    "Unset": "customers",
    "ValidationIssue": "errors",
}


def __getattr__(name: str) -> Any:
    if name in ("chains", "client", "customers", "errors", "models", "pagination"):
        return importlib.import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _MODULE_OF.get(name) or ("errors" if name.endswith("Error") else "models")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
