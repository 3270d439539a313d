"""In a checkout that is not installed the plugin's fixtures are borrowed from its module."""

from __future__ import annotations

import pytest

from customers_sdk.testing import plugin


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("customers_sdk"):
        config.pluginmanager.register(plugin, "customers_sdk")
