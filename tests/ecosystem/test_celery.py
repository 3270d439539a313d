"""The tasks on the page about Celery: a second delivery succeeds, and makes no second record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk import AlreadyExistsError
from customers_sdk.testing import mock_customers
from tests.docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from customers_sdk.testing import MockCustomers

WALLET = (8453, "0x" + "a1" * 20)


@pytest.fixture
def mock() -> Iterator[MockCustomers]:
    with mock_customers() as fake:
        yield fake


@pytest.fixture
def tasks(mock: MockCustomers) -> dict[str, Any]:
    """The names of the page's block; a task runs where it is called."""
    pytest.importorskip("celery", reason="the extra 'doubles' brings it")
    (block,) = [each for each in blocks(ROOT / "docs" / "cron.md") if "celery" in each.code]
    names: dict[str, Any] = {"__name__": "tasks"}
    exec(block.code, names)  # noqa: S102 - our own page
    names["app"].conf.task_always_eager = True
    return names


def test_a_task_that_is_delivered_twice_makes_one_customer(
    tasks: dict[str, Any], mock: MockCustomers
) -> None:
    ids = {tasks["sign_up"].delay("user-42", "ada@example.com").get() for _ in range(2)}
    assert ids == {customer.id for customer in mock.customers}


def test_a_task_that_is_delivered_twice_links_one_wallet(
    tasks: dict[str, Any], mock: MockCustomers
) -> None:
    customer_id = mock.add_customer()
    ids = {tasks["link_wallet"].delay(customer_id, *WALLET).get() for _ in range(2)}
    assert ids == {wallet.id for wallet in mock.customers[0].wallets}


def test_a_duplicate_is_not_retried(tasks: dict[str, Any], mock: MockCustomers) -> None:
    mock.add_customer(external_id="user-42")

    @tasks["app"].task(**tasks["LATER"])  # type: ignore[untyped-decorator]
    def create() -> None:
        tasks["client"].customers.create(external_id="user-42")

    with pytest.raises(AlreadyExistsError):
        create.delay().get()
    assert [request.method for request in mock.requests].count("POST") == 1


def test_a_database_that_was_down_is_retried(tasks: dict[str, Any], mock: MockCustomers) -> None:
    mock.database_down(times=1)
    tasks["sign_up"].delay("user-42", "ada@example.com").get()
    assert len(mock.customers) == 1
