"""A fake of the Customers API for your own tests, in process (extra ``testing``).

    from customers_sdk.testing import mock_customers

    with mock_customers() as mock:
        mock.add_customer(external_id="user-1")
        call_your_code()
        assert mock.customers[-1].email == "ada@example.com"

It is the sandbox's own application, called through `responses`: stateful, without a port and
without threads. The pytest plugin gives the fixtures ``customers_mock``, ``customers_client`` and
``customers_sandbox``.
"""

from __future__ import annotations

try:
    import flask
    import responses
except ModuleNotFoundError as _missing:
    if _missing.name not in ("flask", "responses", "werkzeug"):
        raise
    _text: str = f"this needs {_missing.name}: pip install 'customers_sdk[testing]'"
    raise ModuleNotFoundError(_text, name=_missing.name) from _missing
else:
    from customers_sdk.sandbox.faults.requestlog import SentRequest
    from customers_sdk.testing._fake import MockCustomers
    from customers_sdk.testing._mock import mock_customers

    del flask, responses

__all__ = ["MockCustomers", "SentRequest", "mock_customers"]
