"""The task on the page about Celery runs, and a second delivery creates nothing."""

from __future__ import annotations

import pytest

from customers_sdk.testing import mock_customers
from tests.docs.pages import ROOT, blocks


def test_a_task_that_is_delivered_twice_does_no_harm() -> None:
    pytest.importorskip("celery", reason="the extra 'doubles' brings it")
    (block,) = [each for each in blocks(ROOT / "docs" / "cron.md") if "celery" in each.code]
    names: dict[str, object] = {"__name__": "tasks"}
    with mock_customers() as mock:
        exec(block.code, names)  # noqa: S102 - our own page
        names["app"].conf.task_always_eager = True
        ids = {names["sign_up"].delay("user-42", "ada@example.com").get() for _ in range(2)}
        assert ids == {customer.id for customer in mock.customers}
