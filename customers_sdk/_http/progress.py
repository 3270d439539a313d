"""What is known of a call under way, what a failed request tells, and the error at the end."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional, Union

from customers_sdk._http import keys, retry
from customers_sdk._http.call import KEYED, ApiResponse, Call
from customers_sdk._http.exchange import Answer
from customers_sdk._http.failures import NoAnswer
from customers_sdk._http.retry import Failure
from customers_sdk.errors import (
    CustomersError,
    RequestTimeoutError,
    ResponseFormatError,
    TransportError,
    error_code,
    error_from_response,
)

# Observed (recordings create_dup_externalId_2, wallet_duplicate_exact).
_DUPLICATE = "this usually means that the external id or wallet already exists"


class Failed(NamedTuple):
    """A try that did not succeed, as far as decisions depend on it."""

    kind: Union[Failure, int]
    body: Any = None
    replayed: bool = False
    key_in_use: bool = False
    retry_after: Optional[float] = None


class Progress:
    """How far a call has come.

    Attributes:
        tries: how many of the requests count against ``max_retries``.
        waits_for_key: how often the service said that the idempotency key is in use.
        key_generation: how often the key was given up.
        may_have_run: whether a request may have been carried out.
        may_have_run_before: the same, as it was before the last request.
        tokens: what the last retry has cost of the budget.
        request_id: of the last request.
        seconds: how long it took.
        key: the idempotency key, in the caller's form.
    """

    def __init__(self, call: Call, clock: Callable[[], float]) -> None:
        self.call = call
        self.clock = clock
        self.started = clock()
        self.ends = self.started + call.limits.deadline
        self.requests = 0
        self.tries = 0
        self.waits_for_key = 0
        self.key_generation = 0
        self.may_have_run = False
        self.may_have_run_before = False
        self.tokens = 0
        self.request_id = ""
        self.seconds = 0.0
        self.key = (call.key or keys.draw()) if call.method in KEYED else None

    def _context(self) -> dict[str, Any]:
        """What both a response and an error tell of the call."""
        return {
            "request_id": self.request_id,
            "idempotency_key": None if self.call.derived else self.key,
            "attempts": self.requests,
            "elapsed": self.clock() - self.started,
        }

    def response(self, status: int, headers: Mapping[str, str]) -> ApiResponse:
        """The response of a call that has succeeded, still without its data."""
        context = {**self._context(), "earlier_try_unknown": self.may_have_run}
        return ApiResponse(self.call, status, headers, **context)

    def error(
        self, outcome: Union[Answer, NoAnswer], failed: Failed, stop: str, base_url: str
    ) -> CustomersError:
        """The error of a call that has come to its end."""
        call = self.call
        context = {**self._context(), "outcome_unknown": self.may_have_run}
        tries = "1 try" if self.requests == 1 else f"{self.requests} tries"
        notes = [f"{tries} in {context['elapsed']:.1f} s", stop]
        if self.may_have_run:
            notes.append("the write may have been carried out")
        where = f"{call.method} {call.route}, request id {self.request_id}"
        tail = f"; {'; '.join(filter(None, notes))} [{where}]"
        if failed.key_in_use:
            what = "an earlier request under the same idempotency key is still running"
            if call.derived:
                what = "another write to the same record is still running"
            return RequestTimeoutError(f"{base_url}: {what}{tail}", **context)
        if isinstance(outcome, Answer):
            return error_from_response(
                outcome.status,
                failed.body,
                hint=_DUPLICATE if call.unique and outcome.status == 500 else "",
                tail=tail,
                reason=outcome.reason,
                replayed=failed.replayed,
                retry_after=failed.retry_after,
                earlier_try_unknown=self.may_have_run_before,
                **context,
            )
        late = outcome.failure is Failure.TIMED_OUT or isinstance(outcome.cause, socket.timeout)
        error = (RequestTimeoutError if late else TransportError)(
            f"{base_url}: {_described(outcome)}{tail}", **context
        )
        error.__cause__ = outcome.cause
        return error


def examine(outcome: Union[Answer, NoAnswer], *, keyed: bool) -> Failed:
    """Read off a failed try what the next one depends on."""
    if isinstance(outcome, NoAnswer):
        return Failed(outcome.failure)
    from customers_sdk._wire import codec

    try:
        body = codec.loads(outcome.body)
    except ResponseFormatError:
        body = None
    replayed = "idempotent-replayed" in outcome.headers
    return Failed(
        outcome.status,
        body,
        replayed,
        keyed
        and outcome.status == 409
        and not replayed
        # A body that did not come whole may have said so; asking again under the key is safe.
        and (outcome.flaw is not None or error_code(body) == "idempotency_error"),
        retry.retry_after(outcome.headers.get("retry-after"), time.time()),
    )


def _described(outcome: NoAnswer) -> str:
    """What is said of a response that did not come."""
    what = outcome.failure.value
    advice = ""
    if outcome.by_proxy and outcome.failure is Failure.FINAL:
        what = "the proxy does not connect to the service"
        advice = ": check its URL, or ask its operator"
    elif outcome.by_proxy:
        what = f"through the proxy, {what}"
    if outcome.status:
        if outcome.failure is not Failure.SESSION:
            what = "the body did not come whole"
        what = f"the service responded with {outcome.status}, but {what}"
    if outcome.cause is not None:
        text = f": {outcome.cause}" if outcome.cause.args else ""
        return f"{what} ({type(outcome.cause).__name__}{text}){advice}"
    return f"{what} ({outcome.raised})" if outcome.raised else what
