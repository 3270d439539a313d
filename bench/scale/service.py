"""The sandbox in a process of its own: `python -m bench.scale.service DB LOST SEED`.

It carries every request out, but cuts the connection in place of a share of the answers.
It prints how to reach it, and ends when its standard input does, with what it counted.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections import Counter

from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.faults.faults import Fault, Injected


def lose(sandbox: Sandbox, share: float, seed: int) -> Counter[str]:
    """Lose so many of the answers; gives the counts of requests, by method, and of losses."""
    dice = random.Random(seed)
    counted: Counter[str] = Counter()
    guard = threading.Lock()
    lost = Injected(fault=Fault("drop_answer_next"), names=("lost",))

    def take(method: str, _path: str) -> Injected:
        with guard:
            counted[method] += 1
            if dice.random() >= share:
                return Injected()
            counted["lost"] += 1
            return lost

    sandbox.faults.take = take  # type: ignore[method-assign]
    return counted


def main() -> None:
    db, share, seed = sys.argv[1:]
    with Sandbox(db=db) as sandbox:
        counted = lose(sandbox, float(share), int(seed))
        settings = {
            "base_url": sandbox.base_url,
            "api_key": sandbox.api_key,
            "app_id": sandbox.app_id,
        }
        print(json.dumps(settings), flush=True)  # noqa: T201 - read by the parent
        sys.stdin.read()
    print(json.dumps(counted))  # noqa: T201 - the same


if __name__ == "__main__":
    main()
