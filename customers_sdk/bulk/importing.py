"""Imports: rows upserted by external id, so that one run twice creates nobody twice.

What makes that so is the service, which takes an external id once per app: a row is
first looked up, then created or brought up to date, and a creation that is refused or
whose answer is lost is looked up again. The journal only spares a second run the work.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from customers_sdk import _checks
from customers_sdk._idempotency import same
from customers_sdk.bulk.journal import Journal, digest
from customers_sdk.bulk.rows import Rejection, Row, Rows, as_rows, with_problems
from customers_sdk.client import Client
from customers_sdk.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    CustomersError,
    IdempotencyError,
    PermissionDeniedError,
    ServerError,
    TransportError,
    ValidationError,
)
from customers_sdk.models import Customer

_MOST_WORKERS = 32
# So many rows failing one after another means that the next will fail as well.
_GIVE_UP_AFTER = 10

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"


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
    def complete(self) -> bool:
        """Whether every row was imported, by this run or an earlier one."""
        return not self.rejections


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
    differ are sent; the members of ``metadata`` are merged into what is stored.

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
            once; the journal is of another import or in use.
        AuthenticationError, PermissionDeniedError, ConfigurationError: no row could be
            imported.
        CustomersError: ten rows in a row failed; the error of the last one.
    """
    _checks.integer(workers, "workers", most=_MOST_WORKERS)
    pace = Pace(rate)
    if iter(rows) is rows:
        raise TypeError("rows must allow a second walk over them: give a list, or CsvRows")
    app = client.app_id if app_id is None else _checks.text(app_id, "app_id")
    with contextlib.ExitStack() as stack:
        kept = None
        if journal is not None and not dry_run:
            scope = {"base_url": client.base_url, "app_id": app}
            kept = stack.enter_context(Journal(journal, scope))
        plan = _plan(rows, kept)
        run = _Import(client, app, plan, kept, dry_run=dry_run, progress=progress)
        run.upsert(rows, workers, pace)
        if kept is not None and not run.failed:
            kept.remove()
    return ImportReport(
        **run.counts, resumed=plan.resumed, rejections=tuple(run.rejections), dry_run=dry_run
    )


class _Plan(NamedTuple):
    """What the first walk over the rows finds.

    Attributes:
        total: how many rows there are.
        fields: the fields that those to import hold.
        wanted: the external ids of the rows to import.
        rejections: the rows that are wrong, or were refused in an earlier run, by index.
        resumed: how many an earlier run has imported.
    """

    total: int
    fields: frozenset[str]
    wanted: frozenset[str]
    rejections: dict[int, Rejection]
    resumed: int


def _plan(rows: Rows, journal: Journal | None) -> _Plan:
    settled = journal.settled if journal is not None else {}
    rejections = {}
    fields: set[str] = set()
    wanted: set[str] = set()
    total = resumed = 0
    for index, (row, problem) in enumerate(with_problems(rows)):
        total += 1
        if problem:
            rejections[index] = Rejection(row, problem)
            continue
        before = settled.get(digest(row)) if settled else None
        if before is None:
            fields.update(row.fields)
            wanted.add(row.external_id)
        elif before.what == REJECTED:
            rejections[index] = Rejection(row, before.reason)
        else:
            resumed += 1
    return _Plan(total, frozenset(fields - {"external_id"}), frozenset(wanted), rejections, resumed)


class Pace:
    """Lets so many pass a second, at even intervals."""

    def __init__(
        self,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if rate is None:
            self._interval = 0.0
        elif isinstance(rate, bool) or not isinstance(rate, (int, float)):
            raise TypeError(f"rate must be a number, not {_checks.kind_of(rate)}")
        elif not (math.isfinite(rate) and rate > 0):
            raise ValueError("rate must be more than 0 rows a second")
        else:
            self._interval = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = -math.inf

    def wait(self) -> None:
        """Return when the next one may pass."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval


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
        plan: _Plan,
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
                    pace.wait()
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
        for index, row in enumerate(as_rows(rows)):
            if index in self.plan.rejections or row.external_id not in self.plan.wanted:
                continue
            known = self.index.get(row.external_id) if self.index is not None else None
            if known is not None and not _changes(row, known):
                self.note(row, UNCHANGED)
            else:
                yield row, known

    def settle(self, row: Row, known: _Known | None) -> str:
        """Create or update the customer of a row; runs on a worker's thread."""
        if known is None and self.index is None:
            known = self.look_up(row)
        return self.make(row) if known is None else self.bring_up_to_date(row, known)

    def make(self, row: Row) -> str:
        """Create a customer, unless they turn out to exist."""
        if self.dry_run:
            return CREATED
        try:
            self.customers.create(app_id=self.app_id, **row.fields)
        except (ServerError, ConflictError, TransportError) as error:
            # Somebody else has just taken the id, or the answer was lost.
            if not isinstance(error, ConflictError) and not error.outcome_unknown:
                raise
            known = None
            with contextlib.suppress(CustomersError):
                known = self.look_up(row)
            if known is None:
                raise
            ours = isinstance(error, TransportError) and not _changes(row, known)
            return CREATED if ours else self.bring_up_to_date(row, known)
        return CREATED

    def bring_up_to_date(self, row: Row, known: _Known) -> str:
        """Send the fields that differ."""
        changes = _changes(row, known)
        if changes and not self.dry_run:
            self.customers.update(known.id, **changes)
        return UPDATED if changes else UNCHANGED

    def look_up(self, row: Row) -> _Known | None:
        """The customer that has a row's external id."""
        found = self.customers.find_by_external_id(row.external_id, app_id=self.app_id)
        return None if found is None else self.known(found)

    def land(self, flying: dict[Future[str], Row]) -> None:
        """Wait until at least one of the rows in flight is settled, and note which."""
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            row = flying.pop(future)
            try:
                what = future.result()
            except (AuthenticationError, PermissionDeniedError, ConfigurationError):
                raise
            except (ValidationError, ConflictError, IdempotencyError, ValueError) as error:
                self.reject(row, str(error))
            except CustomersError as error:
                self.fail(row, error)
            else:
                self.failed_in_a_row = 0
                self.note(row, what)

    def note(self, row: Row, what: str) -> None:
        """A row is imported."""
        self.counts[what] += 1
        if self.journal is not None:
            self.journal.add(digest(row), what)
        self.report()

    def reject(self, row: Row, reason: str) -> None:
        """The service refuses a row, and would again."""
        self.failed_in_a_row = 0
        self.rejections.append(Rejection(row, reason))
        if self.journal is not None:
            self.journal.add(digest(row), REJECTED, reason)
        self.report()

    def fail(self, row: Row, error: CustomersError) -> None:
        """A row could not be imported now; if it is one of many, no other can."""
        self.failed += 1
        self.failed_in_a_row += 1
        self.rejections.append(Rejection(row, str(error), final=False))
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
