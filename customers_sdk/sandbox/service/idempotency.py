"""Idempotency keys as the service keeps them: global, before authentication, dropped on hang-up."""

from __future__ import annotations

import threading
import time
from typing import Callable, NamedTuple

KEYED_METHODS = ("POST", "PUT", "PATCH")
LONGEST_KEY = 255
LOCK_SECONDS = 60.0


class Lock(NamedTuple):
    """The right to run a request under one key; `hung_up` tells whether its caller is gone."""

    key: str
    hung_up: Callable[[], bool]
    taken_at: float


class Locks:
    """The keys under which requests run in this process; `clock` counts seconds.

    The service refuses concurrent use of a key, but it drops the lock when the caller hangs up, or
    after 60 seconds, while the first request still runs. That is why the same create sent again
    after a read timeout can make a second customer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, Lock] = {}
        self._guard = threading.Lock()

    def take(self, key: str, hung_up: Callable[[], bool]) -> Lock | None:
        """Return the lock, or None while another caller that still waits holds it."""
        with self._guard:
            holder = self._held.get(key)
            now = self._clock()
            if holder is not None and now - holder.taken_at < LOCK_SECONDS and not holder.hung_up():
                return None
            lock = self._held[key] = Lock(key, hung_up, now)
            return lock

    def release(self, lock: Lock) -> None:
        """Release the lock, unless a later request has taken it in the meantime."""
        with self._guard:
            if self._held.get(lock.key) is lock:
                del self._held[lock.key]

    def clear(self) -> None:
        """Drop every lock."""
        with self._guard:
            self._held.clear()
