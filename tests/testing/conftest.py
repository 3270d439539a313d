"""In a checkout that is not installed the plugin's fixtures are borrowed from its module."""

from __future__ import annotations

import pytest

from customers_sdk import _pytest_plugin


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("customers_sdk"):
        config.pluginmanager.register(_pytest_plugin, "customers_sdk")
