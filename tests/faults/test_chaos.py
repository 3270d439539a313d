"""Mixed writes through a proxy that loses, cuts and delays; then the database is compared.

``CHAOS_SEED`` repeats a run's dice (threads still interleave as they like), ``CHAOS_WRITES``
makes it longer: 10,000 by hand.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from customers_sdk import Client, CustomersError, NotFoundError
from customers_sdk._http import retry
from customers_sdk.sandbox import Sandbox
from tests.faults.chaos_proxy import ChaosProxy

WRITES = int(os.environ.get("CHAOS_WRITES", "400"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
THREADS = 8
READ_TIMEOUT = 0.3


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sandbox, ChaosProxy, Client]]:
    print(f"CHAOS_SEED={SEED} CHAOS_WRITES={WRITES}")  # noqa: T201
    monkeypatch.setattr(retry, "BACKOFF_BASE", 0.004)
    monkeypatch.setattr(retry, "KEY_IN_USE_CAP", 0.02)
    # An outage of this length would use the budget up, and the test is of the retries.
    monkeypatch.setattr(retry.Budget, "CAPACITY", 10**9)
    with Sandbox(latency=0.002) as sandbox:
        url = sandbox.base_url
        with (
            ChaosProxy(url, seed=SEED, rate=0.15, patience=READ_TIMEOUT) as proxy,
            sandbox.client(
                base_url=proxy.url, timeout=(2.0, READ_TIMEOUT), deadline=20, max_retries=4
            ) as client,
        ):
            yield sandbox, proxy, client


class Ledger:
    """What one thread was told about its own customers, and which they may be instead."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str | None, str]] = {}  # external id → id, state of the creation
        self.names: dict[str, set[str | None]] = {}  # id → what its name may be
        self.wallets: dict[str, dict[str, str]] = {}  # id → address → in, out, perhaps
        self.wallet_ids: dict[tuple[str, str], str] = {}
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []


def settled(sandbox: Sandbox) -> None:
    """Wait until what the proxy held back or abandoned has run to its end."""
    time.sleep(READ_TIMEOUT * 1.5 + 0.3)


def unsure(error: CustomersError) -> bool:
    return error.outcome_unknown


def work(client: Client, worker: int, writes: int, seed: int) -> Ledger:
    rng = random.Random(f"{seed}/{worker}")
    ledger = Ledger()
    customers: list[str] = []
    for index in range(writes):
        kinds = ("create", "create", "update", "add", "remove") if customers else ("create",)
        kind = rng.choice(kinds)
        try:
            if kind == "create":
                _create(client, ledger, customers, f"{worker}-{index}")
            elif kind == "update":
                _update(client, ledger, rng.choice(customers), f"name {worker}-{index}")
            elif kind == "add":
                _add(client, ledger, rng.choice(customers), f"0x{rng.getrandbits(160):040x}")
            else:
                _remove(client, ledger, rng)
        except CustomersError as error:
            doubt = "unknown" if unsure(error) else "no"
            ledger.outcomes[f"{kind}: {type(error).__name__}, {doubt}"] += 1
        else:
            ledger.outcomes[f"{kind}: done"] += 1
    return ledger


def _create(client: Client, ledger: Ledger, customers: list[str], name: str) -> None:
    try:
        made = client.customers.create(external_id=name, name=name)
    except CustomersError as error:
        ledger.made[name] = (None, "perhaps" if unsure(error) else "no")
        raise
    if made.external_id != name or made.name != name:
        ledger.wrong.append(f"create {name}")
    ledger.made[name] = (made.id, "yes")
    ledger.names[made.id] = {name}
    ledger.wallets[made.id] = {}
    customers.append(made.id)


def _update(client: Client, ledger: Ledger, customer_id: str, name: str) -> None:
    try:
        changed = client.customers.update(customer_id, name=name)
    except CustomersError as error:
        if unsure(error):
            ledger.names[customer_id] |= {name}
        raise
    if changed.id != customer_id or changed.name != name:
        ledger.wrong.append(f"update {name}")
    ledger.names[customer_id] = {name}


def _add(client: Client, ledger: Ledger, customer_id: str, address: str) -> None:
    try:
        wallet = client.customers.add_wallet(customer_id, chain_id=1, wallet_address=address)
    except CustomersError as error:
        ledger.wallets[customer_id][address] = "perhaps" if unsure(error) else "out"
        raise
    if wallet.customer_account_id != customer_id or wallet.wallet_address != address:
        ledger.wrong.append(f"wallet {address}")
    ledger.wallets[customer_id][address] = "in"
    ledger.wallet_ids[customer_id, address] = wallet.id


def _remove(client: Client, ledger: Ledger, rng: random.Random) -> None:
    if not ledger.wallet_ids:
        return
    customer_id, address = rng.choice(list(ledger.wallet_ids))
    wallet_id = ledger.wallet_ids.pop((customer_id, address))
    try:
        client.customers.remove_wallet(customer_id, wallet_id)
    except CustomersError as error:
        ledger.wallets[customer_id][address] = "perhaps" if unsure(error) else "in"
        raise
    ledger.wallets[customer_id][address] = "out"


def compare(  # noqa: C901, PLR0912 - one rule after the other
    sandbox: Sandbox, ledgers: list[Ledger]
) -> dict[str, list[str]]:
    """Everything in the database that is not what some caller was told."""
    connection = sandbox.store.database.connection()
    rows = connection.execute("SELECT id, external_id, name FROM customers").fetchall()
    wallets: dict[str, set[str]] = {}
    for row in connection.execute("SELECT customer_id, wallet_address FROM wallets"):
        wallets.setdefault(row["customer_id"], set()).add(row["wallet_address"])
    counts = Counter(row["external_id"] for row in rows)
    ids = {row["external_id"]: row["id"] for row in rows}
    names = {row["id"]: row["name"] for row in rows}
    found: dict[str, list[str]] = {"duplicated": [], "lost": [], "mismatched": []}
    for ledger in ledgers:
        found["mismatched"] += ledger.wrong
        for external_id, (customer_id, state) in ledger.made.items():
            if counts[external_id] > 1:
                found["duplicated"].append(external_id)
            if state == "yes" and ids.get(external_id) != customer_id:
                found["lost"].append(external_id)
            if state == "no" and external_id in ids:
                found["mismatched"].append(f"{external_id} exists, but its creation failed")
        for customer_id, possible in ledger.names.items():
            if names.get(customer_id) not in possible:
                found["mismatched"].append(f"{names.get(customer_id)} is not in {possible}")
        for customer_id, states in ledger.wallets.items():
            there = wallets.get(customer_id, set())
            for address, state in states.items():
                if state == "in" and address not in there:
                    found["lost"].append(f"wallet {address}")
                if state == "out" and address in there:
                    found["mismatched"].append(f"wallet {address} is there")
            if there - set(states):
                found["mismatched"].append("wallets that nobody added")
    return found


def report(proxy: ChaosProxy, outcomes: Counter[str], seconds: float) -> None:
    print(f"faults: {dict(sorted(proxy.happened.items()))}")  # noqa: T201
    print(f"outcomes: {dict(sorted(outcomes.items()))}")  # noqa: T201
    print(f"seconds: {seconds:.1f}")  # noqa: T201


def test_mixed_writes_with_external_ids(chaos: tuple[Sandbox, ChaosProxy, Client]) -> None:
    sandbox, proxy, client = chaos
    started = time.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        share = WRITES // THREADS
        ledgers = list(
            threads.map(lambda worker: work(client, worker, share, SEED), range(THREADS))
        )
    settled(sandbox)
    outcomes = sum((ledger.outcomes for ledger in ledgers), Counter())
    report(proxy, outcomes, time.monotonic() - started)
    assert compare(sandbox, ledgers) == {"duplicated": [], "lost": [], "mismatched": []}
    done = sum(count for outcome, count in outcomes.items() if outcome.endswith("done"))
    assert done > 0.9 * sum(outcomes.values())
    assert sum(proxy.happened.values()) > proxy.happened["pass"] > 0


def test_without_external_ids_every_possible_duplicate_is_announced(
    chaos: tuple[Sandbox, ChaosProxy, Client],
) -> None:
    sandbox, proxy, client = chaos
    proxy.rate = 0.3
    started = time.monotonic()
    lock = threading.Lock()
    told: dict[str, tuple[str, str | None]] = {}
    outcomes: Counter[str] = Counter()

    def create(index: int) -> None:
        name = f"customer {index}"
        try:
            result: tuple[str, Any] = ("made", client.customers.create(name=name).id)
        except CustomersError as error:
            result = ("perhaps" if unsure(error) else "no", None)
        with lock:
            told[name] = result
            outcomes[result[0]] += 1

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(create, range(WRITES // 4)))
    settled(sandbox)
    report(proxy, outcomes, time.monotonic() - started)
    connection = sandbox.store.database.connection()
    stored: dict[str, list[str]] = {}
    for row in connection.execute("SELECT id, name FROM customers"):
        stored.setdefault(row["name"], []).append(row["id"])
    for name, (state, customer_id) in told.items():
        ids = stored.get(name, [])
        if state == "made":
            assert ids == [customer_id], f"{name} was made {len(ids)} times"
        elif state == "no":
            assert ids == [], f"{name} was made although its creation failed"
    assert outcomes["perhaps"] > 0


def test_a_removal_of_what_never_was_is_still_not_found(
    chaos: tuple[Sandbox, ChaosProxy, Client],
) -> None:
    _, proxy, client = chaos
    proxy.rate = 0.0
    customer = client.customers.create(external_id="one")
    with pytest.raises(NotFoundError):
        client.customers.remove_wallet(customer.id, "11111111-1111-4111-8111-111111111111")
