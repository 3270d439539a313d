"""The verbs, by eight processes at once over the lossy proxy; then the database is compared.

``VERB_ROUNDS`` makes it longer: 1,000 by hand. ``CHAOS_SEED`` repeats the proxy's dice.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from customers_sdk.sandbox import Sandbox
from tests.faults.chaos_proxy import ChaosProxy
from tests.faults.verbs_program import READ_TIMEOUT

ROOT = Path(__file__).parent.parent.parent
ROUNDS = int(os.environ.get("VERB_ROUNDS", "20"))
BATCH = 50
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


class Stored:
    """What the database holds."""

    def __init__(self, sandbox: Sandbox) -> None:
        rows = sandbox.store.database.connection().execute("SELECT * FROM customers").fetchall()
        self.rows = {row["id"]: dict(row) for row in rows}
        self.ids: dict[str, list[str]] = {}
        for row in rows:
            self.ids.setdefault(row["external_id"], []).append(row["id"])

    def members(self, customer_id: str) -> set[str]:
        return set(json.loads(self.rows[customer_id]["metadata"]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_eight_processes_at_once_make_one_customer_and_lose_no_member() -> None:
    print(f"CHAOS_SEED={SEED} VERB_ROUNDS={ROUNDS}")  # noqa: T201
    faults: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for first in range(0, ROUNDS, BATCH):  # a list that grows for ever takes ever longer
        play(min(BATCH, ROUNDS - first), SEED + first, faults, outcomes, wrong)
    print(f"faults: {dict(faults)}\noutcomes: {dict(sorted(outcomes.items()))}")  # noqa: T201
    assert wrong == []
    done = sum(count for outcome, count in outcomes.items() if outcome.endswith("done"))
    assert done > 0.9 * sum(outcomes.values())
    assert sum(faults.values()) > faults["pass"] > 0


def play(
    count: int, seed: int, faults: Counter[str], outcomes: Counter[str], wrong: list[str]
) -> None:
    """Play some rounds on a service of their own, and note what became of them."""
    with Sandbox(latency=0.002) as sandbox:
        rounds = [prepared(sandbox, number) for number in range(count)]
        url = sandbox.base_url
        with ChaosProxy(url, seed=seed, rate=0.15, patience=READ_TIMEOUT) as proxy:
            found = run(rounds, sandbox, proxy.url)
            time.sleep(READ_TIMEOUT * 1.5 + 0.3)  # what the proxy held back runs to its end
        stored = Stored(sandbox)
    faults.update(proxy.happened)
    for number, before in enumerate(rounds):
        told = [results for at, _, results in found if at == number]
        outcomes.update(
            f"{verb}: {' '.join(map(str, result[1:])) if result[0] == 'error' else 'done'}"
            for results in told
            for verb, result in results.items()
        )
        wrong += [f"round {number}: {what}" for what in compared(stored, number, before, told)]


def prepared(sandbox: Sandbox, number: int) -> dict[str, str]:
    """Customers from before: two from a checkout, without an external id, and one to merge into."""
    return {
        "adopt": sandbox.add_customer(email=f"adopt-{number}@example.com"),
        "share": sandbox.add_customer(email=f"share-{number}@example.com"),
        "merge": sandbox.add_customer(metadata={"from before": True}),
    }


def run(rounds: list[dict[str, str]], sandbox: Sandbox, url: str) -> list[Any]:
    environment = {
        "PYTHONPATH": str(ROOT),
        "NODERAILS_API_KEY": sandbox.api_key,
        "NODERAILS_APP_ID": sandbox.app_id,
        "NODERAILS_BASE_URL": url,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.verbs_program"],
        env={**os.environ, **environment},
        cwd=ROOT,
        input=json.dumps(rounds),
        capture_output=True,
        text=True,
        timeout=60 + 30 * len(rounds),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: list[Any] = json.loads(done.stdout)
    return answer


def compared(stored: Stored, number: int, before: dict[str, str], told: list[Any]) -> list[str]:
    """What is stored or was announced wrongly in a round."""
    wrong = []
    for verb in ("get", "adopt", "update"):
        ids = stored.ids.get(f"{verb}-{number}", [])
        if len(ids) > 1 or (successes(told, verb) and not ids):
            wrong.append(f"{verb} made {len(ids)} customers")
        if {customer_id for customer_id, _, _ in successes(told, verb)} - set(ids):
            wrong.append(f"{verb} named another customer")
        created = [each for each in successes(told, verb) if each[2]]
        if len(created) > (verb != "adopt"):
            wrong.append(f"{len(created)} processes say that {verb} created the customer")
    if stored.ids.get(f"adopt-{number}", [before["adopt"]]) != [before["adopt"]]:
        wrong.append("adopt did not adopt")
    shared = successes(told, "share")
    if len({customer_id for customer_id, _, _ in shared}) != len(shared):
        wrong.append("one customer was adopted under two external ids")
    wrong += [
        f"{external_id} is not who it was said to be"
        for customer_id, external_id, _ in shared
        if stored.ids.get(external_id) != [customer_id]
    ]
    for customer_id in stored.ids.get(f"update-{number}", []):
        wrong += members(stored, customer_id, "update", told)
    wrong += members(stored, before["merge"], "merge", told)
    if "from before" not in stored.members(before["merge"]):
        wrong.append("merge lost a member from before")
    return wrong


def successes(told: list[Any], verb: str) -> list[Any]:
    return [result[verb] for result in told if result[verb][0] != "error"]


def members(stored: Stored, customer_id: str, verb: str, told: list[Any]) -> list[str]:
    """Members of metadata that are lost, or stored although their write failed for certain."""
    there = stored.members(customer_id)
    wrong = []
    for worker, result in enumerate(told):
        failed, doubt = result[verb][0] == "error", result[verb][2]
        if not failed and f"w{worker}" not in there:
            wrong.append(f"{verb} lost the member of {worker}")
        if failed and not doubt and f"w{worker}" in there:
            wrong.append(f"{verb} of {worker} failed for certain, and is stored")
    return wrong
