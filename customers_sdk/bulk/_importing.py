"""Imports: rows upserted by external id, so that one run twice creates nobody twice.

What makes that so is the service, which takes an external id once per app: a row is
first looked up, then created or brought up to date, and a creation that is refused or
whose answer is lost is looked up again. The journal only spares a second run the work.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

from customers_sdk import _checks
from customers_sdk._recovery import create_or_find
from customers_sdk._stored import same
from customers_sdk.bulk._journal import (
    CREATED,
    FAILED,
    REJECTED,
    UNCHANGED,
    UPDATED,
    Journal,
)
from customers_sdk.bulk._pace import Pace
from customers_sdk.bulk._plan import Plan, plan_of
from customers_sdk.bulk._reports import ImportReport, Progress
from customers_sdk.bulk._rows import Rejection, Row, Rows, as_rows, walk_again
from customers_sdk.client import Client
from customers_sdk.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    CustomersError,
    IdempotencyError,
    PermissionDeniedError,
    ValidationError,
)
from customers_sdk.models import Customer

_MOST_WORKERS = 32
# So many rows failing one after another means that the next will fail as well.
_GIVE_UP_AFTER = 10


def import_rows(
    client: Client,
    rows: Rows,
    *,
    app_id: str | None = None,
    journal: str | Path | None = None,
    workers: int = 1,
    rate: float | None = None,
    dry_run: bool = False,
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
        journal: a file that the rows settled are noted in; the next run with it goes on
            where this one stopped. It is deleted when no row is left that failed.
        workers: rows in flight at a time, from 1 to 32.
        rate: rows sent a second, at most; None sets no limit.
        dry_run: read, but write nothing, not even the journal.
        progress: called before the first row and after each that is settled, on the
            calling thread.

    Returns:
        What was done, and which rows were not imported and why.

    Raises:
        TypeError, ValueError: an argument is wrong; ``rows`` can be walked over only
            once, or the second walk gave others; the journal is of another import or in
            use.
        OSError: the rows cannot be read, or the journal cannot be written.
        AuthenticationError, PermissionDeniedError, ConfigurationError: no row could be
            imported.
        CustomersError: ten rows in a row failed; the error of the last one.
    """
    _checks.integer(workers, "workers", most=_MOST_WORKERS)
    pace = Pace(rate)
    walk_again(rows)
    app = client.app_id if app_id is None else app_id
    # Asks for nothing, but refuses what is no id before a journal is made.
    client.customers.list(app_id=app)
    with contextlib.ExitStack() as stack:
        kept = None
        if journal is not None and not dry_run:
            scope = {"base_url": client.base_url, "app_id": app}
            kept = stack.enter_context(Journal(journal, scope))
        plan = plan_of(rows, kept)
        run = _Import(client, app, plan, kept, dry_run=dry_run, progress=progress)
        run.upsert(rows, workers, pace)
        if kept is not None and not run.failed:
            kept.remove()
    return ImportReport(
        **run.counts, resumed=plan.resumed, rejections=tuple(run.rejections), dry_run=dry_run
    )


class _Known(NamedTuple):
    """A customer that exists: their id, and what is stored in the fields an import has."""

    id: str
    stored: Mapping[str, Any]


class _Import:
    """One run of an import."""

    def __init__(
        self,
        client: Client,
        app_id: str,
        plan: Plan,
        journal: Journal | None,
        *,
        dry_run: bool,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        self.customers = client.customers
        self.app_id = app_id
        self.plan = plan
        self.journal = journal
        self.dry_run = dry_run
        self.progress = progress
        self.counts = {CREATED: 0, UPDATED: 0, UNCHANGED: 0}
        self.rejections = list(plan.rejections.values())
        self.failed = 0
        self.failed_in_a_row = 0
        # The customers there are, by external id, where that was cheaper to ask for.
        self.index: dict[str, _Known] | None = None

    def upsert(self, rows: Rows, workers: int, pace: Pace) -> None:
        """Import all rows that are left to do."""
        self.report()
        if self.plan.wanted:
            self.look_at_all(workers)
        flying: dict[Future[str], Row] = {}
        with ThreadPoolExecutor(workers, "customers_sdk-import") as threads:
            try:
                for row, known in self.to_send(rows):
                    while (seconds := pace.seconds()) > 0:
                        self.pause(flying, seconds)
                    pace.pass_one()
                    flying[threads.submit(self.settle, row, known)] = row
                    if len(flying) >= 2 * workers:
                        self.land(flying)
                while flying:
                    self.land(flying)
            except BaseException:
                self.progress = None
                for future in list(flying):
                    if future.cancel():
                        del flying[future]
                while flying:
                    with contextlib.suppress(CustomersError):
                        self.land(flying)
                raise

    def look_at_all(self, workers: int) -> None:
        """Make the index, if that takes fewer requests than to look up each row."""
        listed = self.customers.list_page(page_size=1, app_id=self.app_id)
        if listed.total > len(self.plan.wanted) * _checks.LARGEST_PAGE:
            return
        self.index = {}
        if listed.total:
            ahead = workers if workers > 1 else 0
            for customer in self.customers.list(app_id=self.app_id, prefetch=ahead):
                if customer.external_id in self.plan.wanted:
                    self.index[customer.external_id] = self.known(customer)

    def known(self, customer: Customer) -> _Known:
        """What an import has to know of a customer."""
        return _Known(customer.id, {name: getattr(customer, name) for name in self.plan.fields})

    def to_send(self, rows: Rows) -> Iterator[tuple[Row, _Known | None]]:
        """The rows that take a request; those that take none are settled on the way."""
        for turn in (False, True) if self.plan.late else (False,):
            for row in self.left(rows):
                if (row.external_id in self.plan.late) is not turn:
                    continue
                known = self.index.get(row.external_id) if self.index is not None else None
                if known is not None and not _changes(row, known):
                    self.note(row, UNCHANGED)
                else:
                    yield row, known

    def left(self, rows: Rows) -> Iterator[Row]:
        """The rows to import, if the input is still what it was."""
        total = left = 0
        for index, row in enumerate(as_rows(rows)):
            total += 1
            if index not in self.plan.rejections and row.external_id in self.plan.wanted:
                left += 1
                yield row
        if total != self.plan.total or left != len(self.plan.wanted):
            raise ValueError(
                f"rows changed during the import: {total} came the second time, after "
                f"{self.plan.total}; import again"
            )

    def settle(self, row: Row, known: _Known | None) -> str:
        """Create or update the customer of a row; runs on a worker's thread."""
        if known is None and self.index is None:
            found = self.look_up(row)
            known = None if found is None else self.known(found)
        return self.make(row) if known is None else self.bring_up_to_date(row, known)

    def make(self, row: Row) -> str:
        """Create a customer, unless they turn out to exist."""
        if self.dry_run:
            return CREATED
        customer, created = create_or_find(
            lambda: self.customers.create(app_id=self.app_id, **row.fields),
            lambda: self.look_up(row),
            lambda found: not _changes(row, self.known(found)),
        )
        return CREATED if created else self.bring_up_to_date(row, self.known(customer))

    def bring_up_to_date(self, row: Row, known: _Known) -> str:
        """Send the fields that differ."""
        changes = _changes(row, known)
        if self.dry_run or not changes:
            return UPDATED if changes else UNCHANGED
        if "metadata" in changes:
            # It is written as a whole, and others may have added to it since it was listed.
            known = self.known(self.customers.retrieve(known.id))
            changes = _changes(row, known)
        if changes:
            self.customers.update(known.id, **changes)
        return UPDATED if changes else UNCHANGED

    def look_up(self, row: Row) -> Customer | None:
        """The customer that has a row's external id."""
        return self.customers.find_by_external_id(row.external_id, app_id=self.app_id)

    def pause(self, flying: dict[Future[str], Row], seconds: float) -> None:
        """Let some time pass; what is settled meanwhile is noted."""
        if flying:
            self.land(flying, seconds)
        else:
            time.sleep(seconds)

    def land(self, flying: dict[Future[str], Row], timeout: float | None = None) -> None:
        """Wait until at least one of the rows in flight is settled, and note which."""
        for future in wait(flying, timeout, FIRST_COMPLETED).done:
            row = flying.pop(future)
            try:
                what = future.result()
            except (AuthenticationError, PermissionDeniedError, ConfigurationError):
                raise
            except (CustomersError, ValueError) as error:
                self.refuse(row, error)
            else:
                self.failed_in_a_row = 0
                self.note(row, what)

    def note(self, row: Row, what: str) -> None:
        """A row is imported."""
        self.counts[what] += 1
        if self.journal is not None:
            self.journal.add(row, what)
        self.report()

    def refuse(self, row: Row, error: Exception) -> None:
        """A row is not imported; if it is one of many that fail, no other can be."""
        final = _is_final(error)
        self.rejections.append(Rejection(row, str(error), final))
        self.failed += not final
        self.failed_in_a_row = 0 if final else self.failed_in_a_row + 1
        if self.journal is not None:
            self.journal.add(row, *((REJECTED, str(error)) if final else (FAILED,)))
        self.report()
        if self.failed_in_a_row >= _GIVE_UP_AFTER:
            raise error

    def report(self) -> None:
        """Tell how far the import is."""
        if self.progress is None:
            return
        rejected = len(self.rejections) - self.failed
        done = sum(self.counts.values()) + len(self.rejections) + self.plan.resumed
        self.progress(
            Progress(
                done,
                self.plan.total,
                rejected=rejected,
                failed=self.failed,
                resumed=self.plan.resumed,
                **self.counts,
            )
        )


def _changes(row: Row, known: _Known) -> dict[str, Any]:
    """The fields of a row that are not stored as the row has them."""
    changes = {}
    for name, value in row.fields.items():
        if name == "external_id":
            continue
        stored = known.stored[name]
        wanted = {**stored, **value} if name == "metadata" else value
        if not same(wanted, stored):
            changes[name] = wanted
    return changes


def _is_final(error: Exception) -> bool:
    """Whether the service would refuse a row again."""
    if isinstance(error, ValidationError):
        return error.code is not None  # otherwise it is a proxy that speaks
    too_large = isinstance(error, ApiError) and error.status == 413
    return too_large or isinstance(error, (IdempotencyError, ValueError))
