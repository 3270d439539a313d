"""The rows of an import: what is checked of them before any request, and told at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Union

import attrs

from customers_sdk import _checks
from customers_sdk._stored import stored_text
from customers_sdk._wire.codec import dumps


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


@attrs.frozen
class Progress:
    """How far an import is; all are numbers of rows.

    Attributes:
        done: settled in one way or another.
        total: in the input.
        created, updated, unchanged: imported by this run.
        rejected: refused, by the checks or by the service.
        failed: not imported for a reason that may pass.
        resumed: imported by an earlier run, going by the journal.
    """

    done: int
    total: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    failed: int = 0
    resumed: int = 0


@attrs.frozen
class ImportReport:
    """What an import did; in a dry run, what it would do.

    Attributes:
        created, updated, unchanged: rows imported by this run.
        resumed: rows imported by an earlier one, going by the journal.
        rejections: the rows that were not imported, in no particular order.
        dry_run: whether nothing was written.
    """

    created: int
    updated: int
    unchanged: int
    resumed: int
    rejections: tuple[Rejection, ...] = attrs.field(repr=False)
    dry_run: bool = False

    @property
    def failed(self) -> int:
        """How many rows were not imported for a reason that may pass."""
        return sum(not rejection.final for rejection in self.rejections)

    @property
    def rejected(self) -> int:
        """How many rows were refused, by the checks or by the service."""
        return len(self.rejections) - self.failed

    @property
    def complete(self) -> bool:
        """Whether every row was imported, by this run or an earlier one."""
        return not self.rejections


def check_repeatable(rows: Rows) -> Rows:
    """Return rows, and refuse those that can be walked over only once."""
    if iter(rows) is rows:
        raise TypeError("rows must allow a second walk over them: give a list, or CsvRows")
    return rows


def check_rows(rows: Rows) -> list[Rejection]:
    """Find the rows that an import would refuse before its first request.

    Raises:
        TypeError: ``rows`` can be walked over only once, or holds what is neither a row
            nor a mapping.
    """
    checked = with_problems(check_repeatable(rows))
    return [Rejection(row, problem) for row, problem in checked if problem]


def as_rows(rows: Rows) -> Iterator[Row]:
    """Give rows, made of mappings where those were given; a field that is None is not sent."""
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


SAME_AS = "external_id is the same as on line"


def with_problems(rows: Rows) -> Iterator[tuple[Row, str]]:
    """Give each row, and why it cannot be imported; an empty text if it can."""
    lines: dict[str, int] = {}
    for row in as_rows(rows):
        problem = row.problem or _problem(row.fields)
        if not problem:
            external_id = stored_text(row.external_id)
            if external_id in lines:
                problem = f"{SAME_AS} {lines[external_id]}"
            else:
                lines[external_id] = row.line
        yield row, problem


def _problem(fields: Mapping[str, Any]) -> str:
    try:
        for name in fields:
            if name not in _checks.CUSTOMER_FIELDS:
                return f"{name!r} is not a field of a customer"
        if "external_id" not in fields:
            return "external_id is missing"
        _checks.sought(fields["external_id"], "external_id")
        dumps(_checks.customer_fields(fields), "the customer")
    except (TypeError, ValueError) as error:
        return str(error)
    return ""
