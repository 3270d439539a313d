"""The service behind the misbehaving server: the sandbox, in process."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

import werkzeug.test

from customers_sdk import Client
from customers_sdk.sandbox.backend import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping

# Makes a client of an address, with settings of choice.
MakeClient = Callable[..., Client]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Service:
    """A sandbox that one thread works for: it opens a database connection for each.

    A context manager.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1)
        self._backend = self._worker.submit(Backend).result()
        self.api_key = self._backend.api_key
        self.app_id = self._backend.app_id

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.submit(self._backend.close).result()
        self._worker.shutdown()

    def reset(self) -> None:
        self._worker.submit(self._backend.reset).result()

    def open(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        return self._worker.submit(self._open, method, path, headers, body).result()

    def _open(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        client = werkzeug.test.Client(self._backend.application)
        with contextlib.closing(
            client.open(path, method=method, headers=headers, data=body)
        ) as response:
            return Answer(response.status_code, dict(response.headers), response.data)
