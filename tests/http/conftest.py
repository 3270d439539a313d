from __future__ import annotations

import pytest

from customers_sdk._http import retry


@pytest.fixture
def no_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter always draws the ceiling."""
    monkeypatch.setattr(retry.random, "uniform", lambda _, high: high)
