"""What the verbs say of their own writes, and of other processes', when something fails."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

pytest.importorskip("waitress")

from customers_sdk import (
    CustomersError,
    IdempotencyError,
    RateLimitError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    TransportError,
)
from customers_sdk.sandbox import Sandbox
from customers_sdk.testing import MockCustomers, mock_customers
from tests.client.test_verbs import EMAIL, before
from tests.doubles import (
    BUSY,
    ID,
    KEY,
    REPLAYED,
    Rig,
    answer,
    customer,
    detail,
    envelope,
    fresh,
    listed,
    page,
    refusal,
    reset,
    rig,
)

OTHER_APP = "00000000-0000-4000-8000-00000000bbbb"
LATER = "2026-11-23T00:00:00.000Z"


def read(**changes: Any) -> Any:
    return answer(200, envelope(detail(**changes)))


def stored(**changes: Any) -> Any:
    return answer(200, envelope(customer(**changes)), REPLAYED)


def down() -> Any:
    return answer(403, refusal("X"))


def methods(made: Rig) -> list[str]:
    return [sent.method for sent in made.sent]


# --- keys that the client derives ----------------------------------------------------------------


def test_clients_of_two_apps_lose_no_member_of_each_other() -> None:
    with mock_customers() as mock:
        mock.add_app(id=OTHER_APP)
        one = mock.add_customer(metadata={})
        mine, theirs = mock.client(), mock.client(app_id=OTHER_APP)
        before(mock, "PUT", lambda: theirs.customers.merge_metadata(one, {"theirs": 1}))
        changed = mine.customers.merge_metadata(one, {"mine": 1})
        assert changed.metadata == {"mine": 1, "theirs": 1}


def test_clients_of_two_apps_adopt_a_customer_once() -> None:
    with mock_customers() as mock:
        mock.add_app(id=OTHER_APP)
        checkout = mock.add_customer(email=EMAIL)
        mine, theirs = mock.client(), mock.client(app_id=OTHER_APP)
        options: dict[str, Any] = {"app_id": mock.app_id, "adopt": True, "email": EMAIL}
        before(mock, "PUT", lambda: theirs.customers.get_or_create("bob", **options))
        made, created = mine.customers.get_or_create("ada", **options)
        assert (made.external_id, created) == ("ada", True)
        assert mine.customers.retrieve(checkout).external_id == "bob"


def test_another_process_that_is_writing_is_no_doubt_of_this_call() -> None:
    made = rig(read(), answer(409, BUSY))
    with pytest.raises(RequestTimeoutError, match="another write to the same record") as caught:
        made.customers.merge_metadata(ID, {"a": 1})
    assert not caught.value.outcome_unknown
    assert caught.value.idempotency_key is None
    assert "idempotency key" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_an_own_lost_try_stays_in_doubt_while_another_process_writes() -> None:
    made = rig(read(), reset(), answer(409, BUSY))
    with pytest.raises(RequestTimeoutError) as caught:
        made.customers.merge_metadata(ID, {"a": 1})
    assert caught.value.outcome_unknown


def test_a_key_that_a_caller_shares_is_in_doubt_as_before() -> None:
    made = rig(answer(409, BUSY))
    with pytest.raises(RequestTimeoutError, match="under the same idempotency key") as caught:
        made.customers.update(ID, name="Ada", idempotency_key="mine")
    assert caught.value.outcome_unknown
    assert caught.value.idempotency_key == "mine"


@pytest.mark.parametrize(
    ("tries", "doubt"),
    [
        ([], False),
        ([answer(429, refusal("RATE_LIMIT_EXCEEDED"))], False),
        ([answer(409, BUSY)], False),
        ([reset()], True),
        ([answer(502, b"")], True),
    ],
)
def test_a_merge_is_in_doubt_only_after_a_try_of_its_own(tries: list[Any], *, doubt: bool) -> None:
    made = rig(read(), *tries, stored(), down())
    with pytest.raises(CustomersError) as caught:
        made.customers.merge_metadata(ID, {"a": 1})
    assert methods(made)[-1] == "GET"
    assert caught.value.outcome_unknown is doubt


# --- a session that sends again by itself --------------------------------------------------------


def fail_reads_after_the_first_write(sandbox: Sandbox, customers: Any) -> None:
    update = customers._update

    def then_down(*args: Any, **options: Any) -> Any:
        sandbox.fail_next(503, 50, method="GET")
        return update(*args, **options)

    customers._update = then_down


@pytest.mark.parametrize("verb", ["merge_metadata", "get_or_create"])
def test_a_write_that_the_session_sent_twice_is_in_doubt(verb: str) -> None:
    with requests.Session() as session, Sandbox() as sandbox:
        session.mount("http://", HTTPAdapter(max_retries=Retry(total=2)))
        customers = sandbox.client(session=session, max_retries=0).customers
        one = sandbox.add_customer(email=EMAIL)
        sandbox.drop_answer_next(method="PUT")
        fail_reads_after_the_first_write(sandbox, customers)
        calls = {
            "merge_metadata": lambda: customers.merge_metadata(one, {"a": 1}),
            "get_or_create": lambda: customers.get_or_create("user-1", adopt=True, email=EMAIL),
        }
        with pytest.raises(ServerError) as caught:
            calls[verb]()
        assert caught.value.outcome_unknown


# --- a stored response under the caller's key ----------------------------------------------------


@pytest.mark.parametrize(
    "broken", [answer(201, b"{", REPLAYED), stored(name="Bob"), stored(createdAt="never")]
)
@pytest.mark.parametrize(("tries", "doubt"), [([], False), ([reset()], True)])
def test_a_stored_response_that_is_wrong_leaves_an_own_lost_try_in_doubt(
    tries: list[Any], broken: Any, *, doubt: bool
) -> None:
    made = rig(*tries, broken)
    with pytest.raises((ResponseFormatError, IdempotencyError)) as caught:
        made.customers.create(external_id="user-1", name="Ada", idempotency_key="mine")
    assert caught.value.outcome_unknown is doubt
    assert ("may have been carried out" in str(caught.value)) is doubt


def test_a_creation_that_another_call_made_under_the_key_is_not_told_as_ours() -> None:
    now = fresh(name="Ada", city="Paris", updatedAt=LATER)
    made = rig(listed(), stored(name="Ada"), listed(now))
    found, created = made.customers.get_or_create("user-1", name="Ada", idempotency_key="k")
    assert (found.city, created) == ("Paris", False)
    assert methods(made) == ["GET", "POST", "GET"]


def test_a_creation_under_the_key_is_ours_after_a_lost_try() -> None:
    made = rig(listed(), reset(), stored(name="Ada"), listed(fresh(name="Ada")))
    found, created = made.customers.get_or_create("user-1", name="Ada", idempotency_key="k")
    assert (found.name, created) == ("Ada", True)


@pytest.mark.parametrize("verb", ["get_or_create", "update_or_create"])
def test_a_creation_under_the_key_whose_customer_moved_on_is_an_error(verb: str) -> None:
    made = rig(listed(), stored(name="Ada"), listed())
    with pytest.raises(IdempotencyError) as caught:
        getattr(made.customers, verb)("user-1", name="Ada", idempotency_key="k")
    assert not caught.value.outcome_unknown
    assert caught.value.idempotency_key == "k"


# --- verbs of several writes ---------------------------------------------------------------------


def refuse_the_update(mock: MockCustomers, customers: Any) -> None:
    bring = customers._bring_up_to_date

    def refused(*args: Any) -> Any:
        mock.fail_next(429, method="PUT")
        return bring(*args)

    customers._bring_up_to_date = refused


@pytest.mark.parametrize("fields", [{"name": "Ada"}, {"metadata": {"a": 1}}])
def test_an_adoption_stays_in_doubt_when_the_update_after_it_fails(
    mock: MockCustomers, fields: dict[str, Any]
) -> None:
    customers = mock.client(max_retries=0).customers
    mock.add_customer(email=EMAIL)
    refuse_the_update(mock, customers)
    with pytest.raises(RateLimitError) as caught:
        customers.update_or_create("user-1", adopt=True, email=EMAIL, **fields)
    assert caught.value.outcome_unknown


def test_a_lost_creation_stays_in_doubt_when_the_update_after_it_fails() -> None:
    changed = fresh(name="Grace", updatedAt=LATER)
    made = rig(listed(), reset(), listed(changed), answer(429, refusal("RATE_LIMIT_EXCEEDED")))
    with pytest.raises(RateLimitError) as caught:
        made.customers.update_or_create("user-1", name="Ada", max_retries=0)
    assert caught.value.outcome_unknown


def test_an_update_alone_that_is_refused_is_not_in_doubt(mock: MockCustomers) -> None:
    customers = mock.client(max_retries=0).customers
    mock.add_customer(external_id="user-1")
    refuse_the_update(mock, customers)
    with pytest.raises(RateLimitError) as caught:
        customers.update_or_create("user-1", name="Ada")
    assert not caught.value.outcome_unknown


def test_who_another_process_adopted_is_not_in_doubt(mock: MockCustomers) -> None:
    customers = mock.client(max_retries=0).customers
    mock.add_customer(email=EMAIL)
    before(mock, "PUT", lambda: mock.add_customer(external_id="user-1"))
    refuse_the_update(mock, customers)
    with pytest.raises(RateLimitError) as caught:
        customers.update_or_create("user-1", adopt=True, email=EMAIL)
    assert not caught.value.outcome_unknown


# --- the shared deadline -------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["get_or_create", "update_or_create", "find_by_external_id"])
def test_nothing_is_sent_after_the_shared_deadline(verb: str) -> None:
    made = rig(
        answer(200, page(*[fresh(externalId=f"user-1{n}") for n in range(100)], total=101)),
        down(),
        takes=3.0,
    )
    with pytest.raises(RequestTimeoutError, match="the deadline of 2 s has passed") as caught:
        getattr(made.customers, verb)("user-1", deadline=2.0)
    assert methods(made) == ["GET"]
    assert not caught.value.outcome_unknown


def test_a_merge_writes_nothing_after_its_deadline() -> None:
    made = rig(read(), down(), takes=3.0)
    with pytest.raises(RequestTimeoutError) as caught:
        made.customers.merge_metadata(ID, {"a": 1}, deadline=2.0)
    assert methods(made) == ["GET"]
    assert not caught.value.outcome_unknown


def test_a_lost_write_keeps_its_error_where_no_time_is_left_to_look() -> None:
    made = rig(listed(), reset(), takes=3.0)
    with pytest.raises(TransportError) as caught:
        made.customers.get_or_create("user-1", deadline=5.0, max_retries=0)
    assert methods(made) == ["GET", "POST"]
    assert type(caught.value) is TransportError
    assert caught.value.outcome_unknown


# --- stored metadata that cannot be sent back ----------------------------------------------------


NESTED = b'{"private":' * 1500 + b"{}" + b"}" * 1500


def nested(response: Any) -> Any:
    """The same response, with a text in it that is nested deeply instead."""
    response._content = response.content.replace(b'"nested"', NESTED)
    return response


WHOLES = [
    ({"a": "nested"}, {"b": 1}),
    ({"private": "a" * 800_000}, {"b": "b" * 300_000}),
    ({"$type": "Decimal", "private": "1"}, {"b": 1}),
]


@pytest.mark.parametrize(("kept", "members"), WHOLES)
@pytest.mark.parametrize("verb", ["merge_metadata", "update_or_create"])
def test_stored_metadata_that_cannot_be_sent_back_is_told(
    verb: str, kept: dict[str, Any], members: dict[str, Any]
) -> None:
    found = nested(listed(fresh(metadata=kept)))
    made = rig(*[found] * (verb == "update_or_create"), nested(read(metadata=kept)))
    calls = {
        "merge_metadata": lambda: made.customers.merge_metadata(ID, members),
        "update_or_create": lambda: made.customers.update_or_create("user-1", metadata=members),
    }
    with pytest.raises(CustomersError, match="metadata stored for this customer") as caught:
        calls[verb]()
    assert not isinstance(caught.value, ValueError)
    assert not caught.value.outcome_unknown
    assert "private" not in str(caught.value)
    assert set(methods(made)) == {"GET"}


def test_such_metadata_after_an_own_lost_try_keeps_the_doubt() -> None:
    made = rig(read(), reset(), stored(), nested(read(metadata={"z": "nested"})))
    with pytest.raises(CustomersError, match="metadata stored for this customer") as caught:
        made.customers.merge_metadata(ID, {"a": 1})
    assert caught.value.outcome_unknown


def test_members_that_are_too_large_are_refused_before_any_request() -> None:
    made = rig(read())
    with pytest.raises(ValueError, match="members is too large"):
        made.customers.merge_metadata(ID, {"a": "a" * 2_000_000})
    assert made.sent == []
