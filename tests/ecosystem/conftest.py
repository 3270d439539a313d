"""The service over HTTP, and one visit to it that every tool must let through unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

#: In no cassette, cache, span or event.
KEY = "nr_test_sk_never_to_be_seen_again"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(api_key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def service(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def visit(service: Sandbox) -> Callable[..., list[Any]]:
    """Make, change, find and read a customer with a client of these options."""

    def go(session: requests.Session | None = None) -> list[Any]:
        with service.client(session=session, max_retries=0) as client:
            customers = client.customers
            made = customers.create(external_id="user-1", name="Ada", metadata={"plan": "pro"})
            changed = customers.update(made.id, name="Ada Lovelace")
            listed = list(customers.list(search="user-1"))
            return [made, changed, listed, customers.retrieve(made.id)]

    return go
