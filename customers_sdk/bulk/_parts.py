"""Imports and exports split over several processes or machines.

There is no scheduler here: an import is split by a hash of the external id, an export by
ranges of pages, and whatever runs tasks runs the pieces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from customers_sdk import _checks
from customers_sdk._stored import stored_text
from customers_sdk.bulk import _files
from customers_sdk.bulk._exporting import (
    ExportProgress,
    Format,
    Query,
    Span,
    encoded,
    export,
    format_of,
    head,
)
from customers_sdk.bulk._rows import Row, Rows, as_rows, walk_again
from customers_sdk.client import Client
from customers_sdk.customers import UNSET, Unset
from customers_sdk.errors import CustomersError, ResponseFormatError
from customers_sdk.models import CustomerSummary

_MOST_PARTS = 10_000


class IncompleteExportError(CustomersError):
    """The parts of an export hold fewer customers together than there were."""


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
    return _Share(walk_again(rows), index, of)


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
            which is asked for the total.
    """
    _checks.integer(parts, "parts", most=_MOST_PARTS)
    _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
    app = client.app_id if isinstance(app_id, Unset) else app_id
    listed = client.customers.list_page(page_size=1, search=search, app_id=app)
    pages = -(-listed.total // page_size)
    edges = [min(pages * part // parts * page_size, listed.total) for part in range(parts + 1)]
    return [
        {
            "first": first,
            "stop": stop,
            "total": listed.total,
            "newest": listed.items[0].created_at.isoformat() if listed.items else None,
            "search": search,
            "app_id": app,
            "page_size": page_size,
        }
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

    Customers created since the export was planned are left out. Parts overlap by some
    hundred customers, since positions move while customers are created and a boundary
    may cut those created in one instant; `merge_exports` takes each once.

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
    return export(
        client,
        Path(path),
        "jsonl",
        Query(client.base_url, app_id, search, span),
        page_size=page_size,
        prefetch=prefetch,
        resume=resume,
        progress=progress,
    )


def merge_exports(
    parts: Sequence[str | Path],
    path: str | Path,
    *,
    total: int,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Make one file of the parts of an export, with each customer once.

    The ids are held in memory, some 150 bytes each.

    Args:
        parts: the files of all parts, in order.
        path: the file to make; one that is there is replaced.
        total: how many customers there were.
        format: as for `export_customers`.

    Returns:
        How many customers the file has.

    Raises:
        IncompleteExportError: there are fewer than ``total``; no file is made.
        ValueError: a part is no file of JSON Lines.
        OSError: a file cannot be read or written.
    """
    target = Path(path).resolve()
    kind = format_of(target, format)
    sources = [Path(part) for part in parts]
    if _files.part_of(target) in [source.resolve() for source in sources]:
        raise ValueError(f"parts: {_files.part_of(target)} is where {target.name} is written")
    seen: set[str] = set()
    with _files.replacing(target) as file:
        file.write(head(kind))
        for source in sources:
            for number, line in enumerate(_lines(source), 1):
                try:
                    customer = CustomerSummary.from_dict(json.loads(line))
                except (ValueError, TypeError, ResponseFormatError):
                    raise ValueError(f"parts: line {number} of {source} is no customer") from None
                if customer.id not in seen:
                    seen.add(customer.id)
                    file.write(line if kind == "jsonl" else encoded(customer, kind))
        if len(seen) < total:
            raise IncompleteExportError(
                f"the parts hold {len(seen)} of {total} customers: export again"
            )
    return len(seen)


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, the last one with its end even if it has none there."""
    with path.open("rb") as file:
        for line in file:
            yield line if line.endswith(b"\n") else line + b"\n"
