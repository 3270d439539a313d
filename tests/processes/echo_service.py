"""A service of its own process that answers each request with what was asked, and keeps books.

``GET /customers/<id>`` answers a record of that id; ``slow-0.05-…`` after so many seconds. Each
connection remembers which processes (header ``x-pid``) sent over it: ``GET /connections``.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Books:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connections: dict[int, list[str]] = {}

    def note(self, number: int, pid: str | None) -> None:
        with self.lock:
            pids = self.connections.setdefault(number, [])
            if pid is not None and pid not in pids:
                pids.append(pid)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()
        self.number = self.server.count()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/connections":
            with self.server.books.lock:
                self.send(list(self.server.books.connections.values()))
            return
        self.server.books.note(self.number, self.headers.get("x-pid"))
        name = self.path.rpartition("/")[2]
        if name.startswith("slow-"):
            time.sleep(float(name.split("-")[1]))
        self.send({"id": name})
        if self.server.close_after is not None:
            # A service that lets no connection idle, and says nothing of it beforehand.
            self.connection.settimeout(self.server.close_after)

    def send(self, data: Any) -> None:
        body = json.dumps({"success": True, "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, context: ssl.SSLContext | None, close_after: float | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context
        self.close_after = close_after
        self.books = Books()
        self._numbers = 0
        self._lock = threading.Lock()

    def count(self) -> int:
        with self._lock:
            self._numbers += 1
            return self._numbers

    def handle_error(self, request: Any, address: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--close-after", type=float)
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    server = Server(context, options.close_after)
    assert isinstance(server.socket, socket.socket)
    print(server.server_address[1], flush=True)  # noqa: T201
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # until the test hangs up


if __name__ == "__main__":
    main()
