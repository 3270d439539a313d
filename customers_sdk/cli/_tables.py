"""Records for a terminal: a table where it fits, otherwise a block for each record.

Ids and addresses are there to be copied, so they are never cut or broken. Text that people wrote
may be long: in a table it ends with an ellipsis, in a block it is folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk.cli._exit import visible

if TYPE_CHECKING:
    from customers_sdk.models import Customer, CustomerSummary, Invoice, PaymentIntent, Wallet

_TEXT_WIDTHS = (32, 24, 16)  # tried in turn: what an e-mail address or a name may take of a table
_LABELLED = 60  # columns from which a label and an id stand on one line


class Column(NamedTuple):
    """A column of a table, or a labelled value of a block.

    Attributes:
        title: what it is called.
        text: whether people wrote it, so that it may be shortened in a table.
        number: whether it is set to the right.
    """

    title: str
    text: bool = False
    number: bool = False


_LIST = (
    Column("id"),
    Column("external id"),
    Column("email", text=True),
    Column("name", text=True),
    Column("wallets", number=True),
    Column("payments", number=True),
    Column("created (UTC)"),
)
_WALLETS = (Column("id"), Column("chain"), Column("address"), Column("authorised"))
_PAYMENTS = (Column("id"), Column("status"), Column("amount"), Column("created (UTC)"))
_INVOICES = (Column("number"), Column("status"), Column("total"), Column("due (UTC)"))


class Records:
    """Records of one kind, drawn as a table if all of them fit and as blocks if not."""

    def __init__(
        self, columns: Sequence[Column], rows: Iterable[Sequence[Any]], title: str | None = None
    ) -> None:
        self._columns = columns
        self._rows = [list(map(_cell, row)) for row in rows]
        self._title = title

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        endless = options.update_width(1_000_000)
        for text_width in _TEXT_WIDTHS:
            table = self._table(text_width)
            if Measurement.get(console, endless, table).maximum <= options.max_width:
                yield table
                return
        yield from self._blocks(options.max_width)

    def _table(self, text_width: int) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD,
            title=self._title,
            title_justify="left",
            title_style="bold",
            pad_edge=False,
            collapse_padding=True,
        )
        for column in self._columns:
            table.add_column(
                column.title,
                no_wrap=True,
                overflow="ellipsis" if column.text else "fold",
                max_width=text_width if column.text else None,
                justify="right" if column.number else "left",
            )
        for row in self._rows:
            table.add_row(*(cell or Text("-", style="dim") for cell in row))
        return table

    def _blocks(self, width: int) -> Iterator[Any]:
        if self._title:
            yield Text(self._title, style="bold")
        for row in self._rows:
            yield Text(row[0].plain, style="bold", overflow="fold")
            parts = [
                Text.assemble((f"{column.title}: ", "dim"), cell)
                for column, cell in zip(self._columns[1:], row[1:])
                if cell
            ]
            yield Padding(_filled(parts, width - 2), (0, 0, 1, 2))


def _filled(parts: Iterable[Text], width: int) -> Text:
    """Set parts on as few lines as they need, with none broken that fits a line."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + 3 + part.cell_len <= width:
            lines[-1].append("   ").append_text(part)
        else:
            lines.append(part.copy())
    text = Text("\n").join(lines)
    text.overflow = "fold"
    return text


def list_table(customers: Iterable[CustomerSummary]) -> Records:
    """Draw one record a customer."""
    return Records(
        _LIST,
        (
            (
                *(each.id, each.external_id, each.email, each.name),
                *(len(each.wallets), each.counts.payment_intents, each.created_at),
            )
            for each in customers
        ),
    )


def customer_table(customer: Customer) -> Group:
    """Draw all that is known of one customer."""
    parts: list[Any] = [_Facts(_facts(customer))]
    if customer.wallets:
        parts.append(wallet_table(customer.wallets))
    if payments := getattr(customer, "payment_intents", ()):
        parts.append(_payment_table(payments))
    if invoices := getattr(customer, "invoices", ()):
        parts.append(_invoice_table(invoices))
    return Group(*parts)


class _Facts:
    """Labels and values; on a narrow terminal each value is on a line of its own."""

    def __init__(self, facts: Iterable[tuple[str, Any]]) -> None:
        self._facts = [(title, cell) for title, value in facts if (cell := _cell(value))]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < _LABELLED:
            for title, value in self._facts:
                yield Text(title, style="bold")
                yield Padding(value, (0, 0, 0, 2))
        else:
            grid = Table.grid(padding=(0, 2))
            grid.add_column(style="bold", no_wrap=True)
            grid.add_column(overflow="fold")
            for title, value in self._facts:
                grid.add_row(title, value)
            yield grid
        yield Text()


def _facts(customer: Customer) -> Iterator[tuple[str, Any]]:
    from customers_sdk._wire import codec

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


def wallet_table(wallets: Iterable[Wallet]) -> Records:
    """Draw one record a wallet."""
    return Records(
        _WALLETS,
        (
            (
                each.id,
                f"{each.chain.name} {each.chain_id}" if each.chain else each.chain_id,
                each.wallet_address,
                each.authorization_type or "yes" if each.has_active_authorization else "no",
            )
            for each in wallets
        ),
        "Wallets",
    )


def _payment_table(payments: Iterable[PaymentIntent]) -> Records:
    rows = (
        (each.id, each.status, f"{each.amount:f} {each.currency}", each.created_at)
        for each in payments
    )
    return Records(_PAYMENTS, rows, "Payments")


def _invoice_table(invoices: Iterable[Invoice]) -> Records:
    rows = (
        (
            *(each.invoice_number or each.id, each.status),
            *(f"{each.total:f} {each.currency}", each.due_date),
        )
        for each in invoices
    )
    return Records(_INVOICES, rows, "Invoices")


def _cell(value: Any) -> Text:
    """A value as text that cannot steer the terminal; empty for a value that is not set."""
    if value is None or value == "":
        return Text()
    if isinstance(value, datetime):
        return Text(value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M"))
    return Text("\n".join(map(visible, str(value).split("\n"))), overflow="fold")
