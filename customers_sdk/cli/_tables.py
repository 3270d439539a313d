"""Tables for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Optional

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from customers_sdk.cli._exit import visible

if TYPE_CHECKING:
    from customers_sdk.models import Customer, CustomerSummary, Invoice, PaymentIntent, Wallet

_WIDE = 125  # columns of a terminal that a list with all its columns wants


class _List:
    """A table of customers, with as many columns as the terminal has room for."""

    def __init__(self, customers: Sequence[CustomerSummary]) -> None:
        self._customers = customers

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = options.max_width >= _WIDE
        table = _table("id", "external id", "email", "name")
        if wide:
            for title in ("wallets", "payments"):
                table.add_column(title, justify="right")
            table.add_column("created (UTC)", no_wrap=True)
        for each in self._customers:
            cells: list[Any] = [each.id, each.external_id, each.email, each.name]
            if wide:
                cells += [len(each.wallets), each.counts.payment_intents, each.created_at]
            table.add_row(*map(_cell, cells))
        yield table


def list_table(customers: Sequence[CustomerSummary]) -> _List:
    """One line a customer."""
    return _List(customers)


def customer_table(customer: Customer) -> Group:
    """All that is known of one customer."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for title, value in _facts(customer):
        facts.add_row(title, _cell(value))
    parts: list[Any] = [facts, Text()]
    if customer.wallets:
        parts.append(wallet_table(customer.wallets))
    if payments := getattr(customer, "payment_intents", ()):
        parts.append(_payment_table(payments))
    if invoices := getattr(customer, "invoices", ()):
        parts.append(_invoice_table(invoices))
    return Group(*parts)


def _facts(customer: Customer) -> Iterator[tuple[str, Any]]:
    app = getattr(customer, "app", None)
    yield "id", customer.id
    yield "external id", customer.external_id
    yield "app", customer.app_id if app is None else f"{app.name} ({app.id})"
    for name in ("email", "name", "address", "city", "state", "country", "postal_code"):
        yield name.replace("_", " "), getattr(customer, name)
    metadata = dict(customer.metadata)
    yield "metadata", json.dumps(metadata, ensure_ascii=False) if metadata else None
    yield "created (UTC)", customer.created_at
    yield "updated (UTC)", customer.updated_at


def wallet_table(wallets: Iterable[Wallet]) -> Table:
    """One line a wallet."""
    table = _table("id", "chain", "address", "authorised", title="Wallets")
    for each in wallets:
        chain = str(each.chain_id) if each.chain is None else f"{each.chain.name} {each.chain_id}"
        allowed = each.authorization_type or "yes" if each.has_active_authorization else "no"
        table.add_row(*map(_cell, (each.id, chain, each.wallet_address, allowed)))
    return table


def _payment_table(payments: Iterable[PaymentIntent]) -> Table:
    table = _table("id", "status", "amount", "created (UTC)", title="Payments")
    for each in payments:
        amount = f"{each.amount:f} {each.currency}"
        table.add_row(*map(_cell, (each.id, each.status, amount, each.created_at)))
    return table


def _invoice_table(invoices: Iterable[Invoice]) -> Table:
    table = _table("number", "status", "total", "due (UTC)", title="Invoices")
    for each in invoices:
        total = f"{each.total:f} {each.currency}"
        table.add_row(
            *map(_cell, (each.invoice_number or each.id, each.status, total, each.due_date))
        )
    return table


def _table(*columns: str, title: Optional[str] = None) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False
    )
    for number, name in enumerate(columns):
        # The first is an id, to be copied whole.
        table.add_column(name, no_wrap=number == 0, overflow="fold")
    return table


def _cell(value: Any) -> Text:
    """A value as text that cannot steer the terminal."""
    if value is None or value == "":
        return Text("-", style="dim")
    if isinstance(value, datetime):
        return Text(value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M"))
    return Text("\n".join(map(visible, str(value).split("\n"))))
