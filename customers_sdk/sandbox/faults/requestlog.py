"""What was sent to a sandbox, and what it responded."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

import attrs

#: How many requests a sandbox on a port remembers, and the size of their bodies in all.
MOST_KEPT = 10_000
MOST_BYTES = 64 * 1024 * 1024

#: How much of one response's body is kept.
LONGEST_RESPONSE = 256 * 1024

# After this many seconds an equal request counts as a call of its own, not as a retry.
_RETRY_SECONDS = 30.0
_SECRETS = ("HTTP_X_API_KEY", "HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION", "HTTP_COOKIE")
_ONE_CUSTOMER = re.compile(
    rb'\{"success":true,"data":\{"id":"([^"]+)","appId":"[^"]*","externalId":("(?:[^"\\]|\\.)*")?'
)
_CUSTOMER_PATH = re.compile(r"/customers/([^/]+)", re.IGNORECASE)

# What a row of the console's list shows of a request.
_LISTED = (
    *("number", "call", "method", "path", "query", "idempotency_key"),
    *("status", "replayed", "faults", "sent_at", "seconds"),
)

# Status, headers and body of a response.
Made = tuple[int, "list[tuple[str, str]]", bytes]


@attrs.define(eq=False, repr=False)
class SentRequest:
    """One request that reached the sandbox.

    Attributes:
        number: its place in the log, from 1.
        method: in upper case.
        path: as it was sent, percent-encoded, without the query.
        query: the percent-encoded query, or "".
        body: as it was sent.
        idempotency_key: the ``Idempotency-Key`` header as it was sent, or None. The client scopes a
            key before it sends it, so this is not the caller's own form; it is the same for the
            tries of one call.
        status: the status that the caller was sent; None while the request runs, and where no
            response reached the caller.
        replayed: whether the response was the one stored under the idempotency key.
        faults: the names of the faults that were injected, ``("drop_answer_next",)`` for instance.
        sent_at: when it came, in seconds since 1970.
        seconds: how long the sandbox took; None while the request runs.
        response: what the service made, as ``(status, headers, body)`` with at most the first
            256 KiB of the body, even if it was lost on its way; None in process, and where nothing
            was made or too much has been sent since.
    """

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    _headers: dict[str, str] = attrs.Factory(dict)
    idempotency_key: str | None = None
    faults: tuple[str, ...] = ()
    number: int = 0
    version: int = 0  # counts what changed in the log
    call: int = 0  # the number of the call's first try, once it was looked at
    status: int | None = None
    replayed: bool = False
    sent_at: float = attrs.Factory(time.time)
    seconds: float | None = None
    response: Made | None = None
    started: float = attrs.Factory(time.perf_counter)

    @property
    def json(self) -> Any:
        """The body as it was sent, decoded at each call; None if it is not JSON or too deep."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def headers(self) -> dict[str, str]:
        """Those that were sent, by lower-case name, without the key; empty in process."""
        return {
            name.replace("HTTP_", "", 1).replace("_", "-").lower(): value
            for name, value in self._headers.items()
        }

    @property
    def customer(self) -> tuple[str | None, str | None]:
        """The id and the external id of the one customer that it concerns, as far as known."""
        made = self.response and _ONE_CUSTOMER.match(self.response[2])
        if made:
            return made[1].decode(), json.loads(made[2]) if made[2] else None
        named = _CUSTOMER_PATH.match(self.path)
        if named:
            return named[1], None
        sent = self.json if self.method == "POST" and self.body else None
        given = sent.get("externalId") if isinstance(sent, dict) else None
        return None, given if isinstance(given, str) else None

    @property
    def failed(self) -> bool:
        """Whether a client may have sent it again."""
        return self.status is None or self.status in (408, 409, 429) or self.status >= 500

    @property
    def size(self) -> int:
        """How many bytes of bodies it holds."""
        return len(self.body) + (len(self.response[2]) if self.response else 0)

    def summary(self) -> dict[str, Any]:
        """Return a row of the console's list."""
        customer_id, external_id = self.customer
        row = {name: getattr(self, name) for name in _LISTED}
        return {**row, "customer_id": customer_id, "external_id": external_id}

    def details(self) -> dict[str, Any]:
        """Return all that is known of it, as the console opens it."""
        response, sent = None, self.body.decode("utf-8", "replace")
        if self.response is not None:
            status, headers, body = self.response
            text = body.decode("utf-8", "replace")
            response = {"status": status, "headers": headers, "body": text}
        return {**self.summary(), "headers": self.headers, "body": sent, "response": response}

    def to_dict(self) -> dict[str, Any]:
        """Return what ``/_sandbox/requests`` shows of it."""
        names = ("method", "path", "query", "json", "idempotency_key", "status", "replayed")
        return {**{name: getattr(self, name) for name in names}, "faults": list(self.faults)}

    def __repr__(self) -> str:
        """Method, path and status; the body may name a person."""
        return f"<SentRequest {self.method} {self.path}: {self.status or 'no response'}>"


def shown_headers(environ: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a request, named as in WSGI, without those that hold a secret."""
    return {
        name: value
        for name, value in environ.items()
        if (name[:5] == "HTTP_" or name == "CONTENT_TYPE") and name not in _SECRETS
    }


class RequestLog:
    """The last requests, oldest first.

    `limit` is how many; None keeps all of them and none of their headers and responses.
    """

    def __init__(self, limit: int | None = MOST_KEPT) -> None:
        self.keeps_responses: bool = limit is not None
        self._entries: deque[SentRequest] = deque(maxlen=limit)
        self._guard = threading.Lock()
        self._added = self._changes = 0
        self._watcher: Callable[[SentRequest], None] | None = None
        #: Another one after each start, so that a page notices that it begins anew.
        self.run: str = secrets.token_hex(8)
        self.clear()

    def watch(self, watcher: Callable[[SentRequest], None]) -> None:
        """Have `watcher` called with each request that has ended, in the thread that served it."""
        self._watcher = watcher

    def add(self, entry: SentRequest) -> None:
        """Add the newest."""
        with self._guard:
            if len(self._entries) == self._entries.maxlen:
                self._bytes -= self._entries[0].size
            self._added += 1
            entry.number = self._added
            self._entries.append(entry)
            self._changed(entry, entry.size)

    def finish(self, entry: SentRequest, made: Made | None = None) -> None:
        """Record how a request ended; `made` is what the service made, to be kept."""
        with self._guard:
            before = entry.size
            entry.seconds = time.perf_counter() - entry.started
            if made is not None:
                status, headers, body = made
                entry.response = status, headers, body[:LONGEST_RESPONSE]
            if entry.number > self._added - len(self._entries):
                self._changed(entry, entry.size - before)
        if self._watcher is not None:
            self._watcher(entry)

    def _changed(self, entry: SentRequest, more: int) -> None:
        self._changes += 1
        entry.version = self._changes
        self._bytes += more
        if self.keeps_responses and self._bytes > MOST_BYTES:
            for old in self._entries:
                self._bytes -= old.size
                old.body, old.response = b"", None
                if self._bytes <= MOST_BYTES // 2:
                    break

    def clear(self) -> None:
        """Forget all."""
        with self._guard:
            self._entries.clear()
            self._bytes = 0
            self._by_key: dict[Any, SentRequest] = {}
            self._by_target: dict[Any, SentRequest] = {}
            self._called = self._added

    def entries(self) -> tuple[SentRequest, ...]:
        """Return all of them."""
        with self._guard:
            return tuple(self._entries)

    def entry(self, number: int) -> SentRequest | None:
        """Return the one of this number, if it is still there."""
        with self._guard:
            place = number - (self._added - len(self._entries)) - 1
            return self._entries[place] if 0 <= place < len(self._entries) else None

    def changed(self, after: int, most: int) -> tuple[list[SentRequest], int, int]:
        """Return what came or ended since a cursor, the next cursor, and the oldest number kept.

        At most `most` of them, in the order in which they changed; a cursor of 0 begins.
        """
        with self._guard:
            self._group()
            found = sorted(
                (entry for entry in self._entries if entry.version > after),
                key=lambda entry: entry.version,
            )[:most]
            cursor = found[-1].version if found else self._changes
            return found, cursor, self._added - len(self._entries) + 1

    def _group(self) -> None:
        """Find the call of each new request: same key, or the same again after a failure."""
        fresh = list(islice(reversed(self._entries), self._added - self._called))
        for entry in reversed(fresh):
            target = (entry.method, entry.path, entry.query, hash(entry.body))
            key = (entry.idempotency_key, entry.method, entry.path)
            earlier = self._by_key.get(key) if entry.idempotency_key else None
            alike = self._by_target.get(target)
            if earlier is None and alike is not None and _is_retry(alike, entry):
                earlier = alike
            entry.call = entry.number if earlier is None else earlier.call
            self._by_target[target] = self._by_key[key] = entry
        self._called = self._added
        for known in (self._by_key, self._by_target):
            if len(known) > 2 * MOST_KEPT:
                known.clear()


def _is_retry(earlier: SentRequest, later: SentRequest) -> bool:
    ended = earlier.sent_at + (earlier.seconds or 0.0)
    return earlier.failed and later.sent_at - ended < _RETRY_SECONDS
