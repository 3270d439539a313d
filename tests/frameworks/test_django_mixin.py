"""`CustomerMixin`: one customer a row, whoever asks and how often."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, models, transaction
from django.test.utils import isolate_apps

from customers_sdk import NotFoundError, ServerError
from customers_sdk.django import get_fake
from customers_sdk.django.mixins import CustomerMixin


@pytest.fixture
def account(shop: Any, customers: Any) -> Any:
    customers(FAKE=True, MAX_RETRIES=0)
    return shop.objects.create(name="ada", email="ada@example.com")


def test_the_first_call_creates_and_the_next_ones_find(account: Any) -> None:
    customer, created = account.get_or_create_customer()
    assert created
    assert customer.external_id == account.customer_external_id == f"shop.Account:{account.pk}"
    assert (customer.email, customer.name) == ("ada@example.com", "ada")
    account.refresh_from_db()
    assert account.customer_id == customer.id
    again, created = account.get_or_create_customer()
    assert (again.id, created) == (customer.id, False)


def test_what_the_call_gives_comes_before_what_the_model_gives(account: Any) -> None:
    customer, _ = account.get_or_create_customer(email="new@example.com", city="London")
    assert (customer.email, customer.name, customer.city) == ("new@example.com", "ada", "London")


def test_a_link_that_was_lost_is_found_again(account: Any) -> None:
    with transaction.atomic():
        first, _ = account.get_or_create_customer()
        transaction.set_rollback(True)
    fresh = type(account).objects.get(pk=account.pk)
    assert fresh.customer_id is None
    again, created = fresh.get_or_create_customer()
    assert (again.id, created) == (first.id, False)


def test_threads_that_ask_at_once_make_one_customer(account: Any) -> None:
    gate = threading.Barrier(8)

    def ask(_: int) -> tuple[str, bool]:
        try:
            mine = type(account).objects.get(pk=account.pk)
            gate.wait(10)
            customer, created = mine.get_or_create_customer()
            assert mine.customer_id == customer.id
            return customer.id, created
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert len({customer_id for customer_id, _ in answers}) == 1
    assert [created for _, created in answers].count(True) == 1
    assert len(get_fake().customers) == 1


def test_who_comes_second_takes_the_link_that_is_stored(account: Any) -> None:
    other = get_fake().add_customer(external_id="imported")
    type(account).objects.filter(pk=account.pk).update(customer_id=other)
    assert account.customer_id is None
    customer, created = account.get_or_create_customer()
    assert (customer.id, created) == (other, False)
    assert account.customer_id == other


def test_an_error_leaves_no_link(account: Any) -> None:
    get_fake().fail_next(500, method="POST")
    with pytest.raises(ServerError):
        account.get_or_create_customer()
    account.refresh_from_db()
    assert account.customer_id is None
    assert account.get_or_create_customer()[1]


def test_a_link_to_nobody_is_an_error_and_no_second_customer(account: Any) -> None:
    account.customer_id = "11111111-1111-4111-8111-111111111111"
    with pytest.raises(NotFoundError):
        account.get_or_create_customer()
    assert get_fake().customers == ()


def test_a_row_that_is_not_saved_has_no_customer(shop: Any, customers: Any) -> None:
    customers(FAKE=True)
    for unsaved in (shop(name="bob"), shop(pk=7, name="bob")):
        with pytest.raises(ValueError, match="save this Account first"):
            unsaved.get_or_create_customer()
    assert get_fake().requests == ()


@isolate_apps("shop")
def test_proxies_and_heirs_of_a_table_share_its_external_id(account: Any) -> None:
    class Regular(type(account)):  # type: ignore[misc]
        class Meta:
            app_label = "shop"
            proxy = True

    class Company(type(account)):  # type: ignore[misc]
        class Meta:
            app_label = "shop"

    company = Company(id=7, account_ptr_id=7, name="c")
    company._state.adding = False
    assert Regular.objects.get(pk=account.pk).customer_external_id == account.customer_external_id
    assert company.customer_external_id == "shop.Account:7"


@isolate_apps("shop")
def test_a_key_of_ones_own_is_part_of_the_external_id() -> None:
    class Sign(CustomerMixin):
        code = models.CharField(primary_key=True, max_length=5)

        class Meta:
            app_label = "shop"

    sign = Sign(code="a/b")
    sign._state.adding = False
    assert sign.customer_external_id == "shop.Sign:a/b"
    assert sign.customer_fields() == {}


def test_the_field_holds_one_customer_once(account: Any) -> None:
    field = type(account)._meta.get_field("customer_id")
    assert (field.unique, field.null, field.editable) == (True, True, False)


def test_a_linked_row_takes_one_request_and_another_two(account: Any) -> None:
    account.get_or_create_customer(deadline=20, city="London")
    account.get_or_create_customer()
    requests = [(request.method, request.path) for request in get_fake().requests]
    one = f"/customers/{account.customer_id}"
    assert requests == [("GET", "/customers"), ("POST", "/customers"), ("GET", one)]


def test_an_adopted_customer_is_linked(account: Any) -> None:
    known = get_fake().add_customer(email="ada@example.com")
    customer, created = account.get_or_create_customer(adopt=True)
    assert (customer.id, created, account.customer_id) == (known, False, known)
