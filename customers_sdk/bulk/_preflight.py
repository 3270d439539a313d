"""The first walk over the rows of an import, before any request: what is there to do."""

from __future__ import annotations

from typing import NamedTuple

from customers_sdk.bulk._journal import FAILED, REJECTED, Journal
from customers_sdk.bulk._rows import Rejection, Rows, with_problems


class Preflight(NamedTuple):
    """What the first walk over the rows of an import finds.

    Attributes:
        total: how many rows there are.
        fields: the fields that the pending rows hold.
        pending: the external ids of the rows to import.
        retries: those of them that failed in an earlier run, and are imported last.
        rejections: the rows that are wrong, or were refused in an earlier run, by index.
        resumed: how many an earlier run has imported.
    """

    total: int
    fields: frozenset[str]
    pending: frozenset[str]
    retries: frozenset[str]
    rejections: dict[int, Rejection]
    resumed: int


def preflight(rows: Rows, journal: Journal | None) -> Preflight:
    """Check all rows, and find out which of them an earlier run has done."""
    rejections = {}
    fields: set[str] = set()
    pending: set[str] = set()
    retries: set[str] = set()
    total = resumed = 0
    for index, (row, problem) in enumerate(with_problems(rows)):
        total += 1
        if problem:
            rejections[index] = Rejection(row, problem)
            continue
        before = journal.entry(row) if journal is not None else None
        if before is None or before.outcome == FAILED:
            fields.update(row.fields)
            pending.add(row.external_id)
            if before is not None:
                retries.add(row.external_id)
        elif before.outcome == REJECTED:
            rejections[index] = Rejection(row, before.reason)
        else:
            resumed += 1
    return Preflight(
        total,
        frozenset(fields - {"external_id"}),
        frozenset(pending),
        frozenset(retries),
        rejections,
        resumed,
    )
