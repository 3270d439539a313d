"""Exports: all customers in a file that is atomic, or on a stream."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import attrs

from customers_sdk._lists.prefetch import Prefetch
from customers_sdk._lists.walk import Place, walk
from customers_sdk.bulk import _files
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._formats import Format, Layout, layout_of
from customers_sdk.client import Client
from customers_sdk.customers import UNSET, Unset
from customers_sdk.errors import ConfigurationError
from customers_sdk.models import CustomerSummary
from customers_sdk.pagination import IncompleteListWarning, Page

_VERSION = 2


class Writable(Protocol):
    """A stream of bytes that an export can be written to."""

    def write(self, data: bytes, /) -> object:
        """Write all of them."""


@attrs.frozen
class ExportProgress:
    """How far an export is.

    Attributes:
        done: customers written, including those of an interrupted run that is resumed.
        total: customers that the list had when it was last requested, or that a part of
            it is to hold; a few more are written of a part.
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

    def described(self, layout: Layout) -> dict[str, Any]:
        """Return, as JSON has it, which export this is: the same only for the same file."""
        which = {"export": _VERSION, **layout._asdict(), **self._asdict()}
        return {**which, "span": list(self.span) if self.span else None}


def export_customers(
    client: Client,
    path: str | Path | Writable,
    *,
    format: Format | None = None,  # noqa: A002
    search: str | None = None,
    app_id: str | Unset | None = UNSET,
    page_size: int = 100,
    prefetch: int = 0,
    resume: bool = False,
    excel_safe: bool = False,
    progress: Callable[[ExportProgress], object] | None = None,
) -> int:
    """Write all customers to a file, the newest first, each exactly once.

    The file is atomic: rows are written to ``PATH.part``, next to ``PATH.part.state`` with
    what is needed to resume, and the file gets its name when it is complete. All three are
    readable by their owner alone, unless ``path`` exists and has other permissions, which
    stay. Memory does not grow with the list.

    Args:
        client: whose customers.
        path: the file; a regular file that exists is replaced. The text ``-`` is standard
            output; an object with ``write(bytes)`` is a stream.
        format: ``jsonl``, an object in the wire's form a line (``CustomerSummary.from_dict``
            reads it), or ``csv``, a header and a line each, with ``metadata`` and
            ``wallets`` as JSON and an empty cell for None. None goes by the ending of
            ``path``: ``.jsonl``, ``.ndjson`` or ``.csv``; to a stream it is ``jsonl``.
        search, app_id, page_size, prefetch: as for `Customers.list
            <customers_sdk.Customers.list>`; **app_id None is every app.**
        resume: resume an interrupted export, if there is one.
        excel_safe: of CSV, put ``'`` before cells that a spreadsheet would run as a
            formula: those that begin with ``=``, ``+``, ``-``, ``@``, a tab or a line end.
            Not for files that are imported again.
        progress: called after each page.

    Returns:
        How many customers the file has.

    Raises:
        ValueError, TypeError: an argument is wrong; ``path`` exists and is not a regular
            file; the export to resume has other customers or another format, or another
            process is writing it.
        OSError: the file cannot be written.
        CustomersError: as for `Customers.list <customers_sdk.Customers.list>`; what is
            written stays for ``resume``.
        ConfigurationError: no customers are listed without a ``search``, and ``path`` has some:
            the service does not say that it does not know an app.

    Warns:
        IncompleteListWarning: some customers with the same creation time could not be
            retrieved. Where it is made an error, nothing stays to be resumed.
    """
    app = client.app_id if isinstance(app_id, Unset) else app_id
    query = Query(client.base_url, app, search)
    sink: _Stream | _PartialFile
    if path == "-":
        path = sys.stdout.buffer
    if isinstance(path, (str, Path)):
        target = Path(path)
        sink = _PartialFile(target, layout_of(target, format, excel_safe=excel_safe), query)
    elif resume:
        raise ArgumentError("resume", "an export to a stream cannot be resumed; give a file")
    else:
        layout = layout_of(Path(), format or "jsonl", excel_safe=excel_safe)
        sink = _Stream(path, layout)
    return export(
        client,
        sink,
        query,
        page_size=page_size,
        prefetch=prefetch,
        resume=resume,
        progress=progress,
    )


def export_span(client: Client, path: Path, query: Query, **options: Any) -> int:
    """Write one part of a list to a file of JSON Lines, whose first line says which part."""
    return export(client, _PartialFile(path, Layout("jsonl"), query), query, **options)


def export(
    client: Client,
    sink: _Stream | _PartialFile,
    query: Query,
    *,
    page_size: int,
    prefetch: int,
    resume: bool,
    progress: Callable[[ExportProgress], object] | None,
) -> int:
    """Write a list, or a part of one; what `export_customers` says holds."""
    asked: dict[str, Any] = {"search": query.search, "app_id": query.app_id}
    # Sends nothing, but refuses what is wrong before a file is touched.
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
        stack.enter_context(sink)

        def note(place: Place) -> None:
            sink.note(place)
            if progress is not None:
                progress(ExportProgress(sink.rows, span.stop - span.first if span else total))

        start = sink.resume() if resume else None
        if start is None:
            sink.begin()
            start = Place(span.total, span.first) if span else None
        stop = span.stop if span else None
        ahead = stack.enter_context(Prefetch(fetch, page_size, prefetch)) if prefetch else fetch
        customers = () if empty else walk(ahead, page_size, start=start, stop=stop, note=note)
        for customer in customers:
            if newest is None or customer.created_at <= newest:
                sink.add(customer)
        return sink.finish()


class _Stream:
    """A stream that customers are written to."""

    def __init__(self, stream: Writable, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout
        self._encode = layout.encoder()
        self.rows = 0

    def begin(self) -> None:
        """Write what comes before the first customer."""
        self._stream.write(self._layout.header())

    def resume(self) -> Place | None:
        """Return where to resume: nowhere."""
        return None

    def add(self, customer: CustomerSummary) -> None:
        """Write a customer."""
        line = self._encode(customer)
        written = self._stream.write(line)
        # A stream without a buffer may take a part.
        while isinstance(written, int) and 0 < written < len(line):
            line = line[written:]
            written = self._stream.write(line)
        self.rows += 1

    def note(self, place: Place) -> None:
        """Ignore that everything before a place is written."""

    def finish(self) -> int:
        """Return how many customers were written."""
        return self.rows

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        pass


class _PartialFile(_Stream):
    """A file that is being written, and next to it the state that it is resumed from."""

    def __init__(self, path: Path, layout: Layout, query: Query) -> None:
        self._path = path
        self._layout = layout
        self._encode = layout.encoder()
        self._which = query.described(layout)
        self.rows = 0

    def __enter__(self) -> None:
        self._path = _files.resolve(self._path, "path")
        part = _files.part_of(self._path)
        self._state = part.with_name(f"{part.name}.state")
        _files.check_regular(self._state, "path")
        self._stream = self._file = _files.claim(part, "path", "export", becomes=self._path)

    def begin(self) -> None:
        """Start with an empty file, whose first line says which part it is, if it is one."""
        self._state.unlink(missing_ok=True)
        self._file.truncate(0)
        part_of_list = self._which["span"] is not None
        self._file.write(
            json.dumps(self._which).encode() + b"\n" if part_of_list else self._layout.header()
        )

    def resume(self) -> Place | None:
        """Take back what was written after the state was; None if there is none."""
        if not self._file.tell():
            return None
        try:
            which, rows, size, place = json.loads(self._state.read_bytes())
            found = Place(*place)
            if found.instant is not None:
                found = found._replace(instant=datetime.fromisoformat(place[2]))
            self.rows = int(rows)
            missing = int(size) - self._file.tell()
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ArgumentError("resume", f"{self._state} is damaged; export again") from None
        if which != self._which:
            raise ArgumentError(
                "resume",
                f"{self._state} is of another export: the service, app, search, format or part "
                "differs",
            )
        if missing > 0:
            raise ArgumentError("resume", f"{self._file.name} is shorter than noted; export again")
        self._file.seek(self._file.truncate(size))
        return found

    def note(self, place: Place) -> None:
        """Note that everything before a place is in the file."""
        self._file.flush()
        instant = place.instant.isoformat() if place.instant else None
        where = [place.total, place.at, instant, place.given, place.missed]
        state = [self._which, self.rows, self._file.tell(), where]
        _files.write(self._state, json.dumps(state).encode(), like=self._file)

    def finish(self) -> int:
        """Give the file its name, unless it is empty and would replace one that is not.

        The service lists nothing for an app that it does not know, and deletes no customers.
        """
        if not self.rows and self._which["span"] is None and not self._which["search"]:
            old = self._path.stat().st_size if self._path.exists() else 0
            if old > len(self._layout.header()):
                self._state.unlink(missing_ok=True)
                problem = (
                    f"lists no customers: {self._path.name}, which has some, was kept; delete it "
                    "first if that is right"
                )
                # Which customers there are depends on the app; for every app, on the key.
                setting = "api_key" if self._which["app_id"] is None else "app_id"
                raise ConfigurationError(f"{setting} {problem}", setting=setting, problem=problem)
        _files.put_in_place(self._file, self._path)
        self._state.unlink(missing_ok=True)
        return self.rows

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, IncompleteListWarning):
            self._state.unlink(missing_ok=True)  # what is missing would not be missed again
        if not self._file.closed and not self._state.exists():
            _files.remove(self._file)  # nothing to resume from
        self._file.close()
