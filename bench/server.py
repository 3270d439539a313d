"""A server of canned answers, in a process of its own.

It does as little as a server can: a thread for each connection looks up bytes and sends
them. It ends when its standard input does, and so with the process that started it.

    /customers/{id}                               one customer
    /page/customers                               a page of a hundred
    /walk/{total}/{delay}/customers?page&pageSize a page of a long list, after milliseconds
    /after/{delay}/customers                      an empty list, or the customer created by a
                                                  POST, after milliseconds
    /after/{delay}/customers/{id}                 one customer, after milliseconds
    /stripe/v1/customers/{id}                     one customer as stripe-python expects it
    /dynamodb/                                    one customer as boto3 expects it
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

from bench import data

ROOT = Path(__file__).resolve().parents[1]
_SEND_BUFFER = 1 << 20
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@contextlib.contextmanager
def running(environment: dict[str, str]) -> Iterator[str]:
    """Start the server; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()


def _answer(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\n"
        "x-request-id: f4093901-ab6a-4228-aa1f-0f20ab0ed9da\r\n"
        "NodeRails-Version: 2026-03-07\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        'ETag: W/"55-c9g3KjAejkp1OxjX9PjTJMVVbFQ"\r\n'
        "Date: Sun, 22 Nov 2026 20:17:21 GMT\r\n"
        "Connection: keep-alive\r\n\r\n"
    )
    return head.encode() + body


class _Answers:
    def __init__(self) -> None:
        customer = {**data.retrieved(), "object": "customer"}
        self.customer = _answer(data.retrieve_body())
        self.stripe = _answer(json.dumps(customer).encode())
        self.boto3 = _answer(json.dumps({"Item": data.item()}).encode())
        self.page = _answer(data.page_body(1, data.PAGE_SIZE, data.PAGE_SIZE))
        self.empty = _answer(data.page_body(1, data.PAGE_SIZE, 0))

    def to(self, method: bytes, target: bytes) -> bytes:
        if target.startswith(b"/customers/"):
            return self.customer
        if target.startswith(b"/page/"):
            return self.page
        if target.startswith(b"/walk/"):
            return self.walk(target.decode())
        if target.startswith(b"/after/"):
            _wait(target.decode().split("/")[2])
            listed = method == b"GET" and b"?" in target
            return self.empty if listed else self.customer
        return self.boto3 if target.startswith(b"/dynamodb") else self.stripe

    def walk(self, target: str) -> bytes:
        path, _, query = target.partition("?")
        _, _, total, delay, _ = path.split("/")
        asked = parse_qs(query)
        _wait(delay)
        return _answer(data.page_body(int(asked["page"][0]), int(asked["pageSize"][0]), int(total)))


def _wait(milliseconds: str) -> None:
    if milliseconds != "0":
        time.sleep(int(milliseconds) / 1000)


def _serve(connection: socket.socket, answers: _Answers) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    received = b""
    with connection, contextlib.suppress(OSError):
        while True:
            while b"\r\n\r\n" not in received:
                piece = connection.recv(65536)
                if not piece:
                    return
                received += piece
            head, _, received = received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            missing = int(length[1]) - len(received) if length else 0
            while missing > 0:
                missing -= len(connection.recv(missing))
            received = b""  # no client here sends a second request before the first answer
            connection.sendall(answers.to(*head.split(b" ", 2)[:2]))


def _accept(listener: socket.socket) -> None:
    answers = _Answers()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, answers), daemon=True).start()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
