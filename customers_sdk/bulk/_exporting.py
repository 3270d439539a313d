"""Exports: all customers in a file that is atomic, or on a stream."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

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
    """A part of a list, in positions as they were when it was split."""

    first: int
    stop: int  # after the last
    total: int
    newest: str | None  # the creation instant of the newest, None if there was none


class Query(NamedTuple):
    """Which customers to export, and from where."""

    base_url: str
    app_id: str | None  # None is every app of the merchant
    search: str | None
    span: Span | None = None  # None is all of the list

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
    sink: contextlib.AbstractContextManager[_Sink]
    if path == "-":
        if sys.stdout is None:
            raise ArgumentError("path", "standard output is closed")
        path = sys.stdout.buffer
    if isinstance(path, (str, Path)):
        layout = layout_of(Path(path), format, excel_safe=excel_safe)
        sink = partial_file(Path(path), layout, query, resume=resume)
    elif resume:
        raise ArgumentError("resume", "an export to a stream cannot be resumed; give a file")
    else:
        sink = _begun(path, layout_of(Path(), format or "jsonl", excel_safe=excel_safe))
    return export(client, sink, query, page_size=page_size, prefetch=prefetch, progress=progress)


def export(
    client: Client,
    sink: contextlib.AbstractContextManager[_Sink],
    query: Query,
    *,
    page_size: int,
    prefetch: int,
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

    def note(place: Place) -> None:
        out.note(place)
        if progress is not None:
            progress(ExportProgress(out.rows, span.stop - span.first if span else total))

    span = query.span
    empty = span is not None and span.first == span.stop
    newest = datetime.fromisoformat(span.newest) if span and span.newest else None
    stop = span.stop if span else None
    with sink as out, contextlib.ExitStack() as stack:
        ahead = stack.enter_context(Prefetch(fetch, page_size, prefetch)) if prefetch else fetch
        customers = () if empty else walk(ahead, page_size, start=out.start, stop=stop, note=note)
        for customer in customers:
            if newest is None or customer.created_at <= newest:
                out.add(customer)
    return out.rows


class _Sink:
    """A stream that customers are written to."""

    start: Place | None = None  # of the list; None is its beginning

    def __init__(self, stream: Writable, layout: Layout) -> None:
        self._stream = stream
        self._encode = layout.encoder()
        self.rows = 0

    def add(self, customer: CustomerSummary) -> None:
        line = self._encode(customer)
        written = self._stream.write(line)
        # A stream without a buffer may take a part.
        while isinstance(written, int) and 0 < written < len(line):
            line = line[written:]
            written = self._stream.write(line)
        self.rows += 1

    def note(self, place: Place) -> None:
        """Note that everything before a place is written, where that is of use."""


@contextlib.contextmanager
def _begun(stream: Writable, layout: Layout) -> Iterator[_Sink]:
    stream.write(layout.header())
    yield _Sink(stream, layout)


@contextlib.contextmanager
def partial_file(
    path: Path, layout: Layout, query: Query, *, resume: bool
) -> Iterator[_PartialFile]:
    """Give a file to write to, which gets its name once it is complete."""
    path = _files.resolve(path, "path")
    part = _files.part_of(path)
    state = part.with_name(f"{part.name}.state")
    _files.check_regular(state, "path")
    with _files.claim(part, "path", "export", becomes=path) as file:
        try:
            sink = _PartialFile(file, layout, query.described(layout), state)
            sink.start = (sink.resume() if resume else None) or sink.begin(layout, query.span)
            yield sink
            if not (sink.rows or query.span or query.search):
                _keep_customers(path, layout, query, state)
            _files.put_in_place(file, path)
            state.unlink(missing_ok=True)
        except IncompleteListWarning:
            state.unlink(missing_ok=True)  # what is missing would not be missed again
            raise
        finally:
            if not file.closed and not state.exists():
                _files.remove(file)  # nothing to resume from


def _keep_customers(path: Path, layout: Layout, query: Query, state: Path) -> None:
    """Refuse to replace a file that has customers by one that has none.

    The service lists nothing for an app that it does not know, and deletes no customers.
    """
    if not path.exists() or path.stat().st_size <= len(layout.header()):
        return
    state.unlink(missing_ok=True)
    kept = f"{path.name}, which has some, was kept"
    problem = f"lists no customers: {kept}; delete it first if that is right"
    # Which customers there are depends on the app; for every app, on the key.
    setting = "api_key" if query.app_id is None else "app_id"
    raise ConfigurationError(f"{setting} {problem}", setting=setting, problem=problem)


class _PartialFile(_Sink):
    """A file that is being written, and next to it the state that it is resumed from."""

    def __init__(self, file: IO[bytes], layout: Layout, which: dict[str, Any], state: Path) -> None:
        super().__init__(file, layout)
        self._file = file
        self._which = which
        self._state = state

    def begin(self, layout: Layout, span: Span | None) -> Place | None:
        """Start with an empty file, whose first line says which part it is, if it is one."""
        self._state.unlink(missing_ok=True)
        self._file.truncate(0)
        self._file.write(json.dumps(self._which).encode() + b"\n" if span else layout.header())
        return Place(span.total, span.first) if span else None

    def resume(self) -> Place | None:
        """Take back what was written after the state was; None if there is none."""
        if not self._file.tell():
            return None
        try:
            which, rows, size, place = json.loads(self._state.read_bytes())
            total, at, instant, *rest = place
            instant = None if instant is None else datetime.fromisoformat(instant)
            found = Place(total, at, instant, *rest)
            self.rows = int(rows)
            missing = int(size) - self._file.tell()
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ArgumentError("resume", f"{self._state} is damaged; export again") from None
        if which != self._which:
            differs = "the service, app, search, format or part differs"
            raise ArgumentError("resume", f"{self._state} is of another export: {differs}")
        if missing > 0:
            raise ArgumentError("resume", f"{self._file.name} is shorter than noted; export again")
        self._file.seek(self._file.truncate(size))
        return found

    def note(self, place: Place) -> None:
        self._file.flush()
        total, at, instant, *rest = place
        where = [total, at, instant and instant.isoformat(), *rest]
        state = [self._which, self.rows, self._file.tell(), where]
        _files.write(self._state, json.dumps(state).encode(), like=self._file)
