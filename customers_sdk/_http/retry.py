"""Pure decisions: may this be retried, and after how long.

Nothing here sends, sleeps or reads a clock; `transport` does, on these decisions. The rules
come from what was observed of the service: it stores failures under the idempotency key, and it
drops the lock on a key when the caller hangs up while the request still runs.
"""

from __future__ import annotations

import enum
import math
import random
import re
import threading
from collections.abc import Callable
from datetime import timezone
from email.utils import parsedate_to_datetime

BACKOFF_BASE = 0.5
BACKOFF_CAP = 8.0
KEY_IN_USE_CAP = 1.0


class Failure(enum.Enum):
    """Why there is no response."""

    NOT_SENT = "no connection could be made"
    DROPPED = "the connection broke before the whole response came"
    TIMED_OUT = "no response came in time"
    EXHAUSTED = "the session's own retries ran out"
    SESSION = "the session's own code failed"
    FINAL = "the request cannot be sent like this"


class Verdict(enum.Enum):
    """What to do after a try that did not succeed."""

    FAIL = enum.auto()
    RETRY = enum.auto()
    WAIT = enum.auto()
    NEXT_KEY = enum.auto()
    DONE = enum.auto()


_SLOW = frozenset({408, 504, 522, 524})
# Cloudflare's own: it could not connect to the service, lost it, or waits for it no longer. Which
# of them a request ran into is not told apart reliably.
_UNSURE = _SLOW | {520, 521, 523, 529, 530}
_WRITE_AGAIN = frozenset({429, 502, 503})
_DELETE_AGAIN = _WRITE_AGAIN | _UNSURE
_READ_AGAIN = _DELETE_AGAIN | {500}


def verdict(
    method: str,
    outcome: Failure | int,
    *,
    repeatable: bool,
    replayed: bool = False,
    key_in_use: bool = False,
    may_have_run: bool = False,
) -> Verdict:
    """Say what to do after a try that did not succeed; a number is the status of its response.

    `repeatable` says whether carrying the request out twice does no harm, which is False only for a
    creation that nothing makes unique; `replayed` and `key_in_use` whether the response is a stored
    one, or the 409 of a key in use; `may_have_run` is of the earlier tries of the call.
    """
    if outcome in (Failure.FINAL, Failure.EXHAUSTED, Failure.SESSION):
        return Verdict.FAIL
    if method == "GET":
        again = isinstance(outcome, Failure) or outcome in _READ_AGAIN
    elif method == "DELETE":
        if outcome == 404 and may_have_run:
            return Verdict.DONE
        again = isinstance(outcome, Failure) or outcome in _DELETE_AGAIN
    elif key_in_use:
        return Verdict.WAIT
    elif replayed:
        return Verdict.NEXT_KEY if outcome == 429 else Verdict.FAIL
    elif outcome is Failure.TIMED_OUT or outcome in _UNSURE:
        again = repeatable
    else:
        again = isinstance(outcome, Failure) or outcome in _WRITE_AGAIN
    return Verdict.RETRY if again else Verdict.FAIL


def may_have_run(outcome: Failure | int) -> bool:
    """Whether the service may have carried out a try that ended like this."""
    if isinstance(outcome, Failure):
        return outcome not in (Failure.NOT_SENT, Failure.FINAL)
    return outcome < 400 or outcome == 408 or outcome >= 500


def backoff(retry: int, cap: float = BACKOFF_CAP) -> float:
    """Seconds to wait before retry number ``retry`` (from 1): full jitter."""
    ceiling = min(cap, BACKOFF_BASE * 2.0 ** min(retry - 1, 16))
    return random.uniform(0.0, ceiling)


#: What a new client takes for its backoff: the last one. The test kit adds a shorter one meanwhile.
BACKOFFS: list[Callable[[int, float], float]] = [backoff]


_FOREVER = 1e9
_SECONDS = r"[0-9]+(?:\.[0-9]+)?"


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a ``Retry-After`` header, or until its date (RFC 9110, 10.2.3).

    A header that came several times, as ``2, 5``, means the longest of its waits, and a
    fraction of a second counts as a whole one. Never negative; None if it is absent or means
    nothing. `now` is in seconds since the epoch.
    """
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    if all(re.fullmatch(_SECONDS, part) for part in parts):
        return float(math.ceil(min(max(map(float, parts)), _FOREVER)))
    try:
        moment = parsedate_to_datetime(value.strip())
        if moment.tzinfo is None:  # asctime's form has none, and means GMT
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, moment.timestamp() - now)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


class Budget:
    """A token bucket that lets a client retry now and then, but not storm an outage.

    The figures are those of botocore's standard mode: 500 tokens, 5 for a retry, 10
    for one after a timeout; a retry that helped gives its tokens back, and a call
    that needed none adds one.
    """

    CAPACITY = 500
    RETRY_COST = 5
    TIMEOUT_COST = 10

    def __init__(self) -> None:
        self._tokens = self.CAPACITY
        self._lock = threading.Lock()

    def take(self, outcome: Failure | int) -> int:
        """Take the tokens for one retry; 0 means that there are not enough."""
        slow = outcome is Failure.TIMED_OUT or outcome in _SLOW
        cost = self.TIMEOUT_COST if slow else self.RETRY_COST
        with self._lock:
            if self._tokens < cost:
                return 0
            self._tokens -= cost
        return cost

    def give(self, tokens: int) -> None:
        """Put tokens back after a success."""
        if self._tokens < self.CAPACITY:
            with self._lock:
                self._tokens = min(self.CAPACITY, self._tokens + tokens)
