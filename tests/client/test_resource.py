"""A resource is a small file: invoices, as they would be added (see docs/architecture)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Optional
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import attrs
import pytest

from customers_sdk import Client, NotFoundError
from customers_sdk._resource import Attached, Resource
from customers_sdk._settings import Timeout
from customers_sdk._wire import codec
from customers_sdk.models import Model
from tests.doubles import APP, KEY, envelope, invoice, page, refusal


# The model, in models.py.
@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class MerchantInvoice(Model):
    """An invoice of the merchant."""

    id: str
    status: str
    total: Decimal
    currency: str
    created_at: datetime
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


# The resource, in a module of its own.
class Invoices(Resource):
    """The invoices of a merchant; reach them as ``client.invoices``."""

    def retrieve(
        self,
        invoice_id: str,
        *,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> MerchantInvoice:
        """Retrieve an invoice."""
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._get("/invoices/{id}", MerchantInvoice, limits, invoice_id=invoice_id)

    def list(
        self,
        *,
        status: Optional[str] = None,
        page_size: int = 100,
        prefetch: int = 0,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Iterator[MerchantInvoice]:
        """Walk over all invoices, the newest first, each exactly once."""
        limits = self._limits.override(timeout, deadline, max_retries)
        query = {"status": status, "app_id": self._app_id}
        return self._walk("/invoices", MerchantInvoice, query, lambda: limits, page_size, prefetch)


# One line in the client, and one in the table of exports.
class Shop(Client):
    invoices: Attached[Invoices] = Attached(Invoices)


ROWS = [
    invoice(
        id=f"i-{n}", status="PAID" if n % 2 else "OPEN", createdAt=f"2026-11-22T20:{59 - n}:00Z"
    )
    for n in range(5)
]


def application(environ: Any, start_response: Any) -> Any:
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    path = environ["PATH_INFO"]
    status, body = "404 Not Found", refusal("NOT_FOUND", "no such invoice")
    if path == "/invoices" and query["appId"] == APP:
        rows = [row for row in ROWS if query.get("status") in (None, row["status"])]
        number, size = int(query["page"]), int(query["pageSize"])
        part = rows[(number - 1) * size : number * size]
        status, body = "200 OK", page(*part, number=number, size=size, total=len(rows))
    for row in ROWS:
        if path == f"/invoices/{row['id']}":
            status, body = "200 OK", envelope(row)
    start_response(status, [("Content-Type", "application/json")])
    return [codec.encode(body)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with Shop(KEY, APP, base_url=f"http://127.0.0.1:{server.server_port}") as client:
                yield client
        finally:
            server.shutdown()
            thread.join(10)


def test_one_is_retrieved_and_typed(shop: Shop) -> None:
    found = shop.invoices.retrieve("i-1", deadline=10)
    assert (found.id, found.total, found.currency) == ("i-1", Decimal("0.1"), "USD")
    assert found.extra["invoiceNumber"] == "INV-1"


def test_what_is_missing_is_an_error_that_names_the_route(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match=r"GET /invoices/\{id\}, request id"):
        shop.invoices.retrieve("i-99")
    with pytest.raises(ValueError, match="invoice_id is empty"):
        shop.invoices.retrieve("")


@pytest.mark.parametrize("prefetch", [0, 2])
def test_all_are_walked_over_page_by_page(shop: Shop, prefetch: int) -> None:
    rows = shop.invoices.list(page_size=2, prefetch=prefetch)
    assert [row.id for row in rows] == [row["id"] for row in ROWS]
    assert [row.id for row in shop.invoices.list(status="PAID")] == ["i-1", "i-3"]
    with pytest.raises(ValueError, match="page_size"):
        shop.invoices.list(page_size=101)


def test_the_resource_is_the_clients_own_and_stays_the_same(shop: Shop) -> None:
    assert Shop.invoices is Invoices
    assert shop.invoices is shop.invoices
    assert shop.customers is not shop.invoices
    assert repr(shop.invoices) == f"<Invoices of app '{APP}' at {shop.base_url}>"
    assert urlsplit(shop.base_url).hostname in repr(shop.customers)
