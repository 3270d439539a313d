"""One row of an import: created, or brought up to date if the customer exists.

What makes that safe to repeat is the service, which takes an external id once per app: a
row is first looked up, then created or updated, and a creation that is refused or whose
response is lost is looked up again.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import attrs

from customers_sdk import _checks
from customers_sdk._recovery.writes import changes_to, create_or_find, is_as_created
from customers_sdk.bulk._journal import CREATED, UNCHANGED, UPDATED
from customers_sdk.bulk._rows import Row
from customers_sdk.customers import Customers
from customers_sdk.errors import AmbiguousCustomerError
from customers_sdk.models import Customer


@attrs.define(repr=False)
class Upsert:
    """Creates or updates the customers of an import's rows; used from several threads."""

    customers: Customers
    app_id: str
    fields: set[str]  # that the rows have
    pending: set[str]  # their external ids
    adopt: bool  # whether a row whose external id no customer has is looked for by its email
    dry_run: bool
    # What is stored of the customers that exist, by external id; None where each is looked up.
    index: dict[str, SimpleNamespace] | None = None

    def prepare(self, workers: int) -> None:
        """List the customers that exist, if that takes fewer requests than to look each up."""
        if not self.pending:
            return
        listed = self.customers.list_page(page_size=1, app_id=self.app_id)
        if listed.total > len(self.pending) * _checks.LARGEST_PAGE:
            return
        self.index = {}
        if listed.total:
            ahead = workers if workers > 1 else 0
            for customer in self.customers.list(app_id=self.app_id, prefetch=ahead):
                if customer.external_id in self.pending:
                    self.index[customer.external_id] = self._known(customer)

    def is_unchanged(self, row: Row) -> bool:
        """Whether a row needs no request: its customer was listed, and is as the row says."""
        known = self._listed(row)
        return known is not None and not changes_to(known, _others(row))

    def __call__(self, row: Row) -> str:
        """Create or update the customer of a row; returns the outcome."""
        known = self._listed(row)
        if known is None and self.index is None and (customer := self._look_up(row)):
            known = self._known(customer)
        if known is not None:
            return self._update(row, known)
        email = row.fields.get("email", "")
        # The listing does not settle it: who has the email may have come in since.
        if not (self.adopt and email.strip()):
            return self._create(row)
        return self._would_adopt(email) if self.dry_run else self._update_or_create(row)

    def _listed(self, row: Row) -> SimpleNamespace | None:
        return (self.index or {}).get(row.external_id)

    def _known(self, customer: Customer) -> SimpleNamespace:
        names = ("id", *self.fields)
        return SimpleNamespace(**{name: getattr(customer, name) for name in names})

    def _look_up(self, row: Row) -> Customer | None:
        return self.customers.find_by_external_id(row.external_id, app_id=self.app_id)

    def _create(self, row: Row) -> str:
        """Create a customer, unless they turn out to exist."""
        if self.dry_run:
            return CREATED
        customer, created = create_or_find(
            lambda: self.customers.create(app_id=self.app_id, **row.fields),
            lambda: self._look_up(row),
            lambda found: is_as_created(found, row.fields),
        )
        return CREATED if created else self._update(row, self._known(customer))

    def _would_adopt(self, email: str) -> str:
        having = self.customers.find_by_email(email, app_id=self.app_id)
        candidates = tuple(customer for customer in having if customer.external_id is None)
        if len(candidates) > 1:
            raise AmbiguousCustomerError(
                f"{len(candidates)} customers have this email and no external id",
                candidates=candidates,
            )
        return UPDATED if candidates else CREATED

    def _update(self, row: Row, known: SimpleNamespace) -> str:
        """Send the fields that differ."""
        changes = changes_to(known, _others(row))
        if self.dry_run or not changes:
            return UPDATED if changes else UNCHANGED
        if "metadata" in changes or self.index is not None:
            # Metadata is written as a whole, and others may have added to it. And since the
            # listing, the external id may have moved to another customer.
            return self._update_or_create(row)
        self.customers.update(known.id, **changes)
        return UPDATED

    def _update_or_create(self, row: Row) -> str:
        _, created = self.customers.update_or_create(
            row.external_id, app_id=self.app_id, adopt=self.adopt, **_others(row)
        )
        return CREATED if created else UPDATED


def _others(row: Row) -> dict[str, Any]:
    """Return the fields of a row but for the external id."""
    return {name: value for name, value in row.fields.items() if name != "external_id"}
