"""A limit on how many rows are sent a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from customers_sdk import _checks


class RateLimit:
    """A number of rows a second, at even intervals; no burst makes up for a pause.

    Args:
        rate: rows a second; None sets no limit.
        clock: gives the time in seconds.

    Raises:
        TypeError, ValueError: ``rate`` is not a number above 0.
    """

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

    def wait_seconds(self) -> float:
        """Return the seconds until the next row may be sent, 0 or less if it may now."""
        return self._next - self._clock()

    def count(self) -> None:
        """Count a row that is sent."""
        self._next = max(self._next, self._clock()) + self._interval
