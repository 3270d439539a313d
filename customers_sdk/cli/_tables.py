"""Records for a terminal: a table where it fits, otherwise a block for each record.

Ids and addresses are there to be copied, so they are never cut or broken. Text that people wrote
may be long: in a table it ends with an ellipsis, in a block it is folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from operator import attrgetter
from typing import Any, NamedTuple

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk._wire import codec
from customers_sdk.cli._exit import visible
from customers_sdk.cli._output import console
from customers_sdk.models import CustomerSummary, Invoice, Model, PaymentIntent, Wallet

_TEXT_WIDTHS = (32, 24, 16)  # tried in turn: what an e-mail address or a name may take of a table
_LABELLED = 60  # columns from which a label and an id stand on one line


class Column(NamedTuple):
    """A column of a table, or a labelled value of a block."""

    title: str
    value: Callable[[Any], Any]  # of a record
    text: bool = False  # people wrote it, so that it may be shortened in a table
    number: bool = False  # set to the right


def _chain(wallet: Wallet) -> str:
    return f"{wallet.chain.name} {wallet.chain_id}" if wallet.chain else str(wallet.chain_id)


def _authorised(wallet: Wallet) -> str:
    return wallet.authorization_type or "yes" if wallet.has_active_authorization else "no"


_COLUMNS: dict[type[Model], Sequence[Column]] = {
    CustomerSummary: (
        Column("id", attrgetter("id")),
        Column("external id", attrgetter("external_id")),
        Column("email", attrgetter("email"), text=True),
        Column("name", attrgetter("name"), text=True),
        Column("wallets", lambda each: len(each.wallets), number=True),
        Column("payments", attrgetter("counts.payment_intents"), number=True),
        Column("created (UTC)", attrgetter("created_at")),
    ),
    Wallet: (
        Column("id", attrgetter("id")),
        Column("chain", _chain),
        Column("address", attrgetter("wallet_address")),
        Column("authorised", _authorised),
    ),
    PaymentIntent: (
        Column("id", attrgetter("id")),
        Column("status", attrgetter("status")),
        Column("amount", lambda each: f"{each.amount:f} {each.currency}"),
        Column("created (UTC)", attrgetter("created_at")),
    ),
    Invoice: (
        Column("number", lambda each: each.invoice_number or each.id),
        Column("status", attrgetter("status")),
        Column("total", lambda each: f"{each.total:f} {each.currency}"),
        Column("due (UTC)", attrgetter("due_date")),
    ),
}
_TITLES = {Wallet: "Wallets", PaymentIntent: "Payments", Invoice: "Invoices"}


def draw_customer(customer: Any) -> None:
    """Draw all that is known of one customer; on a narrow terminal, each value on its own line."""
    screen = console()
    facts = [(title, cell) for title, value in _facts(customer) if (cell := _cell(value))]
    if screen.width < _LABELLED:
        for title, cell in facts:
            screen.print(Text(title, style="bold"), Padding(cell, (0, 0, 0, 2)), sep="\n")
    else:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for fact in facts:
            grid.add_row(*fact)
        screen.print(grid)
    screen.print()
    for name in ("wallets", "payment_intents", "invoices"):
        if records := getattr(customer, name, ()):
            draw(records)


def draw(records: Sequence[Model]) -> None:
    """Draw records of one kind, one at least: a table if all of them fit, and blocks if not."""
    kind = next(kind for kind in _COLUMNS if isinstance(records[0], kind))
    title, columns = _TITLES.get(kind), _COLUMNS[kind]
    rows = [[_cell(column.value(each)) for column in columns] for each in records]
    screen = console()
    endless = screen.options.update_width(1_000_000)
    for text_width in _TEXT_WIDTHS:
        table = _table(title, columns, rows, text_width)
        if screen.measure(table, options=endless).maximum <= screen.width:
            screen.print(table)
            return
    if title:
        screen.print(Text(title, style="bold"))
    for row in rows:
        screen.print(Text(row[0].plain, style="bold", overflow="fold"))
        parts = [
            Text.assemble((f"{column.title}: ", "dim"), cell)
            for column, cell in zip(columns[1:], row[1:])
            if cell
        ]
        screen.print(Padding(_filled(parts, screen.width - 2), (0, 0, 1, 2)))


def _table(
    title: str | None, columns: Sequence[Column], rows: Iterable[Sequence[Text]], text_width: int
) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    for column in columns:
        table.add_column(
            column.title,
            no_wrap=True,
            overflow="ellipsis" if column.text else "fold",
            max_width=text_width if column.text else None,
            justify="right" if column.number else "left",
        )
    for row in rows:
        table.add_row(*(cell or Text("-", style="dim") for cell in row))
    return table


def _filled(parts: Iterable[Text], width: int) -> Text:
    """Set parts on as few lines as they need, with none broken that fits a line."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + 3 + part.cell_len <= width:
            lines[-1].append("   ").append_text(part)
        else:
            lines.append(part.copy())
    return Text("\n", overflow="fold").join(lines)


def _facts(customer: Any) -> Iterator[tuple[str, Any]]:
    app = getattr(customer, "app", None)
    yield "id", customer.id
    yield "external id", customer.external_id
    yield "app", customer.app_id if app is None else f"{app.name} ({app.id})"
    for name in CUSTOMER_FIELDS:
        if name not in ("external_id", "metadata"):  # they stand elsewhere
            yield name.replace("_", " "), getattr(customer, name)
    metadata = dict(customer.metadata)
    yield "metadata", codec.to_text(metadata, ascii_only=False) if metadata else None
    yield "created (UTC)", customer.created_at
    yield "updated (UTC)", customer.updated_at


def _cell(value: Any) -> Text:
    """A value as text that cannot steer the terminal; empty for a value that is not set."""
    if value is None or value == "":
        return Text()
    if isinstance(value, datetime):
        return Text(value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M"))
    return Text("\n".join(map(visible, str(value).split("\n"))), overflow="fold")
