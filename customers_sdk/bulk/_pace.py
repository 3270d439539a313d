"""A limit on how many rows are sent a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from customers_sdk import _checks


class Pace:
    """Lets so many pass a second, at even intervals; a pause is not made up for."""

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        if rate is None:
            self._interval = 0.0
        elif isinstance(rate, bool) or not isinstance(rate, (int, float)):
            raise TypeError(f"rate must be a number, not {_checks.kind_of(rate)}")
        elif not (math.isfinite(rate) and rate > 0):
            raise ValueError("rate must be more than 0 rows a second")
        else:
            self._interval = 1 / rate
        self._clock = clock
        self._next = -math.inf

    def seconds(self) -> float:
        """How long it is until the next one may pass, 0 or less if it may."""
        return self._next - self._clock()

    def pass_one(self) -> None:
        """Let one pass."""
        self._next = max(self._next, self._clock()) + self._interval
