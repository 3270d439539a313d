"""The walk over the sandbox, whose ties are ordered by page size and page as the service's are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

pytest.importorskip("flask")

from customers_sdk.sandbox import Sandbox

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(tie_order="random") as running:
        yield running


def seed(sandbox: Sandbox, rows: int, tie: int) -> set[str]:
    return {
        sandbox.add_customer(
            name=f"n{index}", created_at=START + timedelta(milliseconds=index // tie)
        )
        for index in range(rows)
    }


@pytest.mark.parametrize("tie", [1, 2, 30, 140])
def test_every_customer_comes_once(sandbox: Sandbox, tie: int) -> None:
    ids = seed(sandbox, 140, tie)
    with sandbox.client() as client:
        for size in (13, 50, 100):
            found = [customer.id for customer in client.customers.list(page_size=size)]
            assert len(found) == 140
            assert set(found) == ids


def test_every_customer_comes_once_while_others_are_born(sandbox: Sandbox) -> None:
    ids = seed(sandbox, 200, 7)
    stop = threading.Event()

    def bear() -> None:
        while not stop.wait(0.002):
            sandbox.add_customer(name="born")

    mother = threading.Thread(target=bear)
    mother.start()
    try:
        with sandbox.client() as client:
            found = [customer.id for customer in client.customers.list(page_size=20)]
    finally:
        stop.set()
        mother.join()
    assert len(found) == len(set(found))
    assert ids <= set(found)


def test_an_empty_app_and_a_search_without_hits_end_at_once(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        assert list(client.customers.list()) == []
        assert list(client.customers.list(search="nobody")) == []
