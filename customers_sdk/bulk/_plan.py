"""What there is to do: the first walk over the rows of an import."""

from __future__ import annotations

from typing import NamedTuple

from customers_sdk.bulk._journal import FAILED, REJECTED, Journal
from customers_sdk.bulk._rows import Rejection, Rows, with_problems


class Plan(NamedTuple):
    """What the first walk over the rows of an import finds.

    Attributes:
        total: how many rows there are.
        fields: the fields that those to import hold.
        wanted: the external ids of the rows to import.
        late: those of them that failed in an earlier run, and may again.
        rejections: the rows that are wrong, or were refused in an earlier run, by index.
        resumed: how many an earlier run has imported.
    """

    total: int
    fields: frozenset[str]
    wanted: frozenset[str]
    late: frozenset[str]
    rejections: dict[int, Rejection]
    resumed: int


def plan_of(rows: Rows, journal: Journal | None) -> Plan:
    """Check all rows, and see which of them an earlier run has settled."""
    rejections = {}
    fields: set[str] = set()
    wanted: set[str] = set()
    late: set[str] = set()
    total = resumed = 0
    for index, (row, problem) in enumerate(with_problems(rows)):
        total += 1
        if problem:
            rejections[index] = Rejection(row, problem)
            continue
        before = journal.entry(row) if journal is not None else None
        if before is None or before.what == FAILED:
            fields.update(row.fields)
            wanted.add(row.external_id)
            if before is not None:
                late.add(row.external_id)
        elif before.what == REJECTED:
            rejections[index] = Rejection(row, before.reason)
        else:
            resumed += 1
    return Plan(
        total,
        frozenset(fields - {"external_id"}),
        frozenset(wanted),
        frozenset(late),
        rejections,
        resumed,
    )
