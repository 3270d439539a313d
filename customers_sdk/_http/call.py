"""What is requested of the service, and its response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from customers_sdk._settings import Limits
from customers_sdk.errors import CustomersError, IdempotencyError, ResponseFormatError

KEYED = frozenset({"POST", "PUT", "PATCH"})  # the service reads an idempotency key on these
WRITES = KEYED | {"DELETE"}


class Call(NamedTuple):
    """What is requested.

    Attributes:
        method: upper case.
        path: percent-encoded, below the base URL.
        route: the path's template, for logs and error texts: without ids.
        limits: time and tries.
        query: the percent-encoded query, or "".
        body: the encoded JSON body, or None.
        key: the caller's idempotency key; None draws one where one is needed.
        derived: whether ``key`` is no caller's, but says what the write is based on. It is then
            the same in every client with the same API key, and is told to no one.
        headers: the caller's own headers.
        unique: whether what is written must be unique, so that a duplicate may be why the
            service fails.
        repeatable: whether carrying the request out twice does no harm.
    """

    method: str
    path: str
    route: str
    limits: Limits
    query: str = ""
    body: Optional[bytes] = None
    key: Optional[str] = None
    headers: Mapping[str, str] = {}
    unique: bool = False
    repeatable: bool = True
    derived: bool = False


class ApiResponse:
    """A response of the service, out of its envelope; what `Client.request` returns.

    Attributes:
        status: the HTTP status, 2xx or 304.
        headers: the response headers, case-insensitive.
        data: the decoded ``data``, or None for a response without a body.
        pagination: the decoded ``pagination`` of a list, or None.
        request_id: the ``x-request-id``, to quote to the service's support.
        replayed: True if this is the stored response to an earlier request under the same
            idempotency key.
        idempotency_key: the key the request went under, in the caller's form, or None.
        attempts: how many requests it took.
        elapsed: the seconds they took together.
    """

    def __init__(
        self,
        call: Call,
        status: int,
        headers: Mapping[str, str],
        *,
        request_id: str,
        idempotency_key: str | None,
        attempts: int,
        elapsed: float,
        earlier_try_unknown: bool = False,
    ) -> None:
        self._call = call
        self._earlier_try_unknown = earlier_try_unknown
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        self.data: Any = None
        self.pagination: Any = None
        self.request_id: str = request_id
        self.replayed: bool = call.method in KEYED and "idempotent-replayed" in headers
        self.idempotency_key: Optional[str] = idempotency_key
        self.attempts: int = attempts
        self.elapsed: float = elapsed

    def __repr__(self) -> str:
        return f"<ApiResponse {self.status}, request id {self.request_id}>"

    def mismatch(self, what: str, *, someone_elses: bool = False) -> CustomersError:
        """The error for a response that is not what was promised, or not to what was requested."""
        call = self._call
        # A stored response under a key that was drawn for this call is this call's own.
        wrote = call.method in WRITES and not (self.replayed and call.key)
        if someone_elses and call.key:
            what += ": the key was used for a different request; use a new one"
        if self.data is None:
            what += f"; if another server gave this {self.status}, check base_url and the proxy"
        if wrote and self.data is not None:
            what += f"; its status {self.status} says that the write happened"
        elif wrote or self._earlier_try_unknown:
            what += "; the write may have been carried out"
        text = f"{what} [{call.method} {call.route}, request id {self.request_id}]"
        context: dict[str, Any] = {
            "request_id": self.request_id,
            "idempotency_key": self.idempotency_key,
            "outcome_unknown": wrote or self._earlier_try_unknown,
            "attempts": self.attempts,
            "elapsed": self.elapsed,
        }
        if someone_elses:
            return IdempotencyError(text, **context)
        return ResponseFormatError(text, status=self.status, **context)
