"""The verbs that stand on the six routes, against the fake of the test kit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

import pytest

from customers_sdk import (
    AlreadyExistsError,
    AmbiguousCustomerError,
    ChainId,
    Client,
    Customer,
    CustomersError,
    NotFoundError,
    ServerError,
    ValidationError,
)
from customers_sdk.testing import MockCustomers

if TYPE_CHECKING:
    from customers_sdk import Customers

EMAIL = "ada@example.com"


@pytest.fixture
def client(mock: MockCustomers) -> Client:
    return mock.client()


@pytest.fixture
def customers(client: Client) -> Customers:
    return client.customers


def sent(mock: MockCustomers) -> list[str]:
    return [request.method for request in mock.requests]


def bodies(mock: MockCustomers) -> list[Any]:
    return [json.loads(request.body) for request in mock.requests if request.method != "GET"]


def before(mock: MockCustomers, what: str, action: Callable[[], Any]) -> None:
    """Do something once, right before the next request of a method (and path) is carried out."""
    method, _, path = what.partition(" ")
    waiting = [action]
    application: Any = mock.carrier.application

    def between(environ: Any, start_response: Any) -> Any:
        fits = environ["REQUEST_METHOD"] == method and environ["REQUEST_URI"].startswith(path)
        if fits and waiting:
            waiting.pop()()
        return application(environ, start_response)

    mock.carrier.application = between


# --- find_by_email -------------------------------------------------------------------------------


def test_all_with_the_email_are_found_the_newest_first(
    mock: MockCustomers, customers: Customers
) -> None:
    wanted = [
        mock.add_customer(email=email, created_at=f"2026-11-0{day}T00:00:00Z")
        for day, email in enumerate((EMAIL, "ADA@Example.com"), 1)
    ]
    for other in ("xada@example.com", "ada@example.com.au", "ada_example.com@x.org"):
        mock.add_customer(email=other)
    mock.add_customer(name=EMAIL, external_id=EMAIL)
    mock.add_customer(app_id=mock.add_app(), email=EMAIL)
    assert [found.id for found in customers.find_by_email("Ada@example.COM")] == wanted[::-1]
    assert customers.find_by_email("nobody@example.com") == ()


def test_only_ascii_letters_have_no_case(mock: MockCustomers, customers: Customers) -> None:
    mock.add_customer(email="É@example.com")
    assert len(customers.find_by_email("É@EXAMPLE.com")) == 1
    assert customers.find_by_email("é@example.com") == ()


def test_wildcards_in_an_email_are_its_letters(mock: MockCustomers, customers: Customers) -> None:
    mock.add_customer(email="axb@example.com")
    mock.add_customer(email="a_b@example.com")
    assert [found.email for found in customers.find_by_email("a_b@example.com")] == [
        "a_b@example.com"
    ]


def test_it_is_complete_where_the_search_finds_more_than_a_page(
    mock: MockCustomers, customers: Customers
) -> None:
    first = mock.add_customer(email=EMAIL)
    for number in range(250):
        mock.add_customer(email=f"{number}{EMAIL}")
    last = mock.add_customer(email=EMAIL)
    assert [found.id for found in customers.find_by_email(EMAIL)] == [last, first]
    assert len(sent(mock)) == 3


def test_another_app_is_looked_in_on_request(mock: MockCustomers, customers: Customers) -> None:
    app = mock.add_app()
    there = mock.add_customer(app_id=app, email=EMAIL)
    assert [found.id for found in customers.find_by_email(EMAIL, app_id=app)] == [there]


# --- adoption ------------------------------------------------------------------------------------


def test_the_one_with_the_email_and_no_external_id_is_adopted(
    mock: MockCustomers, customers: Customers
) -> None:
    checkout = mock.add_customer(email=EMAIL, name="Ada")
    mock.add_customer(email=EMAIL, external_id="someone-else")
    adopted, created = customers.get_or_create("user-1", adopt=True, email=EMAIL.upper(), name="B")
    assert (adopted.id, adopted.external_id, created) == (checkout, "user-1", False)
    assert (type(adopted), adopted.name, adopted.email) == (Customer, "Ada", EMAIL)
    assert bodies(mock) == [{"externalId": "user-1"}]
    again, _ = customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert again.id == checkout


def test_no_one_is_adopted_unless_asked(mock: MockCustomers, customers: Customers) -> None:
    checkout = mock.add_customer(email=EMAIL)
    made, created = customers.get_or_create("user-1", email=EMAIL)
    assert created
    assert made.id != checkout


@pytest.mark.parametrize("fields", [{}, {"email": None}, {"email": "other@example.com"}])
def test_where_there_is_no_one_to_adopt_the_customer_is_created(
    fields: dict[str, Any], mock: MockCustomers, customers: Customers
) -> None:
    mock.add_customer(email=EMAIL)
    mock.add_customer()
    made, created = customers.get_or_create("user-1", adopt=True, **fields)
    assert (made.external_id, created) == ("user-1", True)


def test_the_external_id_goes_before_the_email(mock: MockCustomers, customers: Customers) -> None:
    known = mock.add_customer(external_id="user-1")
    mock.add_customer(email=EMAIL)
    found, created = customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert (found.id, created) == (known, False)
    assert sent(mock) == ["GET"]


def test_of_several_none_is_taken(mock: MockCustomers, customers: Customers) -> None:
    several = [
        mock.add_customer(email=EMAIL, created_at=f"2026-11-0{day}T00:00:00Z")
        for day in range(1, 8)
    ]
    for verb in (customers.get_or_create, customers.update_or_create):
        with pytest.raises(AmbiguousCustomerError) as caught:
            verb("user-1", adopt=True, email=EMAIL)
        assert [found.id for found in caught.value.candidates] == several[::-1]
        assert "7 customers have this email" in str(caught.value)
        assert several[-1] in str(caught.value)
        assert several[0] not in str(caught.value)
        assert EMAIL not in str(caught.value)
        assert not caught.value.outcome_unknown
    assert set(sent(mock)) == {"GET"}


def test_only_customers_of_the_app_are_adopted(mock: MockCustomers, customers: Customers) -> None:
    app = mock.add_app()
    mock.add_customer(email=EMAIL)
    there = mock.add_customer(app_id=app, email=EMAIL)
    adopted, _ = customers.get_or_create("user-1", app_id=app, adopt=True, email=EMAIL)
    assert adopted.id == there


def test_who_was_adopted_by_another_process_just_before_is_found(
    mock: MockCustomers, client: Client
) -> None:
    checkout = mock.add_customer(email=EMAIL)
    other = mock.client()
    before(mock, "PUT", lambda: other.customers.get_or_create("user-1", adopt=True, email=EMAIL))
    adopted, created = client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert (adopted.id, created) == (checkout, False)


def test_who_was_adopted_under_another_external_id_just_before_is_left_alone(
    mock: MockCustomers, client: Client
) -> None:
    checkout = mock.add_customer(email=EMAIL)
    other = mock.client()
    before(mock, "PUT", lambda: other.customers.get_or_create("user-2", adopt=True, email=EMAIL))
    made, created = client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert (made.external_id, created) == ("user-1", True)
    assert client.customers.retrieve(checkout).external_id == "user-2"


def test_who_has_another_email_by_now_is_left_alone(mock: MockCustomers, client: Client) -> None:
    checkout = mock.add_customer(email=EMAIL)
    other = mock.client()
    before(
        mock,
        f"GET /customers/{checkout}",
        lambda: other.customers.update(checkout, email="other@example.com"),
    )
    made, created = client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert created
    assert client.customers.retrieve(checkout).external_id is None
    assert made.id != checkout


def test_an_external_id_that_is_taken_just_before_an_adoption_is_its_owners(
    mock: MockCustomers, client: Client
) -> None:
    checkout = mock.add_customer(email=EMAIL)
    taken: list[str] = []
    before(mock, "PUT", lambda: taken.append(mock.add_customer(external_id="user-1")))
    found, created = client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert ([found.id], created) == (taken, False)
    assert client.customers.retrieve(checkout).external_id is None


@pytest.mark.parametrize("times", [1, 5])
def test_an_adoption_whose_response_is_lost_is_found(
    times: int, mock: MockCustomers, client: Client
) -> None:
    checkout = mock.add_customer(email=EMAIL)
    mock.drop_answer_next(times, method="PUT")
    adopted, created = client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert (adopted.id, adopted.external_id, created) == (checkout, "user-1", False)


def test_an_adoption_that_failed_before_can_be_made_later(
    mock: MockCustomers, client: Client
) -> None:
    checkout = mock.add_customer(email=EMAIL)
    mock.fail_next(500, times=1, method="PUT")
    with pytest.raises(ServerError):
        client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    adopted, _ = client.customers.get_or_create("user-1", adopt=True, email=EMAIL)
    assert (adopted.id, adopted.external_id) == (checkout, "user-1")


# --- update_or_create ----------------------------------------------------------------------------


def test_only_what_differs_is_sent(mock: MockCustomers, customers: Customers) -> None:
    mock.add_customer(external_id="user-1", name="Ada", city="London", metadata={"a": 1, "b": 2})
    changed, created = customers.update_or_create(
        "user-1", name="Ada", city="Paris", email=None, metadata={"b": 3, "c": 4}
    )
    assert created is False
    assert (changed.name, changed.city) == ("Ada", "Paris")
    assert changed.metadata == {"a": 1, "b": 3, "c": 4}
    assert bodies(mock) == [{"city": "Paris", "metadata": {"a": 1, "b": 3, "c": 4}}]


def test_where_nothing_differs_nothing_is_sent(mock: MockCustomers, customers: Customers) -> None:
    fields: dict[str, Any] = {"name": "Ada", "metadata": {"a": 1, "big": 2**80, "__proto__": 1}}
    made, created = customers.update_or_create("user-1", **fields)
    assert created
    same, created = customers.update_or_create("user-1", **fields)
    assert (same.id, created) == (made.id, False)
    assert sent(mock) == ["GET", "POST", "GET"]
    customers.update_or_create("user-1")
    assert sent(mock)[3:] == ["GET"]


def test_plain_fields_take_one_write(mock: MockCustomers, customers: Customers) -> None:
    mock.add_customer(external_id="user-1", name="Ada")
    changed, _ = customers.update_or_create("user-1", name="Grace")
    assert changed.name == "Grace"
    assert sent(mock) == ["GET", "PUT"]


def test_who_is_adopted_is_updated(mock: MockCustomers, customers: Customers) -> None:
    checkout = mock.add_customer(email=EMAIL, metadata={"cart": 1})
    changed, created = customers.update_or_create(
        "user-1", adopt=True, email=EMAIL, name="Ada", metadata={"vip": True}
    )
    assert (changed.id, created) == (checkout, False)
    assert (changed.external_id, changed.name) == ("user-1", "Ada")
    assert changed.metadata == {"cart": 1, "vip": True}


def test_who_is_created_just_before_is_updated(mock: MockCustomers, client: Client) -> None:
    before(mock, "POST", lambda: mock.add_customer(external_id="user-1", metadata={"a": 1}))
    changed, created = client.customers.update_or_create("user-1", metadata={"b": 2})
    assert created is False
    assert changed.metadata == {"a": 1, "b": 2}


def test_the_callers_key_is_for_the_creation(mock: MockCustomers, customers: Customers) -> None:
    customers.update_or_create("user-1", name="Ada", idempotency_key="k")
    customers.update_or_create("user-1", name="Grace", idempotency_key="k")
    changed, _ = customers.update_or_create("user-1", name="Ada", idempotency_key="k")
    assert customers.retrieve(changed.id).name == "Ada"


# --- merge_metadata ------------------------------------------------------------------------------


def test_members_are_set_and_removed_and_others_stay(
    mock: MockCustomers, customers: Customers
) -> None:
    one = mock.add_customer(name="Ada", metadata={"a": 1, "b": {"x": 1}, "c": 3})
    changed = customers.merge_metadata(one, {"b": {"y": 2}, "d": 4}, remove=["c", "never there"])
    assert type(changed) is Customer
    assert changed.metadata == {"a": 1, "b": {"y": 2}, "d": 4}
    assert changed.name == "Ada"


def test_nothing_is_written_if_nothing_changes(mock: MockCustomers, customers: Customers) -> None:
    one = mock.add_customer(metadata={"a": 1})
    same = customers.merge_metadata(one, {"a": 1.0}, remove=["b"])
    assert type(same) is Customer
    assert same.metadata == {"a": 1}
    assert sent(mock) == ["GET"]


def test_what_another_process_writes_in_between_is_not_lost(
    mock: MockCustomers, client: Client
) -> None:
    one = mock.add_customer(metadata={"a": 1})
    other = mock.client()
    before(mock, "PUT", lambda: other.customers.merge_metadata(one, {"theirs": 1}))
    changed = client.customers.merge_metadata(one, {"ours": 1})
    assert changed.metadata == {"a": 1, "theirs": 1, "ours": 1}


def test_the_same_value_can_be_set_back_and_forth(
    mock: MockCustomers, customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In a test with a frozen clock all states of a customer have the same time of update.
    monkeypatch.setattr(mock.store, "now", lambda: 1_800_000_000_000)
    one = mock.add_customer()
    for value in (1, 2, 1, 2, 1):
        customers.merge_metadata(one, {"a": value})
        assert customers.retrieve(one).metadata == {"a": value}


def test_a_merge_that_failed_before_can_be_made_later(
    mock: MockCustomers, customers: Customers
) -> None:
    one = mock.add_customer()
    mock.fail_next(500, times=1, method="PUT")
    with pytest.raises(ServerError):
        customers.merge_metadata(one, {"a": 1})
    assert customers.merge_metadata(one, {"a": 1}).metadata == {"a": 1}


def test_a_write_that_was_refused_often_does_not_try_each_key_again(
    mock: MockCustomers, customers: Customers
) -> None:
    mock.add_customer(external_id="user-1")
    for _ in range(12):
        mock.log.clear()
        with pytest.raises(ValidationError) as caught:
            customers.update_or_create("user-1", email="not an email", metadata={"a": 1})
        assert not caught.value.replayed
    assert len(sent(mock)) < 20


def test_who_does_not_exist_is_not_found(customers: Customers) -> None:
    with pytest.raises(NotFoundError):
        customers.merge_metadata("6f4af5ec-ae44-44d4-8633-fda1847bbc9f", {"a": 1})


def test_a_name_is_set_or_removed(customers: Customers) -> None:
    with pytest.raises(ValueError, match="remove has a name that members has too"):
        customers.merge_metadata("x", {"a": 1}, remove=["a"])


def test_an_error_after_a_lost_try_leaves_the_outcome_open(
    mock: MockCustomers, client: Client
) -> None:
    one = mock.add_customer()
    other = mock.client()

    def trouble() -> None:
        other.customers.merge_metadata(one, {"theirs": 1})
        mock.fail_next(504, times=1, method="PUT")
        mock.fail_next(503, times=10, method="GET")

    before(mock, "PUT", trouble)
    with pytest.raises(CustomersError) as caught:
        client.customers.merge_metadata(one, {"ours": 1})
    assert caught.value.outcome_unknown


# --- chains --------------------------------------------------------------------------------------


def test_a_chain_may_be_named(mock: MockCustomers, customers: Customers) -> None:
    one = mock.add_customer()
    linked = customers.add_wallet(one, chain_id=ChainId.BASE, wallet_address="0x" + "1" * 40)
    assert linked.chain_id == 8453 == ChainId.BASE
    assert bodies(mock) == [{"chainId": 8453, "walletAddress": "0x" + "1" * 40}]
    with pytest.raises(AlreadyExistsError):
        customers.add_wallet(one, chain_id=8453, wallet_address="0x" + "1" * 40)


def test_the_known_chains_have_the_services_numbers() -> None:
    assert (ChainId.SOLANA, ChainId.SOLANA_TESTNET, ChainId.SOLANA_DEVNET) == (103, 101, 102)
    assert (ChainId.SUI, ChainId.SUI_TESTNET, ChainId.SUI_DEVNET) == (203, 202, 201)
    assert {chain.value for chain in ChainId} >= {1, 10, 137, 8453, 42161, 80002, 11155111}
    assert ChainId["BASE"] is ChainId(8453)
