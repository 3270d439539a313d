"""One call: tries, waits, logs, and takes the envelope off what comes back.

`exchange` makes a single request and `retry` says what may follow it; here the two are
joined within the limits of the call, and whatever happened becomes an `ApiResponse`
or one of the package's own errors.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, Optional, Union

from customers_sdk._http import keys, late, retry
from customers_sdk._http.call import KEYED, WRITES, ApiResponse, Call
from customers_sdk._http.exchange import Answer, exchange
from customers_sdk._http.failures import NoAnswer
from customers_sdk._http.progress import Failed, Progress, examine
from customers_sdk._http.retry import Verdict
from customers_sdk._http.session import Sender
from customers_sdk._settings import Limits, Secret
from customers_sdk.errors import RequestTimeoutError, ResponseFormatError

if TYPE_CHECKING:
    from customers_sdk._http.attempt import Attempt

log = logging.getLogger("customers_sdk")

_LONGEST_ID = 200


class _Process:
    """What must not be shared between processes: sockets, and the lock of the budget."""

    def __init__(self, sender: Sender) -> None:
        self.id = os.getpid()
        self.sender = sender
        self.budget = retry.Budget()


class Transport:
    """Makes calls to one service with one key; safe in threads and after a fork.

    Key and app scope idempotency keys. The clock's seconds only ever grow; the backoff is the
    seconds before a retry, from its number and the longest wait.
    """

    def __init__(
        self,
        sender: Sender,
        *,
        base_url: str,
        api_key: str,
        app_id: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        backoff: Callable[[int, float], float] = retry.backoff,
        on_attempt: Callable[[Attempt], object] | None = None,
    ) -> None:
        self._process = _Process(sender)
        self.base_url = base_url
        self._api_key = Secret(api_key)
        self._app_id = app_id
        self._clock = clock
        self._sleep = sleep
        self._backoff = backoff
        self._on_attempt = on_attempt

    def close(self) -> None:
        """Close the idle connections."""
        if self._process.id == os.getpid():
            self._process.sender.close()

    def remaining(self, limits: Limits) -> Callable[[], Limits]:
        """Limits for several calls that share one deadline: what is left of it each time.

        What is returned raises `RequestTimeoutError` when nothing is left.
        """
        ends = self._clock() + limits.deadline

        def rest() -> Limits:
            left = ends - self._clock()
            if left <= 0:
                raise RequestTimeoutError(
                    f"{self.base_url}: the deadline of {limits.deadline:.4g} s has passed, and so "
                    "the next request was not made"
                )
            return limits._replace(deadline=left)

        return rest

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a client holds a secret key and open connections and can be neither pickled nor "
            "copied: make one in the process that needs it, for instance from the NODERAILS_* "
            "variables"
        )

    def send(self, call: Call) -> ApiResponse:
        """Make a call.

        Raises:
            ApiError: the service responded with an error.
            TransportError: no response came.
            ResponseFormatError: a response came that is not the service's.
            ConfigurationError: the proxies of the environment cannot be read.
        """
        process = self._process
        if process.id != os.getpid():
            process = self._process = _Process(process.sender.after_fork())
        progress = Progress(call, self._clock)
        while True:
            outcome = self._request(process, progress)
            if outcome.resent and call.method in WRITES:
                # The session's own retry: of its earlier tries nothing is known.
                progress.may_have_run = True
            if isinstance(outcome, Answer) and (outcome.status < 300 or outcome.status == 304):
                process.budget.give(progress.tokens or 1)
                self._tell(progress, outcome, None)
                return _open(progress, outcome)
            if isinstance(outcome, NoAnswer) and outcome.hooks_own is not None:
                self._tell(progress, outcome, None)
                raise outcome.hooks_own
            progress.may_have_run_before = progress.may_have_run
            failed = examine(outcome, keyed=call.method in KEYED)
            verdict = retry.verdict(
                call.method,
                failed.kind,
                repeatable=call.repeatable,
                replayed=failed.replayed,
                key_in_use=failed.key_in_use,
                may_have_run=progress.may_have_run,
            )
            if verdict is Verdict.DONE:
                self._tell(progress, outcome, None)
                return progress.response(204, {})
            progress.may_have_run |= (
                # Under a derived key it is another process's write.
                not call.derived
                if failed.key_in_use
                else call.method in WRITES and retry.may_have_run(failed.kind)
            )
            wait, stop = _next(progress, failed, verdict, process.budget, self._backoff)
            self._tell(progress, outcome, None if stop is not None else wait)
            if stop is None and wait >= progress.ends - self._clock():  # a slow observer
                stop = _no_time(call)
            if stop is not None:
                raise progress.error(outcome, failed, stop, self.base_url)
            self._sleep(wait)

    def _request(self, process: _Process, progress: Progress) -> Union[Answer, NoAnswer]:
        """Make one request and log it."""
        call = progress.call
        progress.requests += 1
        progress.tries += 1
        progress.request_id = os.urandom(16).hex()
        headers = {**call.headers, "x-request-id": progress.request_id}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if progress.key is not None:
            headers["Idempotency-Key"] = Secret(
                keys.scope(
                    self._api_key,
                    None if call.derived else self._app_id,
                    call.method,
                    call.path,
                    progress.key,
                    progress.key_generation,
                )
            )
        started = self._clock()
        outcome = exchange(process.sender, call, headers, progress.ends, self._clock)
        progress.seconds = self._clock() - started
        if isinstance(outcome, Answer):
            echoed = outcome.headers.get("x-request-id", "")
            if _is_printable(echoed):  # it goes into logs
                progress.request_id = echoed
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s %s: %s, try %d, %.1f ms, request id %s",
                call.method,
                call.route,
                outcome.status if isinstance(outcome, Answer) else outcome.failure.value,
                progress.requests,
                progress.seconds * 1000,
                progress.request_id,
            )
        return outcome

    def _tell(
        self, progress: Progress, outcome: Union[Answer, NoAnswer], retry_in: float | None
    ) -> None:
        """Tell the observer of the request that was made last."""
        if self._on_attempt is None:
            return
        late.load(late.OBSERVED)
        from customers_sdk._http.attempt import tell

        tell(self._on_attempt, progress, outcome, retry_in)


def _open(progress: Progress, answer: Answer) -> ApiResponse:
    """Take the envelope off a success."""
    response = progress.response(answer.status, answer.headers)
    if answer.status in (204, 304):
        return response
    if answer.flaw:
        raise response.mismatch(answer.flaw)
    try:
        response.data, response.pagination = late.schema.unwrap(late.codec.loads(answer.body))
    except ResponseFormatError as error:
        raise response.mismatch(error.args[0]) from None
    return response


def _is_printable(request_id: str) -> bool:
    return (
        0 < len(request_id) <= _LONGEST_ID
        and request_id.isascii()
        and request_id.isprintable()
        and " " not in request_id
    )


def _next(
    progress: Progress,
    failed: Failed,
    verdict: Verdict,
    budget: retry.Budget,
    backoff: Callable[[int, float], float],
) -> tuple[float, Optional[str]]:
    """How long to wait before another try, and why there is none, if there is none."""
    left = progress.ends - progress.clock()
    call = progress.call
    wait = 0.0
    if verdict is Verdict.WAIT:
        progress.waits_for_key += 1
        progress.tries -= 1
        wait = backoff(progress.waits_for_key, retry.KEY_IN_USE_CAP)
    elif verdict is Verdict.NEXT_KEY and progress.key_generation <= call.limits.max_retries:
        progress.key_generation += 1
        progress.tries -= 1
    elif verdict is Verdict.RETRY and progress.tries <= call.limits.max_retries:
        wait = max(backoff(progress.tries, retry.BACKOFF_CAP), failed.retry_after or 0.0)
    else:
        return 0.0, ""
    if wait >= left:
        return 0.0, _no_time(call)
    if verdict is Verdict.RETRY:
        progress.tokens = budget.take(failed.kind)
        if not progress.tokens:
            return 0.0, "not retried: too many calls of this client are failing"
    return wait, None


def _no_time(call: Call) -> str:
    return f"the deadline of {call.limits.deadline:.4g} s leaves no time for another try"
