"""The look-ups, and what the methods hand back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from customers_sdk import (
    UNSET,
    Customer,
    CustomerDetail,
    CustomersError,
    CustomerSummary,
    NotFoundError,
    Page,
    ServerError,
    TransportError,
    Unset,
    ValidationError,
    Wallet,
)
from customers_sdk._checks import utf16_length
from customers_sdk._recovery.lookups import _search_for
from tests.doubles import (
    APP,
    ID,
    LIMITS,
    WALLET_ID,
    Rig,
    Sent,
    answer,
    customer,
    detail,
    envelope,
    fresh,
    listed,
    page,
    refusal,
    rig,
    summary,
    wallet,
)

BROKEN = answer(500, refusal("INTERNAL_ERROR", "Internal server error"))


def query(sent: Sent) -> dict[str, str]:
    return {
        k: v[0] for k, v in parse_qs(urlsplit(sent.target).query, keep_blank_values=True).items()
    }


def test_each_method_answers_with_its_own_class() -> None:
    assert type(rig(answer(201, envelope(customer()))).customers.create()) is Customer
    assert type(rig(answer(200, envelope(customer()))).customers.update(ID)) is Customer
    found = rig(answer(200, envelope(detail()))).customers.retrieve(ID)
    assert type(found) is CustomerDetail
    assert found.wallets[0].chain is not None
    linked = rig(answer(201, envelope(wallet()))).customers
    added = linked.add_wallet(ID, chain_id=1, wallet_address="0x1")
    assert type(added) is Wallet
    assert added.chain is not None
    assert added.chain.name == "ethereum"
    removed: Any = rig(answer(204)).customers
    assert removed.remove_wallet(ID, WALLET_ID) is None
    rows = rig(listed(summary())).customers.list_page()
    assert type(rows) is Page
    assert type(rows.items[0]) is CustomerSummary


@pytest.mark.parametrize(
    ("call", "method", "target"),
    [
        (lambda c: c.create(), "POST", "/customers"),
        (lambda c: c.retrieve(ID), "GET", f"/customers/{ID}"),
        (lambda c: c.update(ID), "PUT", f"/customers/{ID}"),
        (lambda c: c.list_page(app_id=None), "GET", "/customers?page=1&pageSize=20"),
        (
            lambda c: c.add_wallet(ID, chain_id=1, wallet_address="x"),
            "POST",
            f"/customers/{ID}/wallets",
        ),
        (
            lambda c: c.remove_wallet(ID, WALLET_ID),
            "DELETE",
            f"/customers/{ID}/wallets/{WALLET_ID}",
        ),
    ],
)
def test_each_method_has_its_route(call: Any, method: str, target: str) -> None:
    made = rig(answer(418))
    with pytest.raises(CustomersError):
        call(made.customers)
    (sent,) = made.sent
    assert (sent.method, sent.target) == (method, target)


def test_create_is_for_the_clients_app_unless_another_is_given() -> None:
    made = rig(answer(201, envelope(customer())))
    made.customers.create()
    made.customers.create(app_id="another")
    assert [sent.body["appId"] for sent in made.sent] == [APP, "another"]


def test_null_is_refused_by_the_service_and_the_refusal_reaches_the_caller() -> None:
    details = [{"path": ["name"], "message": "Expected string, received null"}]
    body = refusal("VALIDATION_ERROR", "name: Expected string, received null", details=details)
    with pytest.raises(ValidationError) as caught:
        rig(answer(400, body)).customers.update(ID, name=None)
    assert str(caught.value.issues[0]) == "name: Expected string, received null"


def test_unset_is_false_and_shows_its_name() -> None:
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    assert isinstance(UNSET, Unset)


# --- list ----------------------------------------------------------------------------------------


def rows(first: int, last: int) -> list[dict[str, Any]]:
    """Customers, the newest first, one a second."""
    return [
        summary(id=f"c-{n}", createdAt=f"2026-11-22T20:{59 - n // 60:02}:{59 - n % 60:02}.000Z")
        for n in range(first, last)
    ]


def paged(total: int, size: int) -> Rig:
    pages = [
        answer(
            200,
            page(
                *rows(start, min(start + size, total)),
                number=start // size + 1,
                size=size,
                total=total,
            ),
        )
        for start in range(0, total, size)
    ]
    return rig(*pages)


def test_a_walk_is_lazy_page_by_page_and_in_order() -> None:
    made = paged(7, 3)
    walk = made.customers.list(page_size=3)
    assert isinstance(walk, Iterator)
    assert len(made.sent) == 0
    assert next(walk).id == "c-0"
    assert len(made.sent) == 1
    assert [next(walk).id, next(walk).id] == ["c-1", "c-2"]
    assert len(made.sent) == 1
    assert next(walk).id == "c-3"
    assert len(made.sent) == 2
    assert [row.id for row in walk] == ["c-4", "c-5", "c-6"]
    assert [query(sent)["page"] for sent in made.sent] == ["1", "2", "3"]
    assert {query(sent)["pageSize"] for sent in made.sent} == {"3"}


def test_the_arguments_of_a_walk_are_checked_when_it_is_made() -> None:
    made = paged(1, 1)
    with pytest.raises(ValueError, match="page_size"):
        made.customers.list(page_size=0)
    with pytest.raises(TypeError, match="search"):
        made.customers.list(search=5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="deadline"):
        made.customers.list(deadline=-1)
    assert made.sent == []


def test_a_walk_of_nothing_makes_one_request() -> None:
    made = rig(listed())
    assert list(made.customers.list()) == []
    assert len(made.sent) == 1


def test_a_walk_that_is_given_up_asks_no_more() -> None:
    made = paged(9, 3)
    walk = made.customers.list(page_size=3)
    next(walk)
    walk.close()  # type: ignore[attr-defined]
    assert list(walk) == []
    assert len(made.sent) == 1


def test_an_error_of_a_walk_comes_at_its_page() -> None:
    first = answer(200, page(*rows(0, 2), size=2, total=4))
    walk = rig(first, answer(403, refusal("AUTHORIZATION_ERROR"))).customers.list(page_size=2)
    assert [next(walk).id, next(walk).id] == ["c-0", "c-1"]
    with pytest.raises(CustomersError):
        next(walk)


@pytest.mark.parametrize(
    ("arguments", "scope"),
    [
        ({}, {"appId": APP}),
        ({"app_id": UNSET}, {"appId": APP}),
        ({"app_id": None}, {}),
        ({"app_id": "another"}, {"appId": "another"}),
        ({"search": "x%", "app_id": None}, {"search": "x%"}),
    ],
)
def test_unset_means_the_clients_app_and_none_every_app(
    arguments: dict[str, Any], scope: dict[str, str]
) -> None:
    made = rig(listed())
    list(made.customers.list(**arguments))
    made.customers.list_page(**arguments)
    walked, one = map(query, made.sent)
    assert walked == {**scope, "page": "1", "pageSize": "100"}
    assert one == {**scope, "page": "1", "pageSize": "20"}


# --- find_by_external_id -----------------------------------------------------------------------------  # noqa: E501


def test_only_the_exact_external_id_is_found() -> None:
    others = [
        summary(id="1", externalId="user-10"),
        summary(id="2", externalId="USER-1"),
        summary(id="3", externalId=None, email="user-1"),
        summary(id="4", externalId=" user-1"),
        summary(id="5", externalId="user-1", appId="another"),
        summary(id="6", name="user-1", externalId=""),
    ]
    assert rig(listed(*others)).customers.find_by_external_id("user-1") is None
    found = rig(listed(*others, summary(id="7"))).customers.find_by_external_id("user-1")
    assert found is not None
    assert found.id == "7"


def test_a_look_up_is_in_the_clients_app_unless_another_is_given() -> None:
    made = rig(listed(summary(appId="another")))
    assert made.customers.find_by_external_id("user-1") is None
    assert made.customers.find_by_external_id("user-1", app_id="another") is not None
    assert [query(sent)["appId"] for sent in made.sent] == [APP, "another"]


def test_a_look_up_goes_on_until_it_finds() -> None:
    first = answer(200, page(*rows(0, 100), total=101))
    last = summary(id="it", externalId="wanted", createdAt="2026-11-22T19:00:00.000Z")
    made = rig(first, answer(200, page(last, number=2, total=101)))
    found = made.customers.find_by_external_id("wanted")
    assert found is not None
    assert found.id == "it"


@pytest.mark.parametrize(
    ("external_id", "search"),
    [
        ("user-1", "user-1"),
        ("100%", "100\\%"),
        ("a_b", "a\\_b"),
        ("a\\b", "a\\\\b"),
        (" padded ", " padded "),
        ("é😀", "é😀"),
        ("x" * 255, "x" * 255),
        ("%" * 255, "\\%" * 127),
        ("x" * 254 + "_", "x" * 254),
        ("x" * 253 + "_", "x" * 253 + "\\_"),
        ("😀" * 127 + "x", "😀" * 127 + "x"),
        ("_" + "😀" * 127, "\\_" + "😀" * 126),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_the_search_is_escaped_and_cut_to_fit(external_id: str, search: str) -> None:
    made = rig(listed(summary(externalId=external_id.replace("\ud800", "\ufffd"))))
    assert made.customers.find_by_external_id(external_id) is not None
    assert query(made.sent[0])["search"] == search


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab%_\\é😀", max_size=300))
def test_a_search_is_the_longest_prefix_that_fits(external_id: str) -> None:
    search = _search_for(external_id)
    assert utf16_length(search) <= 255
    plain, rest = "", iter(search)
    for character in rest:
        # The end of an escape is always there.
        plain += next(rest) if character == "\\" else character
    assert external_id.startswith(plain)
    if plain != external_id:
        following = external_id[len(plain)]
        piece = utf16_length(following) + (following in "%_\\")
        assert utf16_length(search) + piece > 255


# --- get_or_create ---------------------------------------------------------------------------------------  # noqa: E501


def test_who_exists_is_got_and_left_alone() -> None:
    made = rig(listed(summary()))
    found, created = made.customers.get_or_create("user-1", name="ignored")
    assert (found.id, created) == (ID, False)
    assert found.name == "Ada Lovelace"
    assert [sent.method for sent in made.sent] == ["GET"]


def test_who_does_not_is_created_with_the_fields() -> None:
    made = rig(listed(), answer(201, envelope(customer())))
    fields = {"name": "Ada", "metadata": {"a": 1}, "idempotency_key": "k"}
    found, created = made.customers.get_or_create("user-1", app_id="another", **fields)
    assert (type(found), created) == (Customer, True)
    assert [sent.method for sent in made.sent] == ["GET", "POST"]
    assert made.sent[1].body == {
        "appId": "another",
        "externalId": "user-1",
        "name": "Ada",
        "metadata": {"a": 1},
    }
    assert query(made.sent[0])["appId"] == "another"


def test_who_is_created_by_somebody_else_meanwhile_is_got() -> None:
    made = rig(listed(), BROKEN, listed(summary()))
    found, created = made.customers.get_or_create("user-1", name="x")
    assert (found.id, created) == (ID, False)
    assert [sent.method for sent in made.sent] == ["GET", "POST", "GET"]


def test_a_500_for_another_reason_is_raised() -> None:
    made = rig(listed(), BROKEN, listed())
    with pytest.raises(ServerError):
        made.customers.get_or_create("user-1")


def test_who_was_created_by_a_lost_try_of_our_own_counts_as_created() -> None:
    lost = answer(504, b"")
    made = rig(listed(), lost, BROKEN, listed(fresh()))
    found, created = made.customers.get_or_create("user-1")
    assert (found.id, created) == (ID, True)
    assert [sent.method for sent in made.sent] == ["GET", "POST", "POST", "GET"]


def test_a_look_up_that_fails_after_the_creation_does_not_hide_its_error() -> None:
    made = rig(listed(), BROKEN, answer(401, refusal("AUTHENTICATION_ERROR")))
    with pytest.raises(ServerError) as caught:
        made.customers.get_or_create("user-1")
    assert caught.value.outcome_unknown
    assert caught.value.idempotency_key


def test_a_documented_conflict_is_looked_up_too() -> None:
    made = rig(listed(), answer(409, refusal("CONFLICT")), listed(summary()))
    found, created = made.customers.get_or_create("user-1")
    assert (found.id, created) == (ID, False)


@pytest.mark.parametrize(("found", "created"), [(fresh(), True), (summary(), False)])
def test_after_a_lost_answer_it_looks(found: Any, created: bool) -> None:  # noqa: FBT001
    made = rig(listed(), *[requests.ReadTimeout()] * 3, listed(found))
    customer, was_created = made.customers.get_or_create("user-1")
    assert (customer.id, was_created) == (ID, created)


def test_the_deadline_is_for_the_look_up_as_a_whole() -> None:
    instants = [f"2026-05-01T00:{59 - at // 60:02}:{59 - at % 60:02}.000Z" for at in range(150)]
    rows = [
        summary(id=f"c-{at}", externalId=f"xuser-1{at}", createdAt=instant)
        for at, instant in enumerate(instants)
    ]
    made = rig(
        answer(200, page(*rows[:100], total=150)),
        answer(200, page(*rows[100:], number=2, total=150)),
        takes=4.0,
        limits=LIMITS._replace(timeout=(5.0, 8.0), deadline=9.0),
    )
    assert made.customers.find_by_external_id("user-1") is None
    assert [sent.timeout for sent in made.sent] == [(5.0, 8.0), (5.0, 5.0)]


@pytest.mark.parametrize(
    "error", [answer(400, refusal("VALIDATION_ERROR")), answer(404, refusal("NOT_FOUND"))]
)
def test_a_refusal_is_raised_without_another_look(error: Any) -> None:
    made = rig(listed(), error)
    with pytest.raises((ValidationError, NotFoundError)):
        made.customers.get_or_create("user-1")
    assert len(made.sent) == 2


def test_a_look_up_that_fails_creates_nobody() -> None:
    made = rig(answer(403, refusal("AUTHORIZATION_ERROR")))
    with pytest.raises(CustomersError):
        made.customers.get_or_create("user-1")
    assert [sent.method for sent in made.sent] == ["GET"]


def test_limits_hold_for_each_request_of_a_look_up() -> None:
    made = rig(listed(), answer(201, envelope(customer())))
    made.customers.get_or_create("user-1", timeout=3)
    assert [sent.timeout for sent in made.sent] == [(3.0, 3.0)] * 2
    once = rig(OSError("x"))
    with pytest.raises(TransportError):
        once.customers.find_by_external_id("user-1", max_retries=0)
    assert len(once.sent) == 1
