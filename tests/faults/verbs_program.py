"""Eight processes that use the verbs on the same customers at once; run by `test_verbs`.

Prints a JSON list of rounds; a round holds what each process was told of each verb.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

from customers_sdk import Client, CustomersError
from customers_sdk._http import retry

WORKERS = 8
AT_ONCE = 4  # rounds
READ_TIMEOUT = 0.5


def told(call: Callable[[], Any]) -> list[Any]:
    """What a call says: the customer's id and whether they were created, or the error."""
    try:
        result = call()
    except CustomersError as error:
        return ["error", type(error).__name__, error.outcome_unknown]
    customer, created = result if isinstance(result, tuple) else (result, None)
    return [customer.id, customer.external_id, created]


def play(client: Client, worker: int, number: int, merged: str) -> dict[str, list[Any]]:
    """All the verbs of a round, each told of."""
    customers = client.customers
    verbs: dict[str, Callable[[], Any]] = {
        "get": lambda: customers.get_or_create(f"get-{number}", name=f"{worker}"),
        "adopt": lambda: customers.get_or_create(
            f"adopt-{number}", adopt=True, email=f"ADOPT-{number}@example.com"
        ),
        "share": lambda: customers.get_or_create(
            f"share-{number}-{worker}", adopt=True, email=f"share-{number}@example.com"
        ),
        "update": lambda: customers.update_or_create(
            f"update-{number}", metadata={f"w{worker}": worker}
        ),
        "merge": lambda: customers.merge_metadata(merged, {f"w{worker}": worker}),
    }
    return {verb: told(call) for verb, call in verbs.items()}


def work(worker: int, rounds: list[dict[str, str]], barriers: list[Any], results: Any) -> None:
    """Play some rounds at once: one would wait for the proxy most of the time."""
    retry.BACKOFF_BASE, retry.KEY_IN_USE_CAP = 0.004, 0.02
    retry.Budget.CAPACITY = 10**9

    def one(number: int) -> None:
        barriers[number].wait(120)
        results.put((number, worker, play(client, worker, number, rounds[number]["merge"])))

    with (
        Client(timeout=(2.0, READ_TIMEOUT), deadline=30, max_retries=6) as client,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        list(threads.map(one, range(len(rounds))))


if __name__ == "__main__":
    ROUNDS = json.loads(sys.stdin.read())
    CONTEXT = multiprocessing.get_context("spawn" if sys.platform == "win32" else "fork")
    BARRIERS, RESULTS = [CONTEXT.Barrier(WORKERS) for _ in ROUNDS], CONTEXT.SimpleQueue()
    PROCESSES = [
        CONTEXT.Process(target=work, args=(worker, ROUNDS, BARRIERS, RESULTS), daemon=True)
        for worker in range(WORKERS)
    ]
    for process in PROCESSES:
        process.start()
    FOUND = [RESULTS.get() for _ in range(WORKERS * len(ROUNDS))]
    for process in PROCESSES:
        process.join()
    print(json.dumps(sorted(FOUND, key=lambda found: found[:2])))  # noqa: T201
