"""Imports and exports split over several processes or machines.

There is no scheduler here: an import is split by a hash of the external id, an export by
ranges of pages, and whatever runs tasks runs the pieces.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from customers_sdk import _checks
from customers_sdk._stored import stored_text
from customers_sdk._wire import codec
from customers_sdk.bulk import _files
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._exporting import ExportProgress, Query, Span, export, partial_file
from customers_sdk.bulk._formats import Format, Layout, layout_of
from customers_sdk.bulk._rows import Row, Rows, as_rows, check_repeatable
from customers_sdk.client import Client
from customers_sdk.customers import UNSET, Unset
from customers_sdk.errors import CustomersError, ResponseFormatError
from customers_sdk.models import CustomerSummary

_MOST_PARTS = 10_000


class IncompleteExportError(CustomersError):
    """The parts of an export hold fewer customers together than there were."""

    reference = "E61"


def share(rows: Rows, index: int, of: int) -> Iterable[Row]:
    """One of several shares of an import's rows, split by a hash of the external id.

    Every row is in exactly one share, and rows of one external id are in the same, on
    every machine. Each share can be imported, and journalled, by itself.

    Args:
        rows: as for `import_rows`.
        index: which share, from 0.
        of: how many there are.

    Raises:
        TypeError, ValueError: a number is wrong, or ``rows`` can be walked over only once.
    """
    _checks.integer(of, "of", most=_MOST_PARTS)
    _checks.integer(index, "index", least=0, most=of - 1)
    return _Share(check_repeatable(rows), index, of)


@attrs.frozen(repr=False)
class _Share(Iterable[Row]):
    rows: Rows
    index: int
    of: int

    def __iter__(self) -> Iterator[Row]:
        for row in as_rows(self.rows):
            digest = hashlib.sha256(stored_text(row.external_id).encode()).digest()
            if int.from_bytes(digest[:8], "big") % self.of == self.index:
                yield row


def plan_export(
    client: Client,
    parts: int,
    *,
    search: str | None = None,
    app_id: str | Unset | None = UNSET,
    page_size: int = 100,
) -> list[dict[str, Any]]:
    """Split an export into ranges of pages.

    Args:
        client: whose customers.
        parts: how many.
        search, app_id, page_size: as for `export_customers`.

    Returns:
        For each part the keyword arguments of `export_part`, of JSON types only. Their
        ``total`` is what `merge_exports` wants.

    Raises:
        CustomersError: as for `Customers.list_page <customers_sdk.Customers.list_page>`,
            which gives the total.
    """
    _checks.integer(parts, "parts", most=_MOST_PARTS)
    _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
    app = client.app_id if isinstance(app_id, Unset) else app_id
    listed = client.customers.list_page(page_size=1, search=search, app_id=app)
    pages = -(-listed.total // page_size)
    edges = [min(pages * part // parts * page_size, listed.total) for part in range(parts + 1)]
    newest = listed.items[0].created_at.isoformat() if listed.items else None
    query = {"search": search, "app_id": app, "page_size": page_size}
    return [
        {**Span(first, stop, listed.total, newest)._asdict(), **query}
        for first, stop in zip(edges, edges[1:])
    ]


def export_part(
    client: Client,
    path: str | Path,
    *,
    first: int,
    stop: int,
    total: int,
    newest: str | None,
    search: str | None,
    app_id: str | None,
    page_size: int,
    prefetch: int = 0,
    resume: bool = False,
    progress: Callable[[ExportProgress], object] | None = None,
) -> int:
    """Write one part of an export to a file of JSON Lines.

    The first line says which part of which export it is; each of the others is a customer.
    Customers created since the export was planned are left out. Parts overlap by some
    hundred customers, since positions move while customers are created and a boundary
    may cut those with the same creation time; `merge_exports` takes each once.

    Args:
        client: whose customers.
        path: the part's own file; written as `export_customers` does.
        first, stop: the positions of the first customer wanted and the one after the last.
        total: how many customers there were.
        newest: the creation instant of the newest.
        search, app_id, page_size: the query.
        prefetch, resume, progress: as for `export_customers`.

    Returns:
        How many customers the file has.

    Raises:
        ValueError, TypeError, OSError, CustomersError: as for `export_customers`.
    """
    span = Span(
        _checks.integer(first, "first", least=0, most=total),
        _checks.integer(stop, "stop", least=first, most=total),
        total,
        newest,
    )
    query = Query(client.base_url, app_id, search, span)
    sink = partial_file(Path(path), Layout("jsonl"), query, resume=resume)
    return export(client, sink, query, page_size=page_size, prefetch=prefetch, progress=progress)


def merge_exports(
    parts: Sequence[str | Path],
    path: str | Path,
    *,
    total: int,
    format: Format | None = None,  # noqa: A002
    excel_safe: bool = False,
) -> int:
    """Make one file of the parts of an export, with each customer once.

    The first line of each part says which part of which export it is. The ids are held in
    memory, some 150 bytes each.

    Args:
        parts: the files of all parts, in order.
        path: the file to make; a regular file that exists is replaced.
        total: how many customers there were.
        format, excel_safe: as for `export_customers`.

    Returns:
        How many customers the file has.

    Raises:
        IncompleteExportError: a part is missing, or they hold fewer than ``total``; no file
            is made.
        ValueError: a file is not a part, or the parts are of different exports; ``path``
            exists and is not a regular file.
        OSError: a file cannot be read or written.
    """
    target = _files.resolve(path, "path")
    layout = layout_of(target, format, excel_safe=excel_safe)
    sources = [Path(part) for part in parts]
    if _files.part_of(target) in [source.resolve() for source in sources]:
        raise ArgumentError("parts", f"{_files.part_of(target)} is where {target.name} is written")
    _check_all_there(sources, total)
    encode = layout.encoder()
    seen: set[str] = set()
    with _files.replacing(target, "path", "merge or export") as file:
        file.write(layout.header())
        for line, customer in itertools.chain.from_iterable(map(_customers, sources)):
            if customer.id not in seen:
                seen.add(customer.id)
                file.write(line if layout.format == "jsonl" else encode(customer))
        if len(seen) < total:
            raise IncompleteExportError(
                f"the parts hold {len(seen)} of {total} customers; export again"
            )
    return len(seen)


def _check_all_there(sources: Sequence[Path], total: int) -> None:
    """Refuse parts that are not all those of one export."""
    reached = 0
    found = [_which_part(source) for source in sources]
    for source, (query, span) in zip(sources, found):
        if (query, span.newest) != (found[0][0], found[0][1].newest) or span.total != total:
            raise ArgumentError(
                "parts", f"{source} is of another export: the service, app, search or total differs"
            )
    for span in [*sorted(span for _, span in found), Span(total, total, total, None)]:
        if span.first > reached:
            raise IncompleteExportError(
                f"a part is missing: the one of customers {reached + 1} to {span.first} of {total}"
            )
        reached = max(reached, span.stop)


def _which_part(path: Path) -> tuple[Query, Span]:
    """Read the first line of a part: of which list it is, and which part."""
    with path.open("rb") as file:
        first = file.readline()
    with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
        which = json.loads(first)
        span = Span(*which["span"])
        query = Query(which["base_url"], which["app_id"], which["search"])
        if which == query._replace(span=span).described(Layout("jsonl")):
            return query, span
    raise ArgumentError("parts", f"{path} was not written by export_part of this version")


def _customers(path: Path) -> Iterator[tuple[bytes, CustomerSummary]]:
    """Give the customers of a part with their lines; the last may have come without its end."""
    with path.open("rb") as file:
        file.readline()
        for number, line in enumerate(file, 2):
            try:
                customer = CustomerSummary.from_dict(codec.loads(line))
            except (TypeError, ResponseFormatError):
                raise ArgumentError("parts", f"line {number} of {path} is not a customer") from None
            yield line if line.endswith(b"\n") else line + b"\n", customer
