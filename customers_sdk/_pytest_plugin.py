"""The plugin's former place, for environments installed before it moved."""

from customers_sdk.testing.plugin import (
    customers_client,
    customers_mock,
    customers_mock_options,
    customers_sandbox,
)

__all__ = ["customers_client", "customers_mock", "customers_mock_options", "customers_sandbox"]
