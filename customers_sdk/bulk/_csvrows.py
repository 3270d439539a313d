"""The rows of an import from a CSV file: which column fills which field."""

from __future__ import annotations

import contextlib
import difflib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from customers_sdk import _checks
from customers_sdk._wire import deep
from customers_sdk.bulk._csv import check_file, likely_delimiter, records
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._rows import SAME_AS, Row

_METADATA = "metadata."
_FIELDS = tuple(name for name in _checks.CUSTOMER_FIELDS if name != "external_id")
_ADDED = ("line", "reason")
_STILL = "give this row another one and clear its reason, or delete the row"


def added_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Name what a reject file has in front of the columns of its input."""
    taken = set(columns)
    return tuple(_free(name, taken) for name in _ADDED)


def _free(name: str, taken: set[str]) -> str:
    return _free(f"{name}_", taken) if name in taken else name


class CsvRows(Iterable[Row]):
    """The rows of a CSV file with a header (RFC 4180); read anew each time they are walked over.

    An empty cell is not sent: it leaves a customer's field alone. A row of empty cells is
    skipped. A line that cannot be read is a row with a problem, and the next line is still
    read.

    Args:
        path: the file, a regular one.
        external_id: the column of the external id.
        fields: the column of each field: ``email``, ``name``, ``address``, ``city``,
            ``state``, ``country``, ``postal_code``, ``metadata`` (a JSON object) or
            ``metadata.KEY`` (text). None takes the columns that are named like fields.
        encoding: of the file; a byte order mark is skipped.
        delimiter: between cells.
        strict: whether to refuse a file with columns that fill no field.

    Attributes:
        path, encoding, delimiter: as given.
        columns: the header.
        unused: the columns that fill no field, each with the name of the field that is
            most like it and that no other column fills, or an empty text.
        added: how many columns a `RejectFile` has put in front: 2, or 0 for another file. They
            are skipped unless they are named here.

    Raises:
        ArgumentError: the file is empty, or in another encoding; its header lacks a column
            that is named here, or has it twice; there is no such field, or no column named
            like one. The text says what to pass where that can be told from the file.
        OSError: the file cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        external_id: str = "external_id",
        fields: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
        delimiter: str = ",",
        strict: bool = False,
    ) -> None:
        self.path: Path = Path(path)
        self.encoding: str = encoding
        self.delimiter: str = delimiter
        check_file(self.path, encoding, delimiter)
        header = next(records(self.path, encoding, delimiter), Row(1, {}, "it is empty"))
        if header.problem:
            raise ArgumentError("path", f"{self.path} has no header: {header.problem}")
        self.columns: tuple[str, ...] = tuple(header.cells)
        self._check_delimiter(external_id, fields)
        self._places = {"external_id": self._place(external_id, "external_id")}
        named = [name for name in self.columns if _is_field(name) and name != external_id]
        for field, column in (dict(zip(named, named)) if fields is None else fields).items():
            if not _is_field(field):
                raise ArgumentError(
                    "fields",
                    f"{field!r} is not a field; there are {', '.join(_FIELDS)}, metadata.KEY",
                )
            self._places[field] = self._place(column, "fields")
        self.added: int = self._count_added()
        self.unused: dict[str, str] = self._find_unused()
        if strict and self.unused:
            raise ArgumentError("strict", f"{self.path}: {self.describe_unused()}")
        if fields is None and not named and self.unused:
            raise ArgumentError(
                "fields",
                f"{self.path} has no column that is named like a field: {self.describe_unused()}",
            )

    def describe_unused(self) -> str:
        """Say which columns fill no field, and what they may be meant for."""
        named = (
            f"{column!r} (did you mean {field!r}?)" if field else repr(column)
            for column, field in self.unused.items()
        )
        return f"columns that fill no field: {', '.join(named)}"

    def _check_delimiter(self, external_id: str, fields: Mapping[str, str] | None) -> None:
        """Refuse a header that has its columns only with another delimiter."""
        if external_id in self.columns:
            return
        wanted = {external_id, *(_FIELDS if fields is None else fields.values())}
        fitting = likely_delimiter(self.delimiter.join(self.columns), wanted)
        if fitting is not None and fitting != self.delimiter:
            name = "tabs" if fitting == "\t" else repr(fitting)
            raise ArgumentError(
                "delimiter", f"the cells of {self.path} are separated by {name}", fitting
            )

    def _place(self, column: str, setting: str) -> int:
        if self.columns.count(column) > 1:
            raise ArgumentError(setting, f"{self.path} has more than one column {column!r}")
        if column not in self.columns:
            nearest = _nearest(column, self.columns)
            guess = f"did you mean {nearest!r}?" if nearest else f"it has {', '.join(self.columns)}"
            raise ArgumentError(setting, f"{self.path} has no column {column!r}; {guess}")
        return self.columns.index(column)

    def _count_added(self) -> int:
        count = len(_ADDED)
        added = self.columns[:count] == added_columns(self.columns[count:])
        return count if added and min(self._places.values()) >= count else 0

    def _find_unused(self) -> dict[str, str]:
        free = [name for name in _FIELDS if name not in self._places]
        used = {self.columns[place] for place in self._places.values()}
        return {
            column: _nearest(column, free)
            for column in self.columns[self.added :]
            if column.strip() and column not in used
        }

    def __iter__(self) -> Iterator[Row]:
        found = records(self.path, self.encoding, self.delimiter)
        for record in itertools.islice(found, 1, None):
            yield record if record.problem else self._row(record.line, record.cells)

    def _row(self, line: int, cells: Sequence[str]) -> Row:
        if self.added and cells[1].startswith(SAME_AS):
            # By itself it is the only one, and would be written over the other row's customer.
            return Row(line, {}, f"{cells[1].partition(':')[0]}: {_STILL}", cells)
        fields: dict[str, Any] = {}
        members: dict[str, Any] = {}
        for field, place in self._places.items():
            cell = cells[place]
            if cell and field.startswith(_METADATA):
                members[field[len(_METADATA) :]] = cell
            elif cell and field == "metadata":
                whole = _json_object(cell)
                if whole is None:
                    return Row(line, {}, "metadata is not a JSON object", cells)
                members = {**whole, **members}
            elif cell:
                fields[field] = cell
        if members:
            fields["metadata"] = members
        return Row(line, fields, cells=cells)


def _json_object(cell: str) -> dict[str, Any] | None:
    value = None
    with contextlib.suppress(ValueError):
        try:
            value = json.loads(cell)
        except RecursionError:
            value = deep.loads(cell)
    return value if isinstance(value, dict) else None


def _is_field(name: str) -> bool:
    return name in _FIELDS or (name.startswith(_METADATA) and name != _METADATA)


def _nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that is written most like another one, or an empty text."""
    plain = {_plain(each): each for each in names}
    close = difflib.get_close_matches(_plain(name), plain, 1, 0.65)
    return plain[close[0]] if close else ""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()
