"""One call: tries, waits, logs, and takes the envelope off what comes back.

`exchange` makes a single one and `retry` says what may follow it; here the two are
joined within the limits of the call, and whatever happened becomes an `ApiResponse`
or one of the package's own errors.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn, Optional, Union

from customers_sdk._http import keys, retry
from customers_sdk._http.call import WRITES, ApiResponse, Call
from customers_sdk._http.exchange import Answer, NoAnswer, exchange
from customers_sdk._http.retry import Failure, Verdict
from customers_sdk._http.session import Secret, Sender
from customers_sdk._settings import Limits
from customers_sdk.errors import (
    CustomersError,
    RequestTimeoutError,
    ResponseFormatError,
    TransportError,
    error_code,
    error_from_response,
)

log = logging.getLogger("customers_sdk")

_KEYED = frozenset({"POST", "PUT", "PATCH"})
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,200}")

# Observed (recordings create_dup_externalId_2, wallet_duplicate_exact).
_DUPLICATE = "this usually means that the external id or wallet already exists"


class _Tally:
    """What has happened to a call so far."""

    def __init__(self, call: Call, now: float) -> None:
        self.started = now
        self.ends = now + call.limits.deadline
        self.requests = 0
        self.tries = 0
        self.busy = 0
        self.generation = 0
        self.doubt = False
        self.earlier_doubt = False
        self.tokens = 0
        self.request_id = ""
        self.key = (call.key or keys.draw()) if call.method in _KEYED else None


class _Failed(NamedTuple):
    """A try that did not succeed, as far as decisions go."""

    kind: Union[Failure, int]
    body: Any = None
    replayed: bool = False
    busy: bool = False
    asked: Optional[float] = None


class _Process:
    """What must not be shared between processes: sockets, and the lock of the budget."""

    def __init__(self, sender: Sender) -> None:
        self.id = os.getpid()
        self.sender = sender
        self.budget = retry.Budget()


class Transport:
    """Makes calls to one service with one key; safe in threads and after a fork.

    Args:
        sender: what sends the requests.
        base_url: the service, for error texts.
        api_key: the key that scopes idempotency keys.
        app_id: the app that scopes them.
        clock: seconds that only ever grow.
        sleep: waits for seconds.
        backoff: seconds to wait before a retry, from its number and the longest wait.
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
    ) -> None:
        self._process = _Process(sender)
        self._base_url = base_url
        self._api_key = Secret(api_key)
        self._app_id = app_id
        self._clock = clock
        self._sleep = sleep
        self._backoff = backoff

    def close(self) -> None:
        """Close the idle connections."""
        if self._process.id == os.getpid():
            self._process.sender.close()

    @property
    def base_url(self) -> str:
        """The service's address."""
        return self._base_url

    def remaining(self, limits: Limits) -> Callable[[], Limits]:
        """Limits for several calls that share one deadline: what is left of it each time."""
        ends = self._clock() + limits.deadline
        return lambda: limits._replace(deadline=max(ends - self._clock(), 0.001))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a client holds a secret key and open connections and can be neither pickled nor "
            "copied: make one in the process that needs it, for instance from the NODERAILS_* "
            "variables"
        )

    def send(self, call: Call) -> ApiResponse:
        """Make a call.

        Raises:
            ApiError: the service answered with an error.
            TransportError: no answer came.
            ResponseFormatError: an answer came that is not the service's.
        """
        process = self._process
        if process.id != os.getpid():
            process = self._process = _Process(process.sender.after_fork())
        tally = _Tally(call, self._clock())
        while True:
            outcome = self._try(process, call, tally)
            if isinstance(outcome, Answer) and (outcome.status < 300 or outcome.status == 304):
                process.budget.give(tally.tokens or 1)
                return self._open(call, tally, outcome)
            failed = _examine(outcome, keyed=call.method in _KEYED)
            verdict = retry.verdict(
                call.method,
                failed.kind,
                repeatable=call.repeatable,
                replayed=failed.replayed,
                busy=failed.busy,
                doubt=tally.doubt,
            )
            if verdict is Verdict.DONE:
                return self._response(call, tally, 204, {})
            tally.earlier_doubt = tally.doubt
            tally.doubt |= failed.busy or (
                call.method in WRITES and retry.may_have_run(failed.kind)
            )
            left = tally.ends - self._clock()
            wait, stop = _next(call, tally, failed, verdict, process.budget, left, self._backoff)
            if stop is not None:
                raise self._error(call, tally, outcome, failed, stop)
            self._sleep(wait)

    def _try(self, process: _Process, call: Call, tally: _Tally) -> Union[Answer, NoAnswer]:
        """Make one request and log it."""
        tally.requests += 1
        tally.tries += 1
        tally.request_id = request_id = os.urandom(16).hex()
        headers = {**call.headers, "x-request-id": request_id}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if tally.key is not None:
            headers["Idempotency-Key"] = Secret(
                keys.scope(
                    self._api_key, self._app_id, call.method, call.path, tally.key, tally.generation
                )
            )
        target = f"{call.path}?{call.query}" if call.query else call.path
        started = self._clock()
        outcome = exchange(
            process.sender,
            call.method,
            target,
            headers,
            call.body,
            call.limits.timeout,
            tally.ends,
            self._clock,
        )
        if isinstance(outcome, Answer):
            echoed = outcome.headers.get("x-request-id", "")
            if _REQUEST_ID.fullmatch(echoed):  # it goes into logs
                tally.request_id = echoed
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s %s: %s, try %d, %.1f ms, request id %s",
                call.method,
                call.route,
                outcome.status if isinstance(outcome, Answer) else outcome.failure.value,
                tally.requests,
                (self._clock() - started) * 1000,
                tally.request_id,
            )
        return outcome

    def _error(
        self,
        call: Call,
        tally: _Tally,
        outcome: Union[Answer, NoAnswer],
        failed: _Failed,
        stop: str,
    ) -> CustomersError:
        """The error for a call that has come to its end."""
        elapsed = self._clock() - tally.started
        tries = "1 try" if tally.requests == 1 else f"{tally.requests} tries"
        notes = [f"{tries} in {elapsed:.1f} s", stop]
        if tally.doubt:
            notes.append("the write may have been carried out all the same")
        where = f"{call.method} {call.route}, request id {tally.request_id}"
        tail = f"; {'; '.join(filter(None, notes))} [{where}]"
        context: dict[str, Any] = {
            "request_id": tally.request_id,
            "idempotency_key": tally.key,
            "outcome_unknown": tally.doubt,
            "attempts": tally.requests,
            "elapsed": elapsed,
        }
        if failed.busy:
            what = "an earlier request under the same idempotency key is still running"
            return RequestTimeoutError(f"{self._base_url}: {what}{tail}", **context)
        if isinstance(outcome, Answer):
            return error_from_response(
                outcome.status,
                failed.body,
                hint=_DUPLICATE if call.unique and outcome.status == 500 else "",
                tail=tail,
                reason=outcome.reason,
                replayed=failed.replayed,
                retry_after=failed.asked,
                earlier_try_unknown=tally.earlier_doubt,
                **context,
            )
        what = outcome.failure.value
        if outcome.by_proxy:
            what = f"by way of the proxy, {what}"
        if outcome.status:
            what = f"the service answered {outcome.status}, but the body did not come whole"
        if outcome.cause is not None:
            what += f" ({type(outcome.cause).__name__}: {outcome.cause})"
        late = outcome.failure is Failure.TIMED_OUT or isinstance(outcome.cause, socket.timeout)
        error = (RequestTimeoutError if late else TransportError)(
            f"{self._base_url}: {what}{tail}", **context
        )
        error.__cause__ = outcome.cause
        return error

    def _response(
        self, call: Call, tally: _Tally, status: int, headers: Mapping[str, str]
    ) -> ApiResponse:
        return ApiResponse(
            call,
            status,
            headers,
            request_id=tally.request_id,
            idempotency_key=tally.key,
            attempts=tally.requests,
            elapsed=self._clock() - tally.started,
        )

    def _open(self, call: Call, tally: _Tally, answer: Answer) -> ApiResponse:
        """Take the envelope off a success."""
        response = self._response(call, tally, answer.status, answer.headers)
        if answer.status in (204, 304):
            return response
        if answer.flaw:
            raise response.mismatch(answer.flaw)
        from customers_sdk._wire import codec, schema

        try:
            response.data, response.pagination = schema.unwrap(codec.loads(answer.body))
        except ResponseFormatError as error:
            raise response.mismatch(str(error)) from None
        return response


def _examine(outcome: Union[Answer, NoAnswer], *, keyed: bool) -> _Failed:
    """Read off a failed try what decides about the next."""
    if isinstance(outcome, NoAnswer):
        return _Failed(outcome.failure)
    from customers_sdk._wire import codec

    try:
        body = codec.loads(outcome.body)
    except ResponseFormatError:
        body = None
    replayed = "idempotent-replayed" in outcome.headers
    return _Failed(
        outcome.status,
        body,
        replayed,
        keyed
        and outcome.status == 409
        and not replayed
        and error_code(body) == "idempotency_error",
        retry.retry_after(outcome.headers.get("retry-after"), time.time()),
    )


def _next(
    call: Call,
    tally: _Tally,
    failed: _Failed,
    verdict: Verdict,
    budget: retry.Budget,
    left: float,
    backoff: Callable[[int, float], float],
) -> tuple[float, Optional[str]]:
    """How long to wait before another try, and why there is none, if there is none."""
    wait = 0.0
    if verdict is Verdict.WAIT:
        tally.busy += 1
        tally.tries -= 1
        wait = backoff(tally.busy, retry.BUSY_CAP)
    elif verdict is Verdict.NEXT_KEY and tally.generation <= call.limits.max_retries:
        tally.generation += 1
        tally.tries -= 1
    elif verdict is Verdict.RETRY and tally.tries <= call.limits.max_retries:
        wait = max(backoff(tally.tries, retry.BACKOFF_CAP), failed.asked or 0.0)
    else:
        return 0.0, ""
    if wait >= left:
        return 0.0, f"the deadline of {call.limits.deadline:g} s leaves no time for another try"
    if verdict is Verdict.RETRY:
        tally.tokens = budget.take(failed.kind)
        if not tally.tokens:
            return 0.0, "not tried again: too many calls of this client are failing"
    return wait, None
