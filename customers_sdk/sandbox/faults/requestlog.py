"""What was sent to a sandbox, and what became of it."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import Any, Optional

#: How many requests a sandbox on a port remembers.
MOST_KEPT = 1000


class SentRequest:
    """One request that reached the sandbox.

    Attributes:
        method: in upper case.
        path: as it was sent, percent-encoded, without the query.
        query: the percent-encoded query, or "".
        idempotency_key: the ``Idempotency-Key`` header as it was sent, or None. The client scopes a
            key before it sends it, so this is not the caller's own form; it is the same for the
            tries of one call.
        status: the status that the caller was answered; None while the request runs, and where no
            answer reached the caller.
        faults: the names of the faults that were injected, ``("drop_answer_next",)`` for instance.
    """

    __slots__ = ("_body", "faults", "idempotency_key", "method", "path", "query", "status")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        body: bytes = b"",
        idempotency_key: Optional[str] = None,
        faults: tuple[str, ...] = (),
    ) -> None:
        self.method: str = method
        self.path: str = path
        self.query: str = query
        self.idempotency_key: Optional[str] = idempotency_key
        self.status: Optional[int] = None
        self.faults: tuple[str, ...] = faults
        self._body = body

    @property
    def json(self) -> Any:
        """The body as it was sent, decoded at each call; None if there was none, or no JSON."""
        try:
            return json.loads(self._body)
        except ValueError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """What ``/_sandbox/requests`` shows of it."""
        names = ("method", "path", "query", "json", "idempotency_key", "status")
        return {**{name: getattr(self, name) for name in names}, "faults": list(self.faults)}

    def __repr__(self) -> str:
        """Method, path and status; the body may name a person."""
        return f"<SentRequest {self.method} {self.path}: {self.status or 'no answer'}>"


class RequestLog:
    """The last requests, oldest first; `limit` is how many, None all of them."""

    def __init__(self, limit: Optional[int] = MOST_KEPT) -> None:
        self._entries: deque[SentRequest] = deque(maxlen=limit)
        self._guard = threading.Lock()

    def add(self, entry: SentRequest) -> None:
        """Adds the newest."""
        with self._guard:
            self._entries.append(entry)

    def clear(self) -> None:
        """Forgets all."""
        with self._guard:
            self._entries.clear()

    def entries(self) -> tuple[SentRequest, ...]:
        """All of them."""
        with self._guard:
            return tuple(self._entries)
