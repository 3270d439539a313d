"""One call: tries, waits, logs, and takes the envelope off what comes back.

`exchange` makes a single request and `retry` says what may follow it; here the two are
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
from customers_sdk._http.attempt import Attempt
from customers_sdk._http.call import WRITES, ApiResponse, Call
from customers_sdk._http.exchange import Answer, exchange
from customers_sdk._http.failures import NoAnswer
from customers_sdk._http.retry import Failure, Verdict
from customers_sdk._http.secret import Secret
from customers_sdk._http.session import Sender
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


class _Progress:
    """How far a call has come.

    Attributes:
        started, ends: on the clock.
        requests: how many were made.
        tries: how many of them count against ``max_retries``.
        waits_for_key: how often the service said that the idempotency key is in use.
        key_generation: how often the key was given up.
        may_have_run: whether a request may have been carried out.
        may_have_run_before: the same, as it was before the last request.
        tokens: what the last retry has cost of the budget.
        request_id: of the last request.
        seconds: how long the last request took.
        key: the idempotency key, in the caller's form.
    """

    def __init__(self, call: Call, now: float) -> None:
        self.started = now
        self.ends = now + call.limits.deadline
        self.requests = 0
        self.tries = 0
        self.waits_for_key = 0
        self.key_generation = 0
        self.may_have_run = False
        self.may_have_run_before = False
        self.tokens = 0
        self.request_id = ""
        self.seconds = 0.0
        self.key = (call.key or keys.draw()) if call.method in _KEYED else None


class _Failed(NamedTuple):
    """A try that did not succeed, as far as decisions depend on it."""

    kind: Union[Failure, int]
    body: Any = None
    replayed: bool = False
    key_in_use: bool = False
    retry_after: Optional[float] = None


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
        on_attempt: is told of each request; what it raises is logged and changes nothing.
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
        self._base_url = base_url
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
            ApiError: the service responded with an error.
            TransportError: no response came.
            ResponseFormatError: a response came that is not the service's.
            ConfigurationError: the proxies of the environment cannot be read.
        """
        process = self._process
        if process.id != os.getpid():
            process = self._process = _Process(process.sender.after_fork())
        progress = _Progress(call, self._clock())
        while True:
            outcome = self._request(process, call, progress)
            if isinstance(outcome, Answer) and (outcome.status < 300 or outcome.status == 304):
                process.budget.give(progress.tokens or 1)
                self._tell(call, progress, outcome, None)
                return self._open(call, progress, outcome)
            progress.may_have_run_before = progress.may_have_run
            if outcome.resent and call.method in WRITES:
                # The session's own retry: of its earlier tries nothing is known.
                progress.may_have_run_before = progress.may_have_run = True
            failed = _examine(outcome, keyed=call.method in _KEYED)
            verdict = retry.verdict(
                call.method,
                failed.kind,
                repeatable=call.repeatable,
                replayed=failed.replayed,
                key_in_use=failed.key_in_use,
                may_have_run=progress.may_have_run,
            )
            if verdict is Verdict.DONE:
                self._tell(call, progress, outcome, None)
                return self._response(call, progress, 204, {})
            progress.may_have_run |= failed.key_in_use or (
                call.method in WRITES and retry.may_have_run(failed.kind)
            )
            left = progress.ends - self._clock()
            wait, stop = _next(call, progress, failed, verdict, process.budget, left, self._backoff)
            self._tell(call, progress, outcome, None if stop is not None else wait)
            if stop is not None:
                raise self._error(call, progress, outcome, failed, stop)
            self._sleep(wait)

    def _request(
        self, process: _Process, call: Call, progress: _Progress
    ) -> Union[Answer, NoAnswer]:
        """Make one request and log it."""
        progress.requests += 1
        progress.tries += 1
        progress.request_id = request_id = os.urandom(16).hex()
        headers = {**call.headers, "x-request-id": request_id}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if progress.key is not None:
            headers["Idempotency-Key"] = Secret(
                keys.scope(
                    self._api_key,
                    self._app_id,
                    call.method,
                    call.path,
                    progress.key,
                    progress.key_generation,
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
            progress.ends,
            self._clock,
        )
        progress.seconds = self._clock() - started
        if isinstance(outcome, Answer):
            echoed = outcome.headers.get("x-request-id", "")
            if _REQUEST_ID.fullmatch(echoed):  # it goes into logs
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
        self,
        call: Call,
        progress: _Progress,
        outcome: Union[Answer, NoAnswer],
        retry_in: float | None,
    ) -> None:
        """Tell the observer of the request that was made last."""
        if self._on_attempt is None:
            return
        answered = isinstance(outcome, Answer)
        attempt = Attempt(
            call.method,
            call.route,
            progress.requests,
            outcome.status or None,
            None if isinstance(outcome, Answer) else outcome.failure.name.lower(),
            progress.seconds,
            len(call.body or b""),
            len(outcome.body) if isinstance(outcome, Answer) else 0,
            progress.request_id,
            answered and "idempotent-replayed" in outcome.headers,  # type: ignore[union-attr]
            retry_in,
        )
        try:
            self._on_attempt(attempt)
        except Exception:
            log.exception("on_attempt failed; the call goes on")

    def _error(
        self,
        call: Call,
        progress: _Progress,
        outcome: Union[Answer, NoAnswer],
        failed: _Failed,
        stop: str,
    ) -> CustomersError:
        """The error for a call that has come to its end."""
        elapsed = self._clock() - progress.started
        tries = "1 try" if progress.requests == 1 else f"{progress.requests} tries"
        notes = [f"{tries} in {elapsed:.1f} s", stop]
        if progress.may_have_run:
            notes.append("the write may have been carried out")
        where = f"{call.method} {call.route}, request id {progress.request_id}"
        tail = f"; {'; '.join(filter(None, notes))} [{where}]"
        context: dict[str, Any] = {
            "request_id": progress.request_id,
            "idempotency_key": progress.key,
            "outcome_unknown": progress.may_have_run,
            "attempts": progress.requests,
            "elapsed": elapsed,
        }
        if failed.key_in_use:
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
                retry_after=failed.retry_after,
                earlier_try_unknown=progress.may_have_run_before,
                **context,
            )
        late = outcome.failure is Failure.TIMED_OUT or isinstance(outcome.cause, socket.timeout)
        error = (RequestTimeoutError if late else TransportError)(
            f"{self._base_url}: {_described(outcome)}{tail}", **context
        )
        error.__cause__ = outcome.cause
        return error

    def _response(
        self, call: Call, progress: _Progress, status: int, headers: Mapping[str, str]
    ) -> ApiResponse:
        return ApiResponse(
            call,
            status,
            headers,
            request_id=progress.request_id,
            idempotency_key=progress.key,
            attempts=progress.requests,
            elapsed=self._clock() - progress.started,
        )

    def _open(self, call: Call, progress: _Progress, answer: Answer) -> ApiResponse:
        """Take the envelope off a success."""
        response = self._response(call, progress, answer.status, answer.headers)
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


def _described(outcome: NoAnswer) -> str:
    """What is said of a response that did not come."""
    what = outcome.failure.value
    if outcome.by_proxy:
        what = f"through the proxy, {what}"
    if outcome.status and outcome.failure is Failure.SESSION:
        what = f"the service responded with {outcome.status}, but {what}"
    elif outcome.status:
        what = f"the service responded with {outcome.status}, but the body did not come whole"
    if outcome.cause is not None:
        return f"{what} ({type(outcome.cause).__name__}: {outcome.cause})"
    return f"{what} ({outcome.raised})" if outcome.raised else what


def _examine(outcome: Union[Answer, NoAnswer], *, keyed: bool) -> _Failed:
    """Read off a failed try what the next one depends on."""
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
    progress: _Progress,
    failed: _Failed,
    verdict: Verdict,
    budget: retry.Budget,
    left: float,
    backoff: Callable[[int, float], float],
) -> tuple[float, Optional[str]]:
    """How long to wait before another try, and why there is none, if there is none."""
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
        return 0.0, f"the deadline of {call.limits.deadline:g} s leaves no time for another try"
    if verdict is Verdict.RETRY:
        progress.tokens = budget.take(failed.kind)
        if not progress.tokens:
            return 0.0, "not retried: too many calls of this client are failing"
    return wait, None
