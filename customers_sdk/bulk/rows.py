"""The rows of an import: read from a CSV file, and checked before any request."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Union

import attrs

from customers_sdk import _checks
from customers_sdk._idempotency import stored_text
from customers_sdk._json import dumps

_METADATA = "metadata."
# What the decoder makes of bytes that are no text in the file's encoding.
_UNDECODED = re.compile("[\udc80-\udcff]")


@attrs.frozen
class Row:
    """One row of an import.

    Attributes:
        line: where it is, from 1: the line of a file, whose header is line 1, or the
            index in a list.
        fields: arguments of `Customers.create <customers_sdk.Customers.create>`:
            ``external_id``, ``email`` … ``metadata``.
        problem: why it cannot be read; empty if it can.
        cells: what the line holds, in the order of the file's columns.
    """

    line: int
    fields: Mapping[str, Any] = attrs.field(repr=False)
    problem: str = ""
    cells: Sequence[str] = attrs.field(default=(), repr=False)

    @property
    def external_id(self) -> str:
        """Your own id of the customer, or an empty text if the row has none that is text."""
        value = self.fields.get("external_id")
        return value if isinstance(value, str) else ""


Rows = Iterable[Union[Row, Mapping[str, Any]]]


@attrs.frozen
class Rejection:
    """A row that was not imported.

    Attributes:
        row: which.
        reason: why not.
        final: whether trying again is useless. If not, an import that is run once more
            tries the row again.
    """

    row: Row
    reason: str
    final: bool = True

    @property
    def line(self) -> int:
        """Where the row is."""
        return self.row.line

    @property
    def external_id(self) -> str:
        """The row's external id, or an empty text."""
        return self.row.external_id


class CsvRows(Iterable[Row]):
    """The rows of a CSV file with a header (RFC 4180); read anew each time they are walked over.

    An empty cell is not sent: it leaves a customer's field alone.

    Args:
        path: the file.
        external_id: the column of the external id.
        fields: the column of each field: ``email``, ``name``, ``address``, ``city``,
            ``state``, ``country``, ``postal_code``, ``metadata`` (a JSON object) or
            ``metadata.KEY`` (text). None takes the columns that are named like fields.
        encoding: of the file; a byte order mark is skipped.
        delimiter: between cells.

    Raises:
        ValueError: the file is empty, its header has a column twice or lacks one that is
            named here, or there is no such field.
        OSError: the file cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        external_id: str,
        fields: Mapping[str, str] | None = None,
        encoding: str = "utf-8-sig",
        delimiter: str = ",",
    ) -> None:
        self.path: Path = Path(path)
        self._encoding = encoding
        self._delimiter = delimiter
        with self._open() as file:
            header = next(self._cells(file), (0, [], ""))
        self.columns: tuple[str, ...] = tuple(header[1])
        if header[2] or not self.columns:
            raise ValueError(f"path: {self.path} has no header: {header[2] or 'it is empty'}")
        for column in self.columns:
            if self.columns.count(column) > 1:
                raise ValueError(f"path: {self.path} has more than one column {column!r}")
        if fields is None:
            fields = {
                column: column
                for column in self.columns
                if _is_field(column) and column != external_id
            }
        self._places = {"external_id": self._place(external_id, "external_id")}
        for field, column in fields.items():
            if not _is_field(field):
                known = ", ".join(name for name in _checks.CUSTOMER_FIELDS if _is_field(name))
                raise ValueError(f"fields: {field!r} is none of {known}, metadata.KEY")
            self._places[field] = self._place(column, f"fields[{field!r}]")

    def _place(self, column: str, name: str) -> int:
        if column not in self.columns:
            columns = ", ".join(self.columns)
            raise ValueError(f"{name}: {self.path} has no column {column!r}, only {columns}")
        return self.columns.index(column)

    def _open(self) -> IO[str]:
        try:
            return self.path.open(encoding=self._encoding, errors="surrogateescape", newline="")
        except LookupError as error:
            raise ValueError(f"encoding: {error}") from None

    def _cells(self, file: IO[str]) -> Iterator[tuple[int, list[str], str]]:
        """The line, the cells and the problem of each record that is not blank."""
        reader = csv.reader(file, delimiter=self._delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield line, [], f"the line is not CSV: {error}"
                continue
            if cells is None:
                return
            if any(map(_UNDECODED.search, cells)):
                yield line, cells, f"the line is not text in {self._encoding}"
            elif cells:
                yield line, cells, ""

    def __iter__(self) -> Iterator[Row]:
        with self._open() as file:
            records = self._cells(file)
            next(records, None)
            for line, cells, problem in records:
                if not problem and len(cells) != len(self.columns):
                    problem = (  # noqa: PLW2901
                        f"the line has {len(cells)} cells, and the header {len(self.columns)}"
                    )
                yield Row(line, {}, problem, cells) if problem else self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        fields: dict[str, Any] = {}
        metadata: dict[str, Any] = {}
        problem = ""
        for field, place in self._places.items():
            cell = cells[place]
            if not cell:
                continue
            if field.startswith(_METADATA):
                metadata[field[len(_METADATA) :]] = cell
            elif field != "metadata":
                fields[field] = cell
            else:
                try:
                    fields[field] = json.loads(cell)
                except (ValueError, RecursionError):
                    problem = "metadata is not JSON"
        if metadata:
            whole = fields.get("metadata", {})
            fields["metadata"] = {**whole, **metadata} if isinstance(whole, dict) else whole
        return Row(line, fields, problem, cells)


def check_rows(rows: Rows) -> list[Rejection]:
    """Find the rows that an import would refuse before its first request.

    Raises:
        TypeError: ``rows`` holds what is neither a row nor a mapping.
    """
    checked = with_problems(rows)
    return [Rejection(row, problem) for row, problem in checked if problem]


def as_rows(rows: Rows) -> Iterator[Row]:
    """Rows, made of mappings where those were given; a field that is None is not sent."""
    for index, row in enumerate(rows, 1):
        if isinstance(row, Row):
            yield row
        elif isinstance(row, Mapping):
            fields = {name: value for name, value in row.items() if value is not None}
            yield Row(index, fields)
        else:
            kind = _checks.kind_of(row)
            raise TypeError(f"rows must hold mappings or Row, and item {index} is a {kind}")


def with_problems(rows: Rows) -> Iterator[tuple[Row, str]]:
    """Each row, and why it cannot be imported; an empty text if it can."""
    lines: dict[str, int] = {}
    for row in as_rows(rows):
        problem = row.problem or _problem(row.fields)
        if not problem:
            external_id = stored_text(row.external_id)
            if external_id in lines:
                problem = f"external_id is the same as on line {lines[external_id]}"
            else:
                lines[external_id] = row.line
        yield row, problem


def _problem(fields: Mapping[str, Any]) -> str:
    try:
        for name in fields:
            if name not in _checks.CUSTOMER_FIELDS:
                return f"{name!r} is no field of a customer"
        if "external_id" not in fields:
            return "external_id is missing"
        _checks.external_id(fields["external_id"])
        dumps(_checks.customer_fields(fields), "the customer")
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _is_field(name: str) -> bool:
    if name.startswith(_METADATA):
        return len(name) > len(_METADATA)
    return name in _checks.CUSTOMER_FIELDS and name != "external_id"
