"""The formats of an export: a customer as a line of JSON, or as a row of CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk._stored import stored_text
from customers_sdk._wire import codec, schema
from customers_sdk._wire.fields import write_instant
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.models import CustomerSummary

Format = Literal["jsonl", "csv"]

_ENDINGS: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}

_NAMES = ("id", *(name for name in CUSTOMER_FIELDS if name != "metadata"))
_TEXTS = attrgetter(*_NAMES)
_COLUMNS = (
    *_NAMES,
    *("metadata", "wallets", "payment_intents", "subscriptions", "invoices"),
    *("app_id", "created_at", "updated_at"),
)
_QUOTED = re.compile('[",\\r\\n]')
# How a cell begins that a spreadsheet takes for a formula; the last four are full-width.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


class Layout(NamedTuple):
    """What a file of customers looks like."""

    format: Format
    excel_safe: bool = False  # whether cells that a spreadsheet would run are marked

    def header(self) -> bytes:
        """Return what a file begins with."""
        return _csv_line(_COLUMNS) if self.format == "csv" else b""

    def encoder(self) -> Callable[[CustomerSummary], bytes]:
        """Return the function that gives a customer's line in a file."""
        if self.format == "jsonl":
            return lambda customer: schema.encode(customer) + b"\n"
        if self.excel_safe:
            return lambda customer: _csv_line(map(_marked, _cells(customer)))
        return lambda customer: _csv_line(_cells(customer))


def _cells(customer: CustomerSummary) -> list[Any]:
    """Return what the columns of CSV hold."""
    counts = customer.counts
    created = write_instant(customer.created_at)
    same = customer.updated_at is customer.created_at
    return [
        *_TEXTS(customer),
        # Metadata that is not an object is kept there.
        codec.encode(customer.extra.get("metadata", customer.metadata)).decode(),
        schema.encode_all(customer.wallets).decode(),
        counts.payment_intents,
        counts.subscriptions,
        counts.invoices,
        customer.app_id,
        created,
        created if same else write_instant(customer.updated_at),
    ]


def layout_of(path: Path, asked: Format | None, *, excel_safe: bool) -> Layout:
    """Return the layout asked for, or the one that the file's name tells."""
    found = _ENDINGS.get(path.suffix.lower()) if asked is None else asked
    if found is None:
        file = f"{path.name!r}, which ends in none of {', '.join(_ENDINGS)}"
        raise ArgumentError("format", f"cannot tell the format from {file}", "jsonl")
    if found not in _ENDINGS.values():
        raise ArgumentError("format", "must be 'jsonl' or 'csv'")
    if excel_safe and found != "csv":
        raise ArgumentError("excel_safe", "is for CSV only")
    return Layout(found, excel_safe)


def _marked(cell: Any) -> Any:
    """Return a cell that a spreadsheet shows as text, and never runs."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _csv_line(cells: Iterable[Any]) -> bytes:
    """Return a line as `csv.writer` writes it, which takes four times as long over JSON."""
    line = ",".join(["" if cell is None else _quoted(str(cell)) for cell in cells]) + "\r\n"
    try:
        return line.encode()
    except UnicodeEncodeError:
        return stored_text(line).encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell
