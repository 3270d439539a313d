"""Django is set up with the settings of the example project, in a database of this run's own."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
_scratch = tempfile.TemporaryDirectory(prefix="customers-frameworks-")

pytest.importorskip("flask")
django = pytest.importorskip("django")

sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "django_shop")]
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
os.environ["SHOP_DB"] = str(Path(_scratch.name, "shop.sqlite3"))
django.setup()
del os.environ["SHOP_DB"]


@pytest.fixture(scope="session")
def _tables() -> Iterator[None]:
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0, skip_checks=True)
    yield
    connections.close_all()


@pytest.fixture
def shop(_tables: None) -> Iterator[Any]:
    """The example project's accounts: none at first."""
    from shop.models import Account

    yield Account
    Account.objects.all().delete()


@pytest.fixture
def customers() -> Iterator[Any]:
    """Changes the ``CUSTOMERS`` setting for a test: ``customers(API_KEY=…)``."""
    from django.test import override_settings

    active: list[Any] = []

    def change(whole: Any = None, **keys: Any) -> None:
        override = override_settings(CUSTOMERS=keys if whole is None else whole)
        override.enable()
        active.append(override)

    yield change
    for override in reversed(active):
        override.disable()
