"""What an exported customer costs, against a walk over the same customers."""

from __future__ import annotations

import time
from typing import Any

from bench import data
from bench.measuring import Effort, Figure, interleave, ratios
from customers_sdk import Client
from customers_sdk.bulk import export_customers


class _Nowhere:
    """A stream that keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """Processor time of this process, for both formats."""
    total = 200 if effort.quick else 2_000
    client = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/walk/{total}/0")

    def export(form: Any) -> None:
        assert export_customers(client, _Nowhere(), format=form) == total

    contenders = {
        "walk": lambda: sum(1 for _ in client.customers.list()),
        "JSON Lines": lambda: export("jsonl"),
        "CSV": lambda: export("csv"),
    }
    samples = interleave(
        contenders, seconds=effort.seconds(8), rounds=effort.rounds(), clock=time.process_time
    )
    return ratios("export", samples, "walk")
