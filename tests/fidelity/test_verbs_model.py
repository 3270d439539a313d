"""Random sequences of the verbs keep the client and a plain-Python model of them in step."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from customers_sdk import AmbiguousCustomerError, Client
from customers_sdk.testing import mock_customers
from tests.fidelity.test_model import SETTINGS

EMAILS = ["ada@example.com", "ADA@example.com", "bob@example.org"]
EXTERNAL = ["u-1", "u-2", "U-1", "u%", "ada@example.com"]

metadata = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=2)
fields = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from([None, *EMAILS]),
        "name": st.sampled_from(["Ada", "u-1", ""]),
        "metadata": metadata,
    },
)
externals = st.sampled_from(EXTERNAL)
apps = st.integers(0, 1)


class Verbs(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.scope = mock_customers()
        self.mock = self.scope.__enter__()
        self.client: Client = self.mock.client()
        self.apps = [self.mock.app_id, self.mock.add_app()]
        self.rows: list[dict[str, Any]] = []  # the oldest first
        self.minute = 0

    def teardown(self) -> None:
        self.scope.__exit__(None, None, None)

    # --- what the documentation says -------------------------------------------------------------

    def having(self, app: int, email: str) -> list[dict[str, Any]]:
        return [
            row
            for row in reversed(self.rows)
            if row["app"] == app and (row["email"] or "").lower() == email.lower()
        ]

    def known(self, app: int, external_id: str) -> Optional[dict[str, Any]]:
        for row in self.rows:
            if row["app"] == app and row["external_id"] == external_id:
                return row
        return None

    def expected(
        self, app: int, external_id: str, given: dict[str, Any], *, adopt: bool
    ) -> Optional[dict[str, Any]]:
        """Whom a verb gets: the one known, the one adopted, or None for a new customer."""
        known = self.known(app, external_id)
        if known is None and adopt and given.get("email"):
            candidates = [
                row for row in self.having(app, given["email"]) if row["external_id"] is None
            ]
            if len(candidates) > 1:
                raise AmbiguousCustomerError
            if candidates:
                known = candidates[0]
                known["external_id"] = external_id
        return known

    def born(self, app: int, customer: Any, external_id: str, given: dict[str, Any]) -> None:
        row = {"email": None, "name": None, "metadata": {}, **given}
        self.rows.append({**row, "app": app, "id": customer.id, "external_id": external_id})

    def agrees(self, customer: Any, row: dict[str, Any]) -> None:
        for name in ("id", "external_id", "email", "name", "metadata"):
            assert getattr(customer, name) == row[name], name
        assert customer.app_id == self.apps[row["app"]]

    # --- what happens ----------------------------------------------------------------------------

    @rule(app=apps, email=st.sampled_from(EMAILS), kept=metadata)
    def checkout(self, app: int, email: str, kept: dict[str, int]) -> None:
        self.minute += 1
        made = self.mock.add_customer(
            app_id=self.apps[app],
            email=email,
            metadata=kept,
            created_at=f"2026-01-01T{self.minute // 60:02}:{self.minute % 60:02}:00Z",
        )
        row = {"app": app, "id": made, "external_id": None, "email": email}
        self.rows.append({**row, "name": None, "metadata": kept})

    @rule(app=apps, external_id=externals, given=fields, adopt=st.booleans())
    def get_or_create(
        self, app: int, external_id: str, given: dict[str, Any], *, adopt: bool
    ) -> None:
        self.use("get_or_create", app, external_id, given, adopt=adopt)

    @rule(app=apps, external_id=externals, given=fields, adopt=st.booleans())
    def update_or_create(
        self, app: int, external_id: str, given: dict[str, Any], *, adopt: bool
    ) -> None:
        self.use("update_or_create", app, external_id, given, adopt=adopt)

    def use(
        self, verb: str, app: int, external_id: str, given: dict[str, Any], *, adopt: bool
    ) -> None:
        call = getattr(self.client.customers, verb)
        options = {"app_id": self.apps[app], "adopt": adopt}
        given = {name: value for name, value in given.items() if value is not None}
        try:
            row = self.expected(app, external_id, given, adopt=adopt)
        except AmbiguousCustomerError:
            with pytest.raises(AmbiguousCustomerError):
                call(external_id, **options, **given)
            return
        customer, created = call(external_id, **options, **given)
        assert created is (row is None)
        if row is None:
            self.born(app, customer, external_id, given)
            return
        if verb == "update_or_create":
            merged = {**row["metadata"], **given.get("metadata", {})}
            row.update(given, metadata=merged)
        self.agrees(customer, row)

    @precondition(lambda self: self.rows)
    @rule(number=st.integers(0, 50), members=metadata, remove=st.sets(st.sampled_from("abc")))
    def merge(self, number: int, members: dict[str, int], remove: set[str]) -> None:
        row = self.rows[number % len(self.rows)]
        gone = remove - set(members)
        merged = {**row["metadata"], **members}
        row["metadata"] = {name: value for name, value in merged.items() if name not in gone}
        self.agrees(self.client.customers.merge_metadata(row["id"], members, remove=gone), row)

    @rule(app=apps, email=st.sampled_from([*EMAILS, "da@example.com"]))
    def find_by_email(self, app: int, email: str) -> None:
        found = self.client.customers.find_by_email(email, app_id=self.apps[app])
        wanted = {row["id"]: row for row in self.having(app, email)}
        assert {customer.id for customer in found} == set(wanted)
        assert [c.created_at for c in found] == sorted((c.created_at for c in found), reverse=True)
        for customer in found:
            self.agrees(customer, wanted[customer.id])

    @rule()
    def as_many_are_stored(self) -> None:
        assert len(self.mock.customers) == len(self.rows)


TestVerbs = Verbs.TestCase
TestVerbs.settings = settings(SETTINGS, max_examples=40, stateful_step_count=20)
