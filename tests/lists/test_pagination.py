"""Pages, and walks over a list that stands still."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import attrs
import pytest

from customers_sdk import (
    CustomersError,
    CustomerSummary,
    IncompleteListWarning,
    Page,
    ResponseFormatError,
)
from customers_sdk._lists.walk import walk
from customers_sdk.pagination import page_from
from tests.doubles import page, summary


def one() -> Page[str]:
    return Page(("a", "b"), 2, 20, 22, 2)


def test_a_page_is_a_sized_iterable_of_its_items() -> None:
    assert list(one()) == ["a", "b"]
    assert len(one()) == 2
    assert "a" in one()
    assert one().items == ("a", "b")
    assert (one().page, one().page_size, one().total, one().total_pages) == (2, 20, 22, 2)


def test_a_page_can_be_iterated_again() -> None:
    got = one()
    assert list(got) == list(got)


def test_an_empty_page_is_false() -> None:
    assert not Page((), 1, 20, 0, 0)
    assert one()


def test_a_page_is_frozen_equal_and_copied() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one().page = 3  # type: ignore[misc]
    assert one() == one()
    assert hash(one()) == hash(one())
    assert pickle.loads(pickle.dumps(one())) == one()  # noqa: S301
    assert copy.deepcopy(one()) == one()


def test_the_repr_of_a_page_shows_numbers_only() -> None:
    read = page_from([summary()], NUMBERS, CustomerSummary)
    assert repr(read) == "Page(page=1, page_size=20, total=1, total_pages=1)"


NUMBERS = {"total": 1, "page": 1, "pageSize": 20, "totalPages": 1}


@pytest.mark.parametrize(
    ("data", "numbers", "said"),
    [
        (None, NUMBERS, "data: expected a list, got null"),
        ({}, NUMBERS, "data: expected a list, got an object"),
        ([None], NUMBERS, r"data\[0\]: expected an object, got null"),
        ([summary(), summary(_count=None)], NUMBERS, r"data\[1\]\._count: expected an object"),
        ([], None, "pagination: expected an object, got null"),
        ([], {}, "pagination.total: missing"),
        ([], {**NUMBERS, "total": "1"}, "pagination.total: expected an integer, got a string"),
        ([], {**NUMBERS, "page": True}, "pagination.page: expected an integer, got a boolean"),
        ([], {**NUMBERS, "pageSize": None}, "pagination.pageSize: expected an integer"),
    ],
)
def test_a_page_that_is_not_what_was_promised_is_named(data: Any, numbers: Any, said: str) -> None:
    with pytest.raises(ResponseFormatError, match=f"^{said}"):
        page_from(data, numbers, CustomerSummary)


def test_numbers_we_do_not_know_do_no_harm() -> None:
    assert page_from([], {**NUMBERS, "hasMore": False}, CustomerSummary).total == 1


class Shelf:
    """Customers that nobody adds to."""

    def __init__(self, count: int) -> None:
        self.rows = [
            summary(
                id=f"c-{n}",
                createdAt=f"2026-11-{30 - n // 1440:02}T{23 - n // 60 % 24:02}:{59 - n % 60:02}:00.000Z",  # noqa: E501
            )
            for n in range(count)
        ]
        self.asked: list[tuple[int, int]] = []

    def fetch(self, number: int, size: int) -> Any:
        self.asked.append((number, size))
        part = self.rows[(number - 1) * size : number * size]
        body = page(*part, number=number, size=size, total=len(self.rows))
        return page_from(body["data"], body["pagination"], CustomerSummary)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 99, 100, 101, 250])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_walk_gives_each_customer_once_with_no_request_too_many(count: int, size: int) -> None:
    shelf = Shelf(count)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = [row.id for row in walk(shelf.fetch, size)]
    assert got == [f"c-{n}" for n in range(count)]
    assert shelf.asked == [(n + 1, size) for n in range(max(1, -(-count // size)))]


def test_the_warning_is_a_user_warning_and_no_error_of_the_service() -> None:
    assert issubclass(IncompleteListWarning, UserWarning)
    assert not issubclass(IncompleteListWarning, CustomersError)
