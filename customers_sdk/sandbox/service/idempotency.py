"""Idempotency keys as the service keeps them: global, before authentication, dropped on hang-up."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

KEYED_METHODS = ("POST", "PUT", "PATCH")
LONGEST_KEY = 255
LOCK_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class Lock:
    """The right to run a request under one key; `hung_up` asks whether its caller still waits."""

    key: str
    hung_up: Callable[[], bool]
    taken_at: float = field(default=0.0)


class Locks:
    """Who is running a request under which key, in this process.

    Observed: concurrent use of a key is refused (recordings ``idem_concurrent_*``), but the lock
    goes when the caller hangs up, or after 60 seconds, while the first request still runs. That is
    why the same create sent again after a read timeout can make a second customer. `clock` counts
    seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, Lock] = {}
        self._guard = threading.Lock()

    def take(self, key: str, hung_up: Callable[[], bool]) -> Optional[Lock]:
        """The lock, or None while another caller that still waits holds it."""
        with self._guard:
            holder = self._held.get(key)
            now = self._clock()
            if holder is not None and now - holder.taken_at < LOCK_SECONDS and not holder.hung_up():
                return None
            lock = Lock(key, hung_up, now)
            self._held[key] = lock
            return lock

    def release(self, lock: Lock) -> None:
        """Gives the lock back, unless it was lost to a later request in the meantime."""
        with self._guard:
            if self._held.get(lock.key) is lock:
                del self._held[lock.key]

    def clear(self) -> None:
        """Forgets every lock."""
        with self._guard:
            self._held.clear()
