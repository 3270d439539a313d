"""A write that failed: look for the record, compare it, and say what is true of the write.

The service responds with 500 to an external id or a wallet that exists (observed, recordings
``create_dup_externalId_2`` and ``wallet_duplicate_exact``), and a response may be lost after
the write was carried out. Either way one look-up tells more than the error does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from customers_sdk import _checks
from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk._recovery.lookups import LIST, ONE, Lookups, models
from customers_sdk._settings import Limits
from customers_sdk._stored import differs, same, stored_text
from customers_sdk.errors import (
    AlreadyExistsError,
    AmbiguousCustomerError,
    ApiError,
    ConfigurationError,
    ConflictError,
    CustomersError,
    IdempotencyError,
    ServerError,
)

if TYPE_CHECKING:
    from customers_sdk.models import Customer, Wallet

R = TypeVar("R")

# What the service responds to something that exists, as it is and as it is documented.
_CONFLICT = (500, 409)


def resolve_conflict(
    error: ApiError,
    limits: Limits,
    find: Callable[[Limits], R | None],
    is_ours: Callable[[R], bool | None],
    says: str,
) -> R:
    """Return the record that an earlier try of a failed write made, or raise what is known.

    ``find`` looks for the record that the write may have met, within what is left of the
    deadline; ``is_ours`` tells whether that is what the write makes, None if it cannot be told;
    ``says`` is what to say if it exists, with ``{id}`` for its id.

    Raises:
        AlreadyExistsError: the record exists, and this write did not make it.
        ApiError: ``error``, where nothing was found or nothing can be told.
    """
    left = limits.deadline - error.elapsed
    if error.status not in _CONFLICT or left <= 0:
        raise error
    found = _look(lambda: find(limits._replace(deadline=left)))
    if found is None:
        raise error
    ours = is_ours(found) if error.earlier_try_unknown else False
    if ours is None:
        raise error
    if ours:
        return found
    text = says.format(id=getattr(found, "id", ""))
    about = {**vars(error), "outcome_unknown": False, "earlier_try_unknown": False}
    raise AlreadyExistsError(
        f"{text} [{error.status}, request id {error.request_id}]", existing=found, **about
    ) from error


def create_or_find(
    create: Callable[[], R], find: Callable[[], R | None], is_ours: Callable[[R], bool | None]
) -> tuple[R, bool | None]:
    """Create; on a conflict or a lost response, look the record up.

    Returns:
        The record, and whether this call created it; None if that cannot be told.

    Raises:
        CustomersError: as ``create``, where nothing is found or the outcome is certain.
    """
    try:
        return create(), True
    except AlreadyExistsError as error:
        return error.existing, False
    except CustomersError as error:
        lost = error.outcome_unknown
        if isinstance(error, ApiError) and error.status in _CONFLICT:
            lost = error.earlier_try_unknown
        elif not lost and not isinstance(error, IdempotencyError):
            raise
        found = _look(find)
        if found is None:
            raise
        return found, is_ours(found) if lost else False


def is_as_created(customer: Any, sent: Mapping[str, Any]) -> bool | None:
    """Whether a customer is as one just created with these fields: all others are unset.

    None means that it cannot be told: the customer has changed since they were created.
    """
    given = {name: sent[name] for name in CUSTOMER_FIELDS if sent.get(name) is not None}
    unset: dict[str, Any] = {**dict.fromkeys(CUSTOMER_FIELDS), "metadata": {}}
    if differs({**unset, **given}, customer) is None:
        return True
    return None if customer.updated_at != customer.created_at else False


def _look(find: Callable[[], R | None]) -> R | None:
    with contextlib.suppress(CustomersError):
        return find()
    return None


_MOST_FAILURES = 8

_WALLETS = "/customers/{id}/wallets"
_LINKED = "the customer has this wallet already, with the id {id}: there is nothing to add"
_TAKEN = "external_id is taken by customer {id}: use another one, or update that customer"


class Writes(Lookups):
    """What is under the public methods of customers: writes that look first."""

    def _create(
        self, app: str, sent: Mapping[str, Any], limits: Limits, key: str | None
    ) -> Customer:
        """Create a customer of checked fields; say what exists if the external id is taken."""
        try:
            return self._insert(app, sent, limits, key)
        except (ServerError, ConflictError) as error:
            external_id = sent.get("external_id") or ""
            if not external_id.strip():
                raise
            found = resolve_conflict(
                error,
                limits,
                lambda left: self._find(external_id, app, self._transport.remaining(left)),
                lambda found: is_as_created(found, sent),
                _TAKEN,
            )
            return found.narrowed_to(models.Customer)

    def _insert(
        self,
        app: str,
        sent: Mapping[str, Any],
        limits: Limits,
        key: str | None,
        *,
        first: bool = False,
    ) -> Customer:
        """Send a creation; see `Resource._write` for ``first``."""
        return self._write(
            "POST",
            LIST,
            models.Customer,
            {"app_id": app, **sent},
            limits,
            expected={"app_id": app},
            key=key,
            first=first,
            unique="external_id" in sent,
            repeatable="external_id" in sent,
        )

    def _update(
        self,
        customer_id: str,
        sent: Mapping[str, Any],
        limits: Limits,
        key: str | None,
        *,
        derived: bool = False,
    ) -> Customer:
        """Update a customer's checked fields; see `Call` for ``derived``."""
        try:
            return self._write(
                "PUT",
                ONE,
                models.Customer,
                sent,
                limits,
                ids={"customer_id": customer_id},
                expected={"id": customer_id},
                key=key,
                derived=derived,
                unique="external_id" in sent,
            )
        except (ServerError, ConflictError) as error:
            taken = sent.get("external_id") or ""
            if not taken.strip():
                raise
            return resolve_conflict(
                error,
                limits,
                lambda left: self._find_other(customer_id, taken, left),
                lambda _: False,
                _TAKEN,
            )

    def _link(
        self, customer_id: str, sent: Mapping[str, Any], limits: Limits, key: str | None
    ) -> Wallet:
        """Link a wallet of checked fields; return it if an earlier try has linked it."""
        try:
            return self._write(
                "POST",
                _WALLETS,
                models.Wallet,
                sent,
                limits,
                ids={"customer_id": customer_id},
                expected={"customer_account_id": customer_id, **sent},
                key=key,
                unique=True,
            )
        except (ServerError, ConflictError) as error:
            return resolve_conflict(
                error,
                limits,
                lambda left: self._find_wallet(customer_id, sent, left),
                lambda _: True,
                _LINKED,
            )

    def _change(
        self,
        customer_id: str,
        changes_of: Callable[[Customer], Mapping[str, Any]],
        rest: Callable[[], Limits],
    ) -> Customer:
        """Read a customer and write what is to change, unless another process writes first.

        The write goes under an idempotency key that names what it is based on. The service
        carries out one write under a key; a second process is given the first one's
        response, reads again, and bases the next write on that. A failure stays stored under
        its key for a day, and so keys are numbered; after many failures the write goes without.
        """
        basis, number, doubt = "", 0, False
        while True:
            try:
                current = self._get(ONE, models.CustomerDetail, rest(), customer_id=customer_id)
                changes = changes_of(current)
                if not changes:
                    return current.narrowed_to(models.Customer)
                # Only who has no external id is given one here, and that happens once.
                now = "adopt" if "external_id" in changes else current.updated_at.isoformat()
                basis, number = now, number + 1 if basis == now else 0
                key = f"customers_sdk {basis} {number}" if number < _MOST_FAILURES else None
                return self._write_back(customer_id, changes, rest(), key)
            except CustomersError as error:  # noqa: PERF203 - a round is two requests
                stored = isinstance(error, ApiError) and error.replayed
                again = stored or isinstance(error, IdempotencyError)
                if not again or isinstance(error, AlreadyExistsError):
                    error.outcome_unknown |= doubt
                    raise
                # What was carried out first may have been a lost try of this very write.
                doubt |= (
                    error.earlier_try_unknown
                    if isinstance(error, ApiError)
                    else error.outcome_unknown
                )

    def _write_back(
        self, customer_id: str, changes: Mapping[str, Any], limits: Limits, key: str | None
    ) -> Customer:
        """Write what was made of a customer as they are stored, under a derived key."""
        try:
            sent = _checks.customer_fields(changes)
            return self._update(customer_id, sent, limits, key, derived=key is not None)
        except ConfigurationError:
            raise
        except ValueError:  # the caller's own part was checked; the text may name stored members
            raise CustomersError(
                "the metadata stored for this customer cannot be written back with the changes: "
                "together they are nested too deeply, are larger than 1 MiB, or hold something "
                "that is not stored as it is sent, such as a '$type' at the top level"
            ) from None

    def _bring_up_to_date(
        self, customer: Customer, wanted: Mapping[str, Any], rest: Callable[[], Limits]
    ) -> Customer:
        """Write the fields that differ, if any does."""
        changes = changes_to(customer, wanted)
        if not changes:
            return customer
        if "metadata" in changes:
            return self._change(customer.id, lambda now: changes_to(now, wanted), rest)
        return self._update(customer.id, changes, rest(), None)

    def _get_or_create(
        self,
        external_id: str,
        app: str,
        sent: Mapping[str, Any],
        rest: Callable[[], Limits],
        key: str | None,
        *,
        adopt: bool,
    ) -> tuple[Customer, bool | None]:
        """`get_or_create` with checked fields.

        Returns:
            The customer, and whether this call created them: False if it has written nothing,
            None if it has adopted them, or cannot tell.
        """
        found = self._find(external_id, app, rest)
        if found is not None:
            return found, False
        if adopt and sent.get("email"):
            adopted = self._adopt(external_id, app, sent["email"], rest)
            if adopted is not None:
                return adopted
        sent = {"external_id": external_id, **sent}
        return create_or_find(
            # Under a caller's key the stored response may be another call's, and out of date.
            lambda: self._insert(app, sent, rest(), key, first=key is not None),
            lambda: self._find(external_id, app, rest),
            lambda found: is_as_created(found, sent),
        )

    def _adopt(
        self, external_id: str, app: str, email: str, rest: Callable[[], Limits]
    ) -> tuple[Customer, bool | None] | None:
        """Give the external id to the one customer who has this email and none; None if no one.

        Returns:
            The customer, and what `_get_or_create` returns with them.
        """
        wanted = stored_text(external_id)
        while True:
            having = self._find_all(email, app, rest)
            for customer in having:
                if customer.external_id == wanted:  # since it was looked up
                    return customer, False
            candidates = [customer for customer in having if customer.external_id is None]
            if not candidates:
                return None
            if len(candidates) > 1:
                raise AmbiguousCustomerError(
                    f"{len(candidates)} customers have this email and no external id "
                    f"({', '.join(customer.id for customer in candidates[:5])}"
                    f"{', …' if len(candidates) > 5 else ''}): give it to one of them with update",
                    candidates=tuple(candidates),
                )
            adopted, given = self._give_external_id(candidates[0], external_id, app, rest)
            if adopted.external_id == wanted:
                return adopted, False if given is False else None

    def _give_external_id(
        self, candidate: Customer, external_id: str, app: str, rest: Callable[[], Limits]
    ) -> tuple[Customer, bool | None]:
        """Return who has the external id then, or the candidate as they are.

        And whether this call gave it; None if that cannot be told.
        """

        def changes(now: Customer) -> dict[str, Any]:
            still = now.external_id is None and now.email == candidate.email
            return {"external_id": external_id} if still else {}

        return create_or_find(
            lambda: self._change(candidate.id, changes, rest),
            lambda: self._find(external_id, app, rest),
            lambda found: None if found.id == candidate.id else False,
        )


def changes_to(customer: object, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not stored as wanted; members of metadata are added to the others."""
    changes: dict[str, Any] = {}
    for name, value in wanted.items():
        stored = getattr(customer, name)
        value = {**stored, **value} if name == "metadata" else value  # noqa: PLW2901
        if not same(value, stored):
            changes[name] = value
    return changes
