"""Eight processes that use the verbs on the same customers at once; run by `test_verbs`.

Prints a JSON list of rounds; a round holds what each process was told of each verb.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from typing import Any, Callable

from customers_sdk import Client, CustomersError
from customers_sdk._http import retry

WORKERS = 8
READ_TIMEOUT = 0.5


def told(call: Callable[[], Any]) -> list[Any]:
    """What a call says: the customer's id and whether they were created, or the error."""
    try:
        result = call()
    except CustomersError as error:
        return ["error", type(error).__name__, error.outcome_unknown]
    customer, created = result if isinstance(result, tuple) else (result, None)
    return [customer.id, customer.external_id, created]


def work(worker: int, rounds: list[dict[str, str]], barrier: Any, results: Any) -> None:
    retry.BACKOFF_BASE, retry.KEY_IN_USE_CAP = 0.004, 0.02
    retry.Budget.CAPACITY = 10**9
    with Client(timeout=(2.0, READ_TIMEOUT), deadline=30, max_retries=6) as client:
        customers = client.customers
        for number, at in enumerate(rounds):
            name = f"{number}"
            mine = {f"w{worker}": worker}
            verbs: dict[str, Callable[[], Any]] = {
                "get": lambda name=name: customers.get_or_create(f"get-{name}", name=f"{worker}"),
                "adopt": lambda name=name: customers.get_or_create(
                    f"adopt-{name}", adopt=True, email=f"ADOPT-{name}@example.com"
                ),
                "share": lambda name=name: customers.get_or_create(
                    f"share-{name}-{worker}", adopt=True, email=f"share-{name}@example.com"
                ),
                "update": lambda name=name, mine=mine: customers.update_or_create(
                    f"update-{name}", metadata=mine
                ),
                "merge": lambda at=at, mine=mine: customers.merge_metadata(at["merge"], mine),
            }
            barrier.wait(120)
            results.put((number, worker, {verb: told(call) for verb, call in verbs.items()}))


if __name__ == "__main__":
    ROUNDS = json.loads(sys.stdin.read())
    CONTEXT = multiprocessing.get_context("spawn" if sys.platform == "win32" else "fork")
    BARRIER, RESULTS = CONTEXT.Barrier(WORKERS), CONTEXT.SimpleQueue()
    PROCESSES = [
        CONTEXT.Process(target=work, args=(worker, ROUNDS, BARRIER, RESULTS), daemon=True)
        for worker in range(WORKERS)
    ]
    for process in PROCESSES:
        process.start()
    FOUND = [RESULTS.get() for _ in range(WORKERS * len(ROUNDS))]
    for process in PROCESSES:
        process.join()
    print(json.dumps(sorted(FOUND, key=lambda found: found[:2])))  # noqa: T201
