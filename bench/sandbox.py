"""What a response of the sandbox costs, against Flask and waitress with a constant."""

from __future__ import annotations

import contextlib
import time

from bench import served
from bench.measuring import Effort, Figure, interleave, ratios


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """Processor time of a server and its client, which run on one thread."""
    with contextlib.ExitStack() as stack:
        contenders = {
            "constant": stack.enter_context(served.constant()),
            "retrieve": stack.enter_context(served.sandbox(*served.RETRIEVE)),
            "create": stack.enter_context(served.sandbox(*served.CREATE)),
            "page": stack.enter_context(served.sandbox(*served.LIST)),
        }
        samples = interleave(
            contenders, seconds=effort.seconds(8), rounds=effort.rounds(), clock=time.process_time
        )
    return ratios("sandbox", samples, "constant")
