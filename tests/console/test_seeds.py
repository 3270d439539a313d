"""Seeds: from a document, from a file, made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from customers_sdk.bulk import export_customers
from customers_sdk.sandbox import Sandbox, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(db=":memory:") as running:
        yield running


def test_made_up_customers_are_the_same_every_time_and_the_first_ones_in_any_number() -> None:
    ten, hundred = seeds.plausible(10), seeds.plausible(100)
    assert ten == seeds.plausible(10)
    assert ten["customers"] == hundred["customers"][:10]
    assert len({row["id"] for rows in hundred.values() for row in rows}) == sum(
        map(len, hundred.values())
    )


def test_made_up_customers_have_wallets_and_history(sandbox: Sandbox) -> None:
    seeds.sow(sandbox, seeds.plausible(40))
    found = [sandbox.client().customers.retrieve(each.id) for each in sandbox.customers]
    assert len(found) == 40
    assert all(each.external_id and each.email and each.name for each in found)
    for part in ("wallets", "payment_intents", "invoices"):
        assert 10 < sum(bool(getattr(each, part)) for each in found) < 40
    assert any(wallet.has_active_authorization for each in found for wallet in each.wallets)


def test_a_file_may_be_a_whole_seed(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    seed = {
        "customers": [{"id": "c", "external_id": "u-1"}],
        "wallets": [{"customer_id": "c", "chain_id": 1, "wallet_address": "0x" + "AB" * 20}],
    }
    path.write_text(json.dumps(seed))
    seeds.sow(sandbox, seeds.read(path))
    (customer,) = sandbox.customers
    assert customer.wallets[0].wallet_address == "0x" + "ab" * 20


def test_metadata_in_a_file_may_be_as_deep_as_the_service_stores_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    deep = '{"a":' + "[" * 1900 + "]" * 1900 + "}"
    path = tmp_path / "seed.jsonl"
    path.write_text(f'{{"metadata": {deep}}}\n{{}}')
    seeds.sow(sandbox, seeds.read(path))
    assert deep in sandbox.store.everyone()


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_customer_in_a_file_may_hold_its_own_history(
    sandbox: Sandbox, tmp_path: Path, form: str
) -> None:
    rows = [
        {"external_id": "u-1", "invoices": [{"total": "2.50"}], "subscriptions": [{}]},
        {"external_id": "u-2", "payment_intents": [{"amount": 3}]},
    ]
    path = tmp_path / "seed"
    lines = "\n\n".join(json.dumps(row) for row in rows)
    path.write_text(json.dumps(rows) if form == "json" else lines)
    seeds.sow(sandbox, seeds.read(path))
    counts = {each["externalId"]: each["_count"] for each in sandbox.stored()}
    assert counts == {
        "u-1": {"paymentIntents": 0, "subscriptions": 1, "invoices": 1},
        "u-2": {"paymentIntents": 1, "subscriptions": 0, "invoices": 0},
    }


def test_what_an_export_wrote_is_a_seed(sandbox: Sandbox, tmp_path: Path) -> None:
    seeds.sow(sandbox, seeds.plausible(12))
    path = tmp_path / "out.jsonl"
    with sandbox.client() as client:
        export_customers(client, path)
    with Sandbox(db=":memory:") as other:
        seeds.sow(other, seeds.read(path))
        again = {each.id: each for each in other.customers}
    for before in sandbox.customers:
        after = again[before.id]
        assert (after.email, after.created_at) == (before.email, before.created_at)
        assert after.wallets == before.wallets


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"external_id": "a"}\n{"external_id"', "line 2 is not JSON"),
        ("[1]", "customer 1 must be a JSON object"),
        ('[{"wallets": 5}]', "wallets must be a list of objects"),
        ('[{"wallets": [5]}]', "each of wallets must be a JSON object"),
        ('{"colour": 1}', "unexpected keyword argument 'colour'"),
        ('[{"wallets": [{"chain_id": 5, "wallet_address": "x"}]}]', r"wallets\[0\]: .*chain 5"),
        ('[{"wallets": [{"chain_id": 1, "wallet_address": "x"}]}]', "Invalid EVM wallet address"),
    ],
)
def test_a_file_that_is_no_seed_says_where(
    sandbox: Sandbox, tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "seed"
    path.write_text(text)
    with pytest.raises(seeds.SeedError, match=words):
        seeds.sow(sandbox, seeds.read(path))
