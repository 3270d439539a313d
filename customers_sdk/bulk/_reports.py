"""What an import tells while it runs, and at its end."""

from __future__ import annotations

import attrs

from customers_sdk.bulk._rows import Rejection


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
