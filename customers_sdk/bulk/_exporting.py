"""Exports: all customers in a file that is complete or not there."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import attrs

from customers_sdk._lists.prefetch import Prefetch
from customers_sdk._lists.walk import Place, walk
from customers_sdk._stored import stored_text
from customers_sdk._wire import codec
from customers_sdk.bulk import _files
from customers_sdk.client import Client
from customers_sdk.customers import UNSET, Unset
from customers_sdk.models import CustomerSummary
from customers_sdk.pagination import Page

Format = Literal["jsonl", "csv"]

_ENDINGS: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_VERSION = 1

_COLUMNS = (
    *("id", "external_id", "email", "name", "address", "city", "state", "country"),
    *("postal_code", "metadata", "wallets", "payment_intents", "subscriptions", "invoices"),
    *("app_id", "created_at", "updated_at"),
)


@attrs.frozen
class ExportProgress:
    """How far an export is.

    Attributes:
        done: customers written, by an interrupted run before as well.
        total: customers that the list had when it was last asked, or that a part of it
            is to hold; a few more are written of a part.
    """

    done: int
    total: int


class Span(NamedTuple):
    """A part of a list, in positions as they were when it was split.

    Attributes:
        first: of the first customer wanted.
        stop: after that of the last.
        total: how many there were.
        newest: the creation instant of the newest, None if there was none.
    """

    first: int
    stop: int
    total: int
    newest: str | None


class Query(NamedTuple):
    """Which customers to export, and from where.

    Attributes:
        base_url: the service.
        app_id: the app; None is every one of the merchant.
        search: as for `Customers.list <customers_sdk.Customers.list>`.
        span: which part of the list, or None for all of it.
    """

    base_url: str
    app_id: str | None
    search: str | None
    span: Span | None = None


def export_customers(
    client: Client,
    path: str | Path,
    *,
    format: Format | None = None,  # noqa: A002
    search: str | None = None,
    app_id: str | Unset | None = UNSET,
    page_size: int = 100,
    prefetch: int = 0,
    resume: bool = False,
    progress: Callable[[ExportProgress], object] | None = None,
) -> int:
    """Write all customers to a file, the newest first, each exactly once.

    The rows are written to ``PATH.part``, with ``PATH.part.state`` to go on from, and the
    file gets its name when it is complete. Memory does not grow with the list.

    Args:
        client: whose customers.
        path: the file; one that is there is replaced.
        format: ``jsonl``, an object in the wire's form a line (``CustomerSummary.from_dict``
            reads it), or ``csv``, a header and a line each, with ``metadata`` and
            ``wallets`` as JSON and an empty cell for None. None goes by the ending of
            ``path``: ``.jsonl``, ``.ndjson`` or ``.csv``.
        search, app_id, page_size, prefetch: as for `Customers.list
            <customers_sdk.Customers.list>`; **app_id None is every app.**
        resume: go on where an interrupted export stopped; without one, begin.
        progress: called after each page.

    Returns:
        How many customers the file has.

    Raises:
        ValueError, TypeError: an argument is wrong; the export to go on with is of other
            customers or another format, or another process is writing it.
        OSError: the file cannot be written.
        CustomersError: as for `Customers.list <customers_sdk.Customers.list>`; what is
            written stays for ``resume``.

    Warns:
        IncompleteListWarning: some customers created in one instant could not be got.
    """
    target = Path(path)
    kind = format_of(target, format)
    app = client.app_id if isinstance(app_id, Unset) else app_id
    return export(
        client,
        target,
        kind,
        Query(client.base_url, app, search),
        page_size=page_size,
        prefetch=prefetch,
        resume=resume,
        progress=progress,
    )


def export(
    client: Client,
    path: Path,
    kind: Format,
    query: Query,
    *,
    page_size: int,
    prefetch: int,
    resume: bool,
    progress: Callable[[ExportProgress], object] | None,
) -> int:
    """Write a list, or a part of one, to a file; what `export_customers` says holds."""
    asked: dict[str, Any] = {"search": query.search, "app_id": query.app_id}
    # Asks for nothing, but refuses what is wrong before a file is touched.
    client.customers.list(page_size=page_size, prefetch=prefetch, **asked)
    total = 0

    def fetch(number: int, size: int) -> Page[CustomerSummary]:
        nonlocal total
        page = client.customers.list_page(page=number, page_size=size, **asked)
        total = page.total
        return page

    span = query.span
    empty = span is not None and span.first == span.stop
    newest = datetime.fromisoformat(span.newest) if span and span.newest else None
    with contextlib.ExitStack() as stack:
        part = stack.enter_context(_Part(path, kind, query))

        def note(place: Place) -> None:
            part.note(place)
            if progress is not None:
                progress(ExportProgress(part.rows, span.stop - span.first if span else total))

        start = part.go_on() if resume else None
        if start is None:
            part.begin()
            start = Place(span.total, span.first) if span else None
        stop = span.stop if span else None
        ahead = stack.enter_context(Prefetch(fetch, page_size, prefetch)) if prefetch else fetch
        customers = () if empty else walk(ahead, page_size, start=start, stop=stop, note=note)
        for customer in customers:
            if newest is None or customer.created_at <= newest:
                part.add(customer)
        return part.finish()


class _Part:
    """A file that is being written, and the note beside it of how far it is."""

    def __init__(self, path: Path, kind: Format, query: Query) -> None:
        self._path = path.resolve()  # a link stays one
        beside = _files.part_of(self._path)
        self._note = beside.with_name(f"{beside.name}.state")
        self._what = {"export": _VERSION, "format": kind, **query._asdict()}
        self._kind = kind
        self.rows = 0
        self._file = _files.claim(beside, "path", "export")

    def begin(self) -> None:
        """Start with an empty file."""
        self._note.unlink(missing_ok=True)
        self._file.truncate(0)
        self._file.write(head(self._kind))

    def go_on(self) -> Place | None:
        """Take back what was written after the last note; None if nothing was noted."""
        if not self._file.tell():
            return None
        try:
            what, rows, size, place = json.loads(self._note.read_bytes())
            found = Place(*place)
            if found.instant is not None:
                found = found._replace(instant=datetime.fromisoformat(place[2]))
            self.rows = int(rows)
            missing = int(size) - self._file.tell()
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ValueError(f"resume: {self._note} is damaged: export anew") from None
        # Through JSON, as the note was.
        if what != json.loads(json.dumps(self._what)):
            raise ValueError(f"resume: {self._note} is of another export: {what}")
        if missing > 0:
            raise ValueError(f"resume: {self._file.name} is shorter than noted: export anew")
        self._file.seek(self._file.truncate(size))
        return found

    def add(self, customer: CustomerSummary) -> None:
        """Write a customer."""
        self._file.write(encoded(customer, self._kind))
        self.rows += 1

    def note(self, place: Place) -> None:
        """Note that everything before a place is in the file."""
        self._file.flush()
        instant = place.instant.isoformat() if place.instant else None
        where = [place.total, place.at, instant, place.given]
        noted = [self._what, self.rows, self._file.tell(), where]
        _files.write(self._note, json.dumps(noted).encode())

    def finish(self) -> int:
        """Give the file its name."""
        _files.put_in_place(self._file, self._path)
        self._note.unlink(missing_ok=True)
        return self.rows

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._file.closed and not self._note.exists():
            _files.remove(self._file)  # nothing in it to go on from
        self._file.close()


def format_of(path: Path, asked: Format | None) -> Format:
    """The format asked for, or the one that the file's name tells."""
    if asked is None:
        ending = path.suffix.lower()
        if ending not in _ENDINGS:
            raise ValueError(f"path: the ending of {path.name} is none of {', '.join(_ENDINGS)}")
        return _ENDINGS[ending]
    if asked not in _ENDINGS.values():
        raise ValueError("format must be 'jsonl' or 'csv'")
    return asked


def head(kind: Format) -> bytes:
    """What a file begins with."""
    return _csv_line(_COLUMNS) if kind == "csv" else b""


def encoded(customer: CustomerSummary, kind: Format) -> bytes:
    """A customer's line in a file."""
    wire = customer.to_dict()
    if kind == "jsonl":
        return codec.encode(wire) + b"\n"
    cells: dict[str, Any] = {
        "metadata": codec.encode(wire["metadata"]).decode(),
        "wallets": codec.encode(wire["wallets"]).decode(),
        "payment_intents": customer.counts.payment_intents,
        "subscriptions": customer.counts.subscriptions,
        "invoices": customer.counts.invoices,
        "created_at": wire["createdAt"],
        "updated_at": wire["updatedAt"],
    }
    return _csv_line(cells[name] if name in cells else getattr(customer, name) for name in _COLUMNS)


def _csv_line(cells: Iterable[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return stored_text(line.getvalue()).encode()
