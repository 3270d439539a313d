"""What ``INSTALLED_APPS`` loads: the system checks and, by its place, the commands."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Django has no types
    AppConfig = object
else:
    from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """The app without models. Its label leaves ``customers`` to the project."""

    name: str = "customers_sdk.django"
    label: str = "customers_sdk"
    verbose_name: str = "Customers"

    def ready(self) -> None:
        """Register the checks."""
        import_module("customers_sdk.django.checks")
