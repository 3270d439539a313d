"""A write that failed: one look-up tells what exists, and whether this write made it."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from customers_sdk import (
    AlreadyExistsError,
    ConflictError,
    Customer,
    CustomersError,
    CustomerSummary,
    ServerError,
    TransportError,
    Wallet,
)
from tests.doubles import (
    ID,
    REPLAYED,
    WALLET_ID,
    Rig,
    answer,
    detail,
    envelope,
    fresh,
    late,
    listed,
    refusal,
    reset,
    rig,
    summary,
    wallet,
)

BROKEN = answer(500, refusal("INTERNAL_ERROR", "Internal server error"))
LATER = "2026-11-23T00:00:00.000Z"
ADDRESS = "0x" + "1" * 40
OTHER = "11111111-1111-4111-8111-111111111111"


def found(**changes: Any) -> Any:
    return answer(200, envelope(detail(**changes)))


def methods(made: Rig) -> list[str]:
    return [sent.method for sent in made.sent]


def ada(made: Rig, **more: Any) -> Customer:
    return made.customers.create(external_id="user-1", name="Ada", **more)


# --- a try whose response was lost ---------------------------------------------------------------


@pytest.mark.parametrize("lost", [reset(), late(), answer(504, b"")])
def test_a_creation_whose_response_was_lost_is_found(lost: Any) -> None:
    made = rig(lost, BROKEN, listed(fresh(name="Ada")))
    record = ada(made)
    assert type(record) is Customer
    assert record.id == ID
    assert methods(made) == ["POST", "POST", "GET"]
    assert "search=user-1" in made.sent[2].target


@pytest.mark.parametrize(
    "rows",
    [[], [fresh(name="Ada", externalId="user-10")], [fresh(name="Ada", appId="another")]],
)
def test_a_500_where_no_one_has_the_external_id_is_raised_as_it_is(rows: Any) -> None:
    with pytest.raises(ServerError) as caught:
        ada(rig(reset(), BROKEN, listed(*rows)))
    assert type(caught.value) is ServerError
    assert caught.value.attempts == 2
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "other",
    [
        fresh(name="Somebody else"),
        fresh(name="Ada", email="somebody@else.example"),
        fresh(name="Ada", metadata={"made": "long ago"}),
    ],
)
def test_someone_else_is_not_taken_for_what_a_lost_try_made(other: Any) -> None:
    with pytest.raises(AlreadyExistsError) as caught:
        ada(rig(reset(), BROKEN, listed(other)))
    assert not caught.value.outcome_unknown


def test_who_has_changed_since_may_be_what_a_lost_try_made() -> None:
    changed = fresh(name="Ada", email="ada@example.com", updatedAt=LATER)
    with pytest.raises(ServerError) as caught:
        ada(rig(reset(), BROKEN, listed(changed)))
    assert type(caught.value) is ServerError
    assert caught.value.outcome_unknown


def test_a_wallet_whose_response_was_lost_is_found() -> None:
    stored = wallet(walletAddress="0xabc")
    made = rig(late(), BROKEN, found(wallets=[wallet(id="w-0"), stored]))
    record = made.customers.add_wallet(ID, chain_id=1, wallet_address=" 0xABC")
    assert record.id == WALLET_ID
    assert methods(made) == ["POST", "POST", "GET"]


def test_a_sui_wallet_that_was_sent_without_0x_is_found() -> None:
    made = rig(late(), BROKEN, found(wallets=[wallet(chainId=203, walletAddress="0xcd")]))
    assert made.customers.add_wallet(ID, chain_id=203, wallet_address="cd").id == WALLET_ID


def test_a_wallet_that_was_not_linked_is_an_error() -> None:
    made = rig(late(), BROKEN, found(wallets=[wallet(walletAddress="0xabc", chainId=137)]))
    with pytest.raises(ServerError) as caught:
        made.customers.add_wallet(ID, chain_id=1, wallet_address="0xabc")
    assert type(caught.value) is ServerError


# --- a duplicate ---------------------------------------------------------------------------------


def test_an_external_id_that_is_taken_is_told_as_such() -> None:
    made = rig(BROKEN, listed(summary()))
    with pytest.raises(
        AlreadyExistsError, match=f"^external_id is taken by customer {ID}"
    ) as caught:
        ada(made, idempotency_key="mine")
    error = caught.value
    assert isinstance(error, ConflictError)
    assert isinstance(error, ServerError)
    assert type(error.existing) is CustomerSummary
    assert error.existing.id == ID
    assert (error.outcome_unknown, error.earlier_try_unknown) == (False, False)
    assert (error.status, error.code) == (500, "INTERNAL_ERROR")
    assert (error.attempts, error.idempotency_key) == (1, "mine")
    assert error.request_id
    assert error.request_id in str(error)
    assert methods(made) == ["POST", "GET"]
    for private in ("ada@example.com", "Lovelace", "Ada"):
        assert private not in f"{error} {error!r} {vars(error)!r}"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_duplicate_that_looks_as_if_it_were_ours_is_one_where_no_try_was_lost() -> None:
    limited = answer(429, refusal("RATE_LIMIT_EXCEEDED"))
    with pytest.raises(AlreadyExistsError) as caught:
        ada(rig(limited, BROKEN, listed(fresh(name="Ada"))))
    assert not caught.value.outcome_unknown


def test_a_documented_409_is_looked_up_too() -> None:
    with pytest.raises(AlreadyExistsError) as caught:
        ada(rig(answer(409, refusal("CONFLICT")), listed(summary())))
    assert caught.value.status == 409


def test_a_stored_500_that_a_duplicate_explains_says_so() -> None:
    stored = answer(500, refusal("INTERNAL_ERROR"), REPLAYED)
    with pytest.raises(AlreadyExistsError) as caught:
        ada(rig(stored, listed(summary())), idempotency_key="mine")
    assert caught.value.replayed


def test_a_wallet_that_is_linked_already_is_told_as_such() -> None:
    made = rig(BROKEN, found(wallets=[wallet()]))
    with pytest.raises(
        AlreadyExistsError, match=f"this wallet already, with the id {WALLET_ID}"
    ) as c:
        made.customers.add_wallet(ID, chain_id=1, wallet_address=ADDRESS.upper())
    assert isinstance(c.value.existing, Wallet)
    assert c.value.existing.id == WALLET_ID
    assert not c.value.outcome_unknown
    assert methods(made) == ["POST", "GET"]


def test_an_update_to_an_external_id_that_is_taken_is_told_as_such() -> None:
    made = rig(BROKEN, found(externalId="old"), listed(summary(id=OTHER)))
    with pytest.raises(AlreadyExistsError, match=f"taken by customer {OTHER}") as caught:
        made.customers.update(ID, external_id="user-1")
    assert caught.value.existing.id == OTHER
    assert not caught.value.outcome_unknown
    assert methods(made) == ["PUT", "GET", "GET"]


def test_an_update_looks_in_the_app_of_its_customer() -> None:
    made = rig(BROKEN, found(appId="another"), listed(summary(id=OTHER)))
    with pytest.raises(ServerError) as caught:
        made.customers.update(ID, external_id="user-1")
    assert type(caught.value) is ServerError
    assert "appId=another" in made.sent[2].target


@pytest.mark.parametrize("lost", [[], [reset()]])
def test_an_update_whose_customer_has_the_external_id_failed_for_another_reason(lost: Any) -> None:
    made = rig(*lost, BROKEN, found(), listed(summary()))
    with pytest.raises(ServerError) as caught:
        made.customers.update(ID, external_id="user-1")
    assert type(caught.value) is ServerError
    assert caught.value.outcome_unknown


def test_an_update_without_an_external_id_is_not_looked_up() -> None:
    made = rig(BROKEN)
    with pytest.raises(ServerError):
        made.customers.update(ID, name="Ada")
    assert methods(made) == ["PUT"]


# --- a look-up that tells nothing ----------------------------------------------------------------


@pytest.mark.parametrize("trouble", [answer(403, refusal("X")), OSError("x"), answer(200, b"x")])
def test_a_look_up_that_fails_changes_nothing(trouble: Any) -> None:
    with pytest.raises(ServerError) as caught:
        ada(rig(BROKEN, trouble))
    assert type(caught.value) is ServerError
    assert caught.value.outcome_unknown
    assert "already exists" in str(caught.value)


@pytest.mark.parametrize("external_id", [None, "", " "])
def test_without_an_external_id_there_is_nothing_to_look_up(external_id: str | None) -> None:
    made = rig(reset(), BROKEN)
    with pytest.raises(ServerError):
        made.customers.create(external_id=external_id)
    assert methods(made) == ["POST", "POST"]


def test_the_look_up_has_what_is_left_of_the_deadline() -> None:
    made = rig(BROKEN, listed(summary()), takes=4.0)
    with pytest.raises(AlreadyExistsError):
        ada(made, deadline=9.0)
    assert made.sent[1].timeout == (5.0, 5.0)
    over = rig(BROKEN, listed(summary()), takes=9.0)
    with pytest.raises(ServerError) as caught:
        ada(over, deadline=9.0)
    assert type(caught.value) is ServerError
    assert methods(over) == ["POST"]


def test_other_errors_are_not_looked_up() -> None:
    for trouble in (answer(400, refusal("VALIDATION_ERROR")), answer(503, b""), late()):
        made = rig(trouble)
        with pytest.raises(CustomersError) as caught:
            ada(made, max_retries=0)
        assert not isinstance(caught.value, AlreadyExistsError)
        assert methods(made) == ["POST"]


# --- get_or_create -------------------------------------------------------------------------------


def test_get_or_create_does_not_ask_for_the_same_list_twice_in_a_row() -> None:
    taken = rig(listed(), BROKEN, listed(summary()))
    assert taken.customers.get_or_create("user-1", name="x")[1] is False
    assert methods(taken) == ["GET", "POST", "GET"]
    free = rig(listed(), BROKEN, listed())
    with pytest.raises(ServerError):
        free.customers.get_or_create("user-1", name="x")
    assert methods(free) == ["GET", "POST", "GET"]


@pytest.mark.parametrize(("there", "created"), [(fresh(), True), (summary(), False)])
@pytest.mark.parametrize(
    "lost", [[late()] * 3, [answer(504, b"")] * 3, [reset()] * 3, [answer(201, b"{")]]
)
def test_get_or_create_looks_after_every_lost_response(
    lost: list[Any], there: Any, *, created: bool
) -> None:
    made = rig(listed(), *lost, listed(there))
    customer, was_created = made.customers.get_or_create("user-1")
    assert (customer.id, was_created) == (ID, created)
    assert methods(made)[-1] == "GET"


def test_get_or_create_that_finds_no_one_after_a_lost_response_raises_it() -> None:
    made = rig(listed(), *[late()] * 3, listed())
    with pytest.raises(TransportError) as caught:
        made.customers.get_or_create("user-1")
    assert caught.value.outcome_unknown
