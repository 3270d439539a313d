"""A write that failed: look for the record, compare it, and say what is true of the write.

The service responds with 500 to an external id or a wallet that exists (observed, recordings
``create_dup_externalId_2`` and ``wallet_duplicate_exact``), and a response may be lost after
the write was carried out. Either way one look-up tells more than the error does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk._settings import Limits
from customers_sdk._stored import differs
from customers_sdk.errors import AlreadyExistsError, ApiError, CustomersError

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

    Args:
        error: the response to the write's last try.
        limits: those of the call; the look-up gets what is left of its deadline.
        find: looks for the record that the write may have met; None if there is none.
        is_ours: whether a record is what the write makes; None if that cannot be told.
        says: what to say if the record exists, with ``{id}`` for its id.

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
) -> tuple[R, bool]:
    """Create; on a conflict or a lost response, look the record up.

    Args:
        create: creates it.
        find: looks it up.
        is_ours: as for `resolve_conflict`.

    Returns:
        The record, and whether this call created it.

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
        elif not lost:
            raise
        found = _look(find)
        if found is None:
            raise
        return found, lost and bool(is_ours(found))


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
