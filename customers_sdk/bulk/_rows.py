"""The rows of an import: read from a CSV file, and checked before any request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Union

import attrs

from customers_sdk import _checks
from customers_sdk._stored import stored_text
from customers_sdk._wire.codec import dumps
from customers_sdk.bulk._csv import CsvFile

_METADATA = "metadata."


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

    An empty cell is not sent: it leaves a customer's field alone. A line that cannot be
    read is a row with a problem, and the next line is read all the same.

    Args:
        path: the file, a regular one.
        external_id: the column of the external id.
        fields: the column of each field: ``email``, ``name``, ``address``, ``city``,
            ``state``, ``country``, ``postal_code``, ``metadata`` (a JSON object) or
            ``metadata.KEY`` (text). None takes the columns that are named like fields.
        encoding: of the file; a byte order mark is skipped.
        delimiter: between cells.

    Raises:
        ValueError: the file is empty; its header lacks a column that is named here, or
            has it twice; there is no such field, or no column named like one.
        OSError: the file cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        external_id: str,
        fields: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
        delimiter: str = ",",
    ) -> None:
        self.path: Path = Path(path)
        self._file = CsvFile(self.path, encoding, delimiter)
        header = next(self._file.records(), None)
        if header is None or header.problem:
            raise ValueError(
                f"path: {self.path} has no header: {header.problem if header else 'it is empty'}"
            )
        self.columns: tuple[str, ...] = tuple(header.cells)
        self._places = {"external_id": self._place(external_id, "external_id")}
        if fields is None:
            named = [name for name in self.columns if _is_field(name) and name != external_id]
            fields = dict(zip(named, named))
            if not fields and len(self.columns) > 1:
                raise ValueError(f"fields: {self.path} has no column that is named like a field")
        for field, column in fields.items():
            if not _is_field(field):
                known = ", ".join(name for name in _checks.CUSTOMER_FIELDS if _is_field(name))
                raise ValueError(f"fields: {field!r} is none of {known}, metadata.KEY")
            self._places[field] = self._place(column, f"fields[{field!r}]")

    def _place(self, column: str, name: str) -> int:
        if self.columns.count(column) > 1:
            raise ValueError(f"{name}: {self.path} has more than one column {column!r}")
        if column not in self.columns:
            columns = ", ".join(self.columns)
            raise ValueError(f"{name}: {self.path} has no column {column!r}, only {columns}")
        return self.columns.index(column)

    def __iter__(self) -> Iterator[Row]:
        records = self._file.records()
        next(records, None)
        for line, cells, problem in records:
            yield Row(line, {}, problem, cells) if problem else self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        fields: dict[str, Any] = {}
        members: dict[str, Any] = {}
        for field, place in self._places.items():
            cell = cells[place]
            if cell and field.startswith(_METADATA):
                members[field[len(_METADATA) :]] = cell
            elif cell and field == "metadata":
                whole = _json_object(cell)
                if whole is None:
                    return Row(line, {}, "metadata is no JSON object", cells)
                members = {**whole, **members}
            elif cell:
                fields[field] = cell
        if members:
            fields["metadata"] = members
        return Row(line, fields, cells=cells)


def _json_object(cell: str) -> dict[str, Any] | None:
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def walk_again(rows: Rows) -> Rows:
    """Rows that can be walked over more than once.

    Raises:
        TypeError: they cannot.
    """
    if iter(rows) is rows:
        raise TypeError("rows must allow a second walk over them: give a list, or CsvRows")
    return rows


def check_rows(rows: Rows) -> list[Rejection]:
    """Find the rows that an import would refuse before its first request.

    Raises:
        TypeError: ``rows`` can be walked over only once, or holds what is neither a row
            nor a mapping.
    """
    checked = with_problems(walk_again(rows))
    return [Rejection(row, problem) for row, problem in checked if problem]


def as_rows(rows: Rows) -> Iterator[Row]:
    """Rows, made of mappings where those were given; a field that is None is not sent."""
    for index, given in enumerate(rows, 1):
        if isinstance(given, Row):
            row = given
        elif isinstance(given, Mapping):
            row = Row(index, given)
        else:
            kind = _checks.kind_of(given)
            raise TypeError(f"rows must hold mappings or Row, and item {index} is a {kind}")
        if any(value is None for value in row.fields.values()):
            fields = {name: value for name, value in row.fields.items() if value is not None}
            row = attrs.evolve(row, fields=fields)
        yield row


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
