"""What an observer of a client is told about each request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, Optional, Union

from customers_sdk._http.exchange import Answer
from customers_sdk._http.failures import NoAnswer
from customers_sdk._http.progress import Progress

log = logging.getLogger("customers_sdk")


class Attempt(NamedTuple):
    """One request that a client made; what ``Client(on_attempt=…)`` is called with.

    It holds no personal data, no key and no URL, so that it may go into logs and metrics as it is.

    Attributes:
        method: the HTTP method, upper case.
        route: the path's template, ``/customers/{id}``.
        number: which request of its call this was, from 1.
        status: the HTTP status, or None if no response came.
        failure: why no whole response came, or None: ``not_sent`` (no connection could be made),
            ``dropped`` (the connection broke), ``timed_out``, ``exhausted`` (the retries of the
            session's own adapter ran out), ``session`` (other code of the session failed),
            ``final`` (the request cannot be sent like this).
        seconds: how long it took, its body included.
        bytes_sent: the length of the request body.
        bytes_received: the length of the response body, decoded; 0 if it did not come whole.
        request_id: the ``x-request-id``, to quote to the service's support.
        replayed: True if the response is the stored one to an earlier request under the same
            idempotency key.
        retry_in: the seconds until the client makes the next request of this call, or None if
            this was the last one. An observer that takes until the deadline of the call has the
            client end it instead.
    """

    method: str
    route: str
    number: int
    status: Optional[int]
    failure: Optional[str]
    seconds: float
    bytes_sent: int
    bytes_received: int
    request_id: str
    replayed: bool
    retry_in: Optional[float]

    @property
    def will_retry(self) -> bool:
        """Whether the client makes another request of this call."""
        return self.retry_in is not None


def tell(
    on_attempt: Callable[[Attempt], object],
    progress: Progress,
    outcome: Union[Answer, NoAnswer],
    retry_in: float | None,
) -> None:
    """Tell an observer of the request that was made last."""
    call = progress.call
    answer = outcome if isinstance(outcome, Answer) else None
    attempt = Attempt(
        call.method,
        call.route,
        progress.requests,
        outcome.status or None,
        outcome.failure.name.lower() if isinstance(outcome, NoAnswer) else None,
        progress.seconds,
        len(call.body or b""),
        len(answer.body) if answer else 0,
        progress.request_id,
        answer is not None and "idempotent-replayed" in answer.headers,
        retry_in,
    )
    try:
        on_attempt(attempt)
    except Exception:
        log.exception("on_attempt failed; the call continues")
