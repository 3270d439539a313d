"""The client that a command talks through, and what its lists warn of."""

from __future__ import annotations

import contextlib
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from customers_sdk.cli._output import say

if TYPE_CHECKING:
    from customers_sdk._http.attempt import Attempt
    from customers_sdk.client import Client

_RETRIES = 5
# Seconds: how long the service must fail until that is said, and until it is said again.
_WHILE = 5.0
_BETWEEN = 15.0


def connect(**options: Any) -> Client:
    """A client of the environment's settings, for a person who waits."""
    from customers_sdk.client import Client

    return Client(user_agent="customers-cli", allow_http=http_allowed(), **options)


def http_allowed() -> bool:
    """Whether the key may go in the clear, such as to a sandbox in another container."""
    return os.environ.get("NODERAILS_ALLOW_HTTP") == "1"


def connect_patiently() -> Client:
    """A client for an unattended job, which costs more to restart than to wait for."""
    return connect(max_retries=_RETRIES, deadline=120, on_attempt=Waiting())


class Waiting:
    """Says on standard error, now and then, that a command waits for the service.

    One failure that a retry settles is not worth a line: the service must have been failing for a
    while, or the wait until the next try must be long.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failing_since: float | None = None
        self._told = -math.inf

    def __call__(self, attempt: Attempt) -> None:
        """Take note of one request; called from several threads."""
        now = self._clock()
        if attempt.status is not None and attempt.status < 500 and not attempt.will_retry:
            self._failing_since = None
            return
        if self._failing_since is None:
            self._failing_since = now - attempt.seconds
        failing = now - self._failing_since
        wait = attempt.retry_in or 0.0
        if attempt.will_retry and failing + wait >= _WHILE and now - self._told >= _BETWEEN:
            self._told = now
            does = f"responds with {attempt.status}" if attempt.status else "does not respond"
            tries = f"try {attempt.number + 1} of {_RETRIES + 1}"
            say(f"customers: The service {does}. Retrying in {math.ceil(wait)} s ({tries}).")


@contextlib.contextmanager
def incomplete_lists() -> Iterator[list[str]]:
    """Collect what `IncompleteListWarning` says meanwhile, and say it in one line at the end."""
    from customers_sdk.pagination import IncompleteListWarning

    missed: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", IncompleteListWarning)
        show = warnings.showwarning

        def keep(message: Any, category: type[Warning], *rest: Any, **options: Any) -> None:
            if issubclass(category, IncompleteListWarning):
                missed.append(str(message))
            else:
                show(message, category, *rest, **options)

        warnings.showwarning = keep  # catch_warnings puts it back
        yield missed
    if missed:
        more = f" (and {len(missed) - 1} more of its kind)" if len(missed) > 1 else ""
        say(f"customers: {missed[0]}{more}")
