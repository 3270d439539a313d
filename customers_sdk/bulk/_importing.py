"""Imports: rows upserted by external id, so that one run twice creates no customer twice.

The journal is not what makes that so (see `_upsert`); it only spares a second run the work.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import attrs

from customers_sdk import _checks
from customers_sdk.bulk._journal import (
    CREATED,
    FAILED,
    REJECTED,
    UNCHANGED,
    UPDATED,
    Journal,
    open_journal,
)
from customers_sdk.bulk._rows import (
    ImportReport,
    Progress,
    Rejection,
    Row,
    Rows,
    as_rows,
    check_repeatable,
    with_problems,
)
from customers_sdk.bulk._upsert import Upsert
from customers_sdk.client import Client
from customers_sdk.errors import (
    AmbiguousCustomerError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    CustomersError,
    IdempotencyError,
    PermissionDeniedError,
    ValidationError,
)

_MOST_WORKERS = 32
# So many rows failing one after another means that the next will fail as well.
_GIVE_UP_AFTER = 10
_RESUMED = "resumed"
_COUNTED = (CREATED, UPDATED, UNCHANGED, _RESUMED)


def import_rows(
    client: Client,
    rows: Rows,
    *,
    app_id: str | None = None,
    journal: str | Path | None = None,
    workers: int = 1,
    rate: float | None = None,
    adopt: bool = False,
    dry_run: bool = False,
    on_checked: Callable[[Sequence[Rejection]], object] | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> ImportReport:
    """Create the customers that are new, and bring those up to date that exist.

    All rows are checked first; a row that cannot be right is rejected, and the others
    are imported. Of a customer that exists, only the fields that a row holds and that
    differ are sent; the members of ``metadata`` are merged into what is stored then.

    Ctrl-C, and an error that ends the import, let the rows in flight finish and be noted.

    Args:
        client: used from ``workers`` threads.
        rows: mappings of field names to values (None is not sent), or `Row`, as
            `CsvRows` gives them. They are walked over twice; the external ids are held
            in memory.
        app_id: the app to import into; None is the client's own.
        journal: a file in which the rows that are done are noted; the next run with it
            resumes where this one stopped. It is deleted when no row is left that failed.
        workers: rows in flight at a time, from 1 to 32.
        rate: rows sent a second, at most; None sets no limit.
        adopt: if no customer has a row's external id, but exactly one in the app has its
            ``email`` and no external id, give that one the external id and bring them up to
            date; the row counts as updated. Where there are several, the row is rejected,
            and the next run retries it. A row with an email that is not in the app yet takes
            three requests in place of one.
        dry_run: read, but write nothing, not even the journal.
        on_checked: called once, before the first request, with the rows that are rejected
            by then, in order.
        progress: called before the first row and after each that is done, on the calling
            thread; where the import ends with an error, once more with what was done.

    Returns:
        What was done, and which rows were not imported and why.

    Raises:
        TypeError, ValueError: an argument is wrong; ``rows`` can be walked over only
            once, or the second walk gave others; the journal is of another import or in
            use.
        OSError: the rows cannot be read, or the journal cannot be written.
        AuthenticationError, PermissionDeniedError, ConfigurationError: no row can be
            imported: the key is wrong.
        ApiError: the app or the base URL is wrong; ``setting`` says which.
        CustomersError: ten rows in a row failed; the error of the last one.
    """
    _checks.integer(workers, "workers", most=_MOST_WORKERS)
    limit = RateLimit(rate)
    check_repeatable(rows)
    app = client.app_id if app_id is None else app_id
    # Sends nothing, but refuses what is not an id before a journal is made.
    client.customers.list(app_id=app)
    with contextlib.ExitStack() as stack:
        kept = None
        if journal is not None and not dry_run:
            scope = {"base_url": client.base_url, "app_id": app}
            kept = stack.enter_context(open_journal(journal, scope))
        run = _Run(kept, progress)
        run.check(rows)
        if on_checked is not None:
            on_checked(tuple(run.rejections))
        upsert = Upsert(
            client.customers, app, run.fields, run.pending, adopt=adopt, dry_run=dry_run
        )
        run.report()
        upsert.prepare(workers)
        run.send(rows, upsert, workers, limit)
        if kept is not None and not run.failed:
            kept.spares_work = False
    return ImportReport(**run.counts, rejections=tuple(run.rejections), dry_run=dry_run)


class RateLimit:
    """A number of rows a second, at even intervals; no burst makes up for a pause."""

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 0.0
        if rate is not None:
            if isinstance(rate, bool) or not isinstance(rate, (int, float)):
                raise TypeError(f"rate must be a number, not {_checks.kind_of(rate)}")
            if not 0 < rate < math.inf:
                raise ValueError("rate must be more than 0 rows a second")
            self._interval = 1 / rate
        self._clock = clock
        self._next = -math.inf

    def wait_seconds(self) -> float:
        """Return the seconds until the next row may be sent, 0 or less if it may now."""
        return self._next - self._clock()

    def count(self) -> None:
        self._next = max(self._next, self._clock()) + self._interval


@attrs.define(repr=False)
class _Run:
    """One run of an import: what there is to do, which row is sent when, and what comes of it."""

    journal: Journal | None
    progress: Callable[[Progress], object] | None
    total: int = 0
    pending: set[str] = attrs.Factory(set)  # the external ids of the rows to import
    retries: set[str] = attrs.Factory(set)  # those of them that failed before; imported last
    fields: set[str] = attrs.Factory(set)  # that the pending rows hold
    refused: dict[int, Rejection] = attrs.Factory(dict)  # rows that are wrong, or were before
    rejections: list[Rejection] = attrs.Factory(list)
    counts: dict[str, int] = attrs.Factory(lambda: dict.fromkeys(_COUNTED, 0))
    failed: int = 0
    failed_in_a_row: int = 0
    in_flight: dict[Future[str], Row] = attrs.Factory(dict)

    def check(self, rows: Rows) -> None:
        """Check all rows, and find out which of them an earlier run has done."""
        for index, (row, problem) in enumerate(with_problems(rows)):
            self.total += 1
            before = self.journal.entry(row) if self.journal and not problem else None
            if problem:
                self.refused[index] = Rejection(row, problem)
            elif before is None or before.outcome == FAILED:
                self.fields.update(row.fields)
                self.pending.add(row.external_id)
                if before is not None:
                    self.retries.add(row.external_id)
            elif before.outcome == REJECTED:
                self.refused[index] = Rejection(row, before.reason)
            else:
                self.counts[_RESUMED] += 1
        self.rejections += self.refused.values()
        self.fields.discard("external_id")

    def send(self, rows: Rows, upsert: Upsert, workers: int, limit: RateLimit) -> None:
        """Import all rows that are pending."""
        with ThreadPoolExecutor(workers, "customers_sdk-import") as threads:
            try:
                for row in self.to_send(rows, upsert):
                    while (seconds := limit.wait_seconds()) > 0:
                        if self.in_flight:
                            self.collect(seconds)
                        else:
                            time.sleep(seconds)
                    limit.count()
                    self.in_flight[threads.submit(upsert, row)] = row
                    if len(self.in_flight) >= 2 * workers:
                        self.collect()
                while self.in_flight:
                    self.collect()
            except BaseException:
                self.drain()
                raise

    def drain(self) -> None:
        """Cancel what is not sent yet, and note the outcome of what is."""
        progress, self.progress = self.progress, None
        for future in list(self.in_flight):
            if future.cancel():
                del self.in_flight[future]
        while self.in_flight:
            with contextlib.suppress(CustomersError):
                self.collect()
        self.progress = progress
        with contextlib.suppress(Exception):  # the first error is the one to raise
            self.report()

    def to_send(self, rows: Rows, upsert: Upsert) -> Iterator[Row]:
        """Give the rows that take a request; note those that take none."""
        for retried in (False, True) if self.retries else (False,):
            for row in self.walk_again(rows):
                if (row.external_id in self.retries) is not retried:
                    continue
                if upsert.is_unchanged(row):
                    self.note(row, UNCHANGED)
                else:
                    yield row

    def walk_again(self, rows: Rows) -> Iterator[Row]:
        """Give the rows to import, if the input is still what it was."""
        total = pending = 0
        for index, row in enumerate(as_rows(rows)):
            total += 1
            if index not in self.refused and row.external_id in self.pending:
                pending += 1
                yield row
        if total != self.total or pending != len(self.pending):
            raise ValueError(
                f"rows changed during the import: there were {self.total}, and then {total}; "
                "import again"
            )

    def collect(self, timeout: float | None = None) -> None:
        """Wait until at least one of the rows in flight is done, and note its outcome."""
        done = wait(self.in_flight, timeout, FIRST_COMPLETED).done
        # In the order they were sent: rows that fail one after another are counted.
        for future in [each for each in self.in_flight if each in done]:
            row = self.in_flight.pop(future)
            try:
                outcome = future.result()
            except (CustomersError, ValueError) as error:
                if _is_of_all(error):
                    raise
                self.reject(row, error)
            else:
                self.failed_in_a_row = 0
                self.note(row, outcome)

    def note(self, row: Row, outcome: str) -> None:
        """Note that a row is imported."""
        self.counts[outcome] += 1
        if self.journal is not None:
            self.journal.add(row, outcome)
        self.report()

    def reject(self, row: Row, error: Exception) -> None:
        """Note that a row is not imported; after many in a row that fail, no other can be."""
        final = _is_final(error)
        # Who fixes a row needs the service's words; the request id is for support.
        reason = error.message if final and isinstance(error, ApiError) else ""
        reason = reason or str(error)
        self.rejections.append(Rejection(row, reason, final))
        self.failed += not final
        # Which customer a row means is a question about that row alone.
        of_this_row = final or isinstance(error, AmbiguousCustomerError)
        self.failed_in_a_row = 0 if of_this_row else self.failed_in_a_row + 1
        if self.journal is not None:
            self.journal.add(row, *((REJECTED, reason) if final else (FAILED,)))
        self.report()
        if self.failed_in_a_row >= _GIVE_UP_AFTER:
            raise error

    def report(self) -> None:
        """Tell how far the import is."""
        if self.progress is not None:
            done = sum(self.counts.values()) + len(self.rejections)
            rejected = len(self.rejections) - self.failed
            now = Progress(done, self.total, rejected=rejected, failed=self.failed, **self.counts)
            self.progress(now)


def _is_of_all(error: Exception) -> bool:
    """Whether no row can be imported: the key or a setting is wrong."""
    of_all = (AuthenticationError, PermissionDeniedError, ConfigurationError)
    return isinstance(error, of_all) or (isinstance(error, ApiError) and error.setting is not None)


def _is_final(error: Exception) -> bool:
    """Whether the service would refuse a row again."""
    if isinstance(error, ValidationError):
        return error.code is not None  # otherwise it comes from a proxy
    too_large = isinstance(error, ApiError) and error.status == 413
    return too_large or isinstance(error, (IdempotencyError, ValueError))
