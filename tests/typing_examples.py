"""What the type checkers infer for a caller. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Optional

from customers_sdk import (
    UNSET,
    ApiResponse,
    ChainId,
    Client,
    Customer,
    CustomerDetail,
    CustomersError,
    CustomerSummary,
    Page,
    RateLimitError,
    ValidationError,
    ValidationIssue,
    Wallet,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import assert_type

    from customers_sdk import Chain, Customers

    def methods(client: Client) -> None:
        customers = client.customers
        assert_type(customers, Customers)
        assert_type(customers.create(email="a@example.com", metadata={"a": [1]}), Customer)
        assert_type(customers.retrieve("id", timeout=(1.0, 2)), CustomerDetail)
        assert_type(customers.update("id", name=None, city=UNSET, metadata={}), Customer)
        assert_type(customers.list(app_id=None), Iterator[CustomerSummary])
        assert_type(customers.list_page(app_id=UNSET, page=2), Page[CustomerSummary])
        assert_type(customers.add_wallet("id", chain_id=1, wallet_address="0x"), Wallet)
        assert_type(customers.find_by_external_id("x"), Optional[CustomerSummary])
        assert_type(customers.get_or_create("x", name="y"), tuple[Customer, bool])
        assert_type(
            customers.update_or_create("x", adopt=True, email=None, metadata={"a": 1}, deadline=5),
            tuple[Customer, bool],
        )
        assert_type(customers.find_by_email("x"), tuple[CustomerSummary, ...])
        assert_type(customers.merge_metadata("id", {"a": 1}, remove=["b"]), Customer)
        customers.add_wallet("id", chain_id=ChainId.BASE, wallet_address="0x")
        customers.remove_wallet("id", "wallet", deadline=5, max_retries=0)
        assert_type(client.request("GET", "/x", params={"a": 1}), ApiResponse)
        with client as same:
            assert_type(same, Client)

    def pages(page: Page[CustomerSummary]) -> None:
        assert_type(page.items, tuple[CustomerSummary, ...])
        assert_type(page.total, int)
        assert_type(len(page), int)
        for row in page:
            assert_type(row, CustomerSummary)
            assert_type(row.counts.payment_intents, int)

    def models(customer: CustomerDetail) -> None:
        base: Customer = customer
        assert_type(base.email, Optional[str])
        assert_type(customer.created_at, datetime)
        assert_type(customer.metadata, Mapping[str, Any])
        assert_type(customer.wallets, tuple[Wallet, ...])
        assert_type(customer.wallets[0].chain, Optional[Chain])
        assert_type(customer.payment_intents[0].amount, Decimal)
        assert_type(customer.payment_intents[0].crypto_amount, Optional[int])
        assert_type(customer.invoices[0].due_date, Optional[datetime])
        assert_type(customer.app.name, str)
        assert_type(customer.to_dict(), dict[str, Any])
        assert_type(CustomerDetail.from_dict({}), CustomerDetail)
        assert_type(customer.narrowed_to(Customer), Customer)

    def wrong(client: Client, customer: Customer) -> None:
        client.customers.create("a@example.com")  # type: ignore[call-arg]
        client.customers.create(email=5)  # type: ignore[arg-type]
        client.customers.create(email=UNSET)  # type: ignore[arg-type]
        client.customers.update("id", app_id="x")  # type: ignore[call-arg]
        client.customers.list_page(page="1")  # type: ignore[arg-type]
        client.customers.get_or_create("x", no_such_field="x")  # type: ignore[call-arg]
        client.customers.get_or_create("x", name=5)  # type: ignore[arg-type]
        client.customers.update_or_create("x", external_id="y")  # type: ignore[misc]
        client.customers.update_or_create("x", metadata=[])  # type: ignore[arg-type]
        customer.email = None  # type: ignore[misc]

    def errors(client: Client) -> None:
        try:
            client.customers.retrieve("id")
        except ValidationError as error:
            assert_type(error.issues, tuple[ValidationIssue, ...])
            assert_type(error.issues[0].message, str)
        except RateLimitError as error:
            assert_type(error.retry_after, Optional[float])
        except CustomersError as error:
            assert_type(error.outcome_unknown, bool)
            assert_type(error.idempotency_key, Optional[str])
