"""A server and its client on one thread, so that a count of instructions is the same twice.

Waitress reads, parses and writes as it always does, over a real socket. Only its threads are left
out: the client runs the server's loop, and the tasks that the loop would hand to other threads.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import flask
import waitress

from bench import data
from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.server import Server

Call = Callable[[], bytes]

RETRIEVE = ("GET", f"/customers/{data.CUSTOMER_ID}")
LIST = ("GET", f"/customers?appId={data.APP_ID}&page=1&pageSize={data.PAGE_SIZE}")
CREATE = ("POST", "/customers")

_HEADERS = {"Host": "127.0.0.1", **data.HEADERS, "Content-Type": "application/json"}


class _Alone(Server):
    """The sandbox's server without its threads."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._server.task_dispatcher.shutdown()
        self._thread.join()

    def _run(self) -> None:
        """Leave the loop to the client."""


class _Tasks(deque[Any]):
    """What waitress would hand to its threads."""

    add_task = deque.append

    def shutdown(self) -> None:
        """There is no thread to stop."""


class _Line:
    """A client of one connection."""

    def __init__(self, server: Any, connection: socket.socket) -> None:
        self._server = server
        self._tasks = server.task_dispatcher = _Tasks()
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(0)

    def call(self, request: bytes) -> bytes:
        """Send a request, and let the server respond."""
        self._socket.sendall(request)
        received = b""
        while not _whole(received):
            self._server.asyncore.loop(timeout=1, map=self._server._map, use_poll=True, count=1)
            while self._tasks:
                self._tasks.popleft().service()
            with contextlib.suppress(BlockingIOError):
                received += self._socket.recv(1 << 17)
        if received[9:10] != b"2":
            raise RuntimeError(received.decode())
        return received


def _whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


def _requests(method: str, path: str) -> Iterator[bytes]:
    """The same request again and again; a creation has a new idempotency key each time."""
    sent = {"appId": data.APP_ID, "email": "ada@example.com", "name": "Ada"}
    body = json.dumps(sent) if method == "POST" else ""
    number = 0
    while True:
        number += 1
        more = {"Content-Length": len(body), "Idempotency-Key": f"key-{number:06d}"} if body else {}
        lines = [f"{name}: {value}" for name, value in {**_HEADERS, **more}.items()]
        yield "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", body]).encode()


@contextlib.contextmanager
def sandbox(method: str, path: str) -> Iterator[Call]:
    """A request to the sandbox, which has a full page of customers."""
    with (
        mock.patch("customers_sdk.sandbox.sandbox.Server", _Alone),
        Sandbox(api_key=data.API_KEY, app_id=data.APP_ID) as running,
    ):
        for number in range(data.PAGE_SIZE):
            identity = f"{data.CUSTOMER_ID[:-12]}{number:012d}"  # the first is that of a retrieval
            running.add_customer(id=identity, external_id=f"user-{number}", email="ada@example.com")
            for wallet in range(2):
                address = f"0x{2 * number + wallet:040x}"
                running.add_wallet(identity, chain_id=1, wallet_address=address)
        assert running._server
        with _calls(running._server._server, method, path) as call:
            yield call


@contextlib.contextmanager
def constant() -> Iterator[Call]:
    """A retrieval from Flask under waitress, which answers with a constant."""
    app = flask.Flask(__name__)
    body = data.retrieve_body()

    @app.route("/<path:_path>")
    def answer(_path: str) -> flask.Response:
        return flask.Response(body, mimetype="application/json")

    server = waitress.create_server(app, host="127.0.0.1", port=0, _dispatcher=_Tasks())
    try:
        with _calls(server, *RETRIEVE) as call:
            yield call
    finally:
        server.asyncore.close_all(server._map)


@contextlib.contextmanager
def _calls(server: Any, method: str, path: str) -> Iterator[Call]:
    with socket.create_connection((server.effective_host, server.effective_port)) as connection:
        line = _Line(server, connection)
        requests = _requests(method, path)
        yield lambda: line.call(next(requests))
