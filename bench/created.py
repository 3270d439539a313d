"""What a created customer costs: an import, against loops over the peers' creations."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from bench import data, peers
from bench.measuring import Effort, Figure, interleave, ratios
from customers_sdk import Client
from customers_sdk.bulk import import_rows

_ROWS = 100


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """Processor time of a hundred rows, all of them new."""
    client = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/after/0")
    rows = [
        {"external_id": f"user-{number}", "email": "ada@example.com", "name": "Ada Lovelace"}
        for number in range(_ROWS)
    ]

    def each(create: Callable[[dict[str, str]], Any]) -> None:
        for row in rows:
            create(row)

    contenders: dict[str, Callable[[], object]] = {
        "customers_sdk": lambda: import_rows(client, rows),
        "create()": lambda: each(lambda row: client.customers.create(**row)),
        **{name: functools.partial(each, create) for name, create in peers.creators(url).items()},
    }
    samples = interleave(
        contenders, seconds=effort.seconds(16), rounds=effort.rounds(), clock=time.process_time
    )
    return ratios("import", samples, "requests")
