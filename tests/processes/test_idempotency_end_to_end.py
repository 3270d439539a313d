"""Idempotency keys against the sandbox, whose keys are global as the service's are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk import ApiError, Client, IdempotencyError, ServerError
from customers_sdk._http import keys
from customers_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.processes.conftest import Run

ADDRESS = "0x" + "ab" * 20


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client() as made:
        yield made


def stored_keys(sandbox: Sandbox) -> set[str]:
    connection = sandbox.store.database.connection()
    return {row["key"] for row in connection.execute("SELECT key FROM idempotency")}


def test_the_same_key_and_arguments_give_the_same_customer(client: Client) -> None:
    arguments: dict[str, Any] = {
        "name": "Ada \ud800",
        "email": "ada@example.com",
        "metadata": {"b": 1, "a": [1.0, 10**30, None, {"__proto__": 1}]},
        "idempotency_key": "order-1",
    }
    assert client.customers.create(**arguments) == client.customers.create(**arguments)


def test_each_write_takes_its_own_answer_back_under_its_key(client: Client) -> None:
    customer = client.customers.create(idempotency_key="k")
    updates = [client.customers.update(customer.id, name="Ada", idempotency_key="k") for _ in "12"]
    wallets = [
        client.customers.add_wallet(
            customer.id, chain_id=1, wallet_address=address, idempotency_key="k"
        )
        for address in (ADDRESS, ADDRESS.upper().replace("0X", "0x"))
    ]
    assert updates[0] == updates[1]
    assert wallets[0] == wallets[1]


def test_without_a_key_every_creation_makes_another(client: Client) -> None:
    assert client.customers.create(name="Ada").id != client.customers.create(name="Ada").id


@pytest.mark.parametrize(
    "other", [{"name": "Bob"}, {"email": "b@example.com"}, {"metadata": {"plan": "b"}}]
)
def test_a_key_used_for_another_customer_is_refused(client: Client, other: dict[str, Any]) -> None:
    first = {"name": "Ada", "email": "a@example.com", "metadata": {"plan": "a"}}
    client.customers.create(**first, idempotency_key="k")
    with pytest.raises(IdempotencyError) as caught:
        client.customers.create(**{**first, **other}, idempotency_key="k")
    assert caught.value.idempotency_key == "k"
    assert not caught.value.outcome_unknown


def test_a_key_used_for_another_wallet_is_refused(client: Client) -> None:
    customer = client.customers.create()
    client.customers.add_wallet(
        customer.id, chain_id=1, wallet_address=ADDRESS, idempotency_key="k"
    )
    with pytest.raises(IdempotencyError):
        client.customers.add_wallet(
            customer.id, chain_id=137, wallet_address=ADDRESS, idempotency_key="k"
        )


def test_a_replayed_failure_says_that_nothing_was_tried(sandbox: Sandbox, client: Client) -> None:
    sandbox.fail_next(500, times=1)
    with pytest.raises(ServerError) as first:
        client.customers.create(name="Ada", idempotency_key="k")
    assert not first.value.replayed
    with pytest.raises(ApiError) as second:
        client.customers.create(name="Ada", idempotency_key="k")
    assert second.value.replayed
    assert second.value.attempts == 1
    for words in ("24 hours", "nothing was tried now", "use a new key"):
        assert words in str(second.value)


def test_a_guessable_key_never_goes_out(sandbox: Sandbox, client: Client) -> None:
    customer = client.customers.create(idempotency_key="1")
    client.customers.update(customer.id, name="Ada", idempotency_key="1")
    client.customers.create()
    keys = stored_keys(sandbox)
    assert len(keys) == 3
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


def test_another_merchant_with_the_same_key_gets_an_answer_of_their_own(
    sandbox: Sandbox, client: Client
) -> None:
    merchant = sandbox.add_merchant(name="Other")
    app = sandbox.add_app(merchant_id=merchant)
    key = sandbox.add_api_key(merchant_id=merchant)
    mine = client.customers.create(name="Ada", idempotency_key="order-1")
    with sandbox.client(api_key=key, app_id=app) as other:
        theirs = other.customers.create(name="Ada", idempotency_key="order-1")
    assert theirs.id != mine.id
    assert (mine.app_id, theirs.app_id) == (client.app_id, app)


def test_what_somebody_planted_under_the_plain_key_is_not_read(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.store.remember("order-1", 201, '{"success":true,"data":{"id":"planted"}}')
    assert client.customers.create(idempotency_key="order-1").id != "planted"


def test_the_header_depends_on_whatever_tells_two_uses_apart() -> None:
    usual = ("nr_test_sk_a", "app", "POST", "/customers", "order-1")
    headers = {keys.scope(*usual)}
    for at in range(len(usual)):
        headers.add(keys.scope(*usual[:at], usual[at] + "x", *usual[at + 1 :]))
    headers.add(keys.scope(*usual, 1))
    # No two lists of parts may run together into one.
    headers.add(keys.scope("nr_test_sk_a", 'app","POST', "", "/customers", "order-1"))
    assert len(headers) == len(usual) + 3


def test_the_header_is_the_same_in_every_process(run_script: Run) -> None:
    here = keys.scope("nr_test_sk_a", "app", "POST", "/customers", "order-1")
    path = {"PYTHONPATH": _python_path()}
    assert {run_script("header", {**path, "PYTHONHASHSEED": seed}) for seed in "12"} == {here}


def test_get_or_create_in_eight_processes_makes_one_customer(
    sandbox: Sandbox, run_script: Run
) -> None:
    rounds = run_script(
        "get_or_create",
        {
            "PYTHONPATH": _python_path(),
            "NODERAILS_API_KEY": sandbox.api_key,
            "NODERAILS_APP_ID": sandbox.app_id,
            "NODERAILS_BASE_URL": sandbox.base_url,
        },
    )
    for results in rounds:
        assert len({customer_id for customer_id, _ in results}) == 1, results
        assert [created for _, created in results].count(True) == 1
    with sandbox.client() as client:
        assert len(list(client.customers.list())) == len(rounds)


def _python_path() -> str:
    return str(Path(__file__).parent.parent.parent)
