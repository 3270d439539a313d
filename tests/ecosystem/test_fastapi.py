"""The application on the page about asyncio runs: a sign-up, a refusal, an outage."""

from __future__ import annotations

from typing import Any

import pytest

from customers_sdk.testing import mock_customers
from tests.docs.pages import ROOT, blocks

pytest.importorskip("httpx", reason="the extra 'doubles' brings it")
testclient = pytest.importorskip("fastapi.testclient", reason="the extra 'doubles' brings it")


@pytest.fixture
def names() -> dict[str, Any]:
    """What the page's two blocks about FastAPI define."""
    found: dict[str, Any] = {"__name__": "shop"}
    for block in blocks(ROOT / "docs" / "asyncio.md"):
        if "fastapi" in block.code:
            exec(block.code, found)  # noqa: S102 - our own page
    return found


def test_the_test_on_the_page_passes(names: dict[str, Any]) -> None:
    names["test_sign_up"]()


def test_errors_become_statuses(names: dict[str, Any]) -> None:
    with mock_customers() as mock, testclient.TestClient(names["app"]) as visitor:
        refused = visitor.post("/accounts/user-1", params={"email": "not-an-address"})
        assert (refused.status_code, refused.json()) == (422, {"detail": ["email: Invalid email"]})

        mock.rate_limit(retry_after=30)
        busy = visitor.post("/accounts/user-1", params={"email": "ada@example.com"})
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "30")
        assert len(busy.json()["request_id"]) >= 32


def test_the_client_is_closed_with_the_application(names: dict[str, Any]) -> None:
    with mock_customers(), testclient.TestClient(names["app"]):
        client = names["app"].state.customers_client
        closed = []
        client.close = lambda: closed.append(True)
    assert closed
