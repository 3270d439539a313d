"""A service whose every answer takes 20 ms, and that does nothing else.

`python -m bench.scale.slow` runs it; it ends when its standard input does, with the most
requests that it had at once. It has no customers, and answers a creation with what it was sent.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler
from typing import Any

SECONDS = 0.02

_APP = "5f0c2f4e-7d1e-4a55-9a54-0d7f3c2b1a10"
_NONE: dict[str, Any] = {
    "success": True,
    "data": [],
    "pagination": {"total": 0, "page": 1, "pageSize": 1, "totalPages": 0},
}
_BLANK: dict[str, Any] = {
    **dict.fromkeys(("externalId", "email", "name", "address", "city", "state", "country")),
    "postalCode": None,
    "metadata": {},
    "wallets": [],
    "createdAt": "2026-11-22T20:17:21.000Z",
    "updatedAt": "2026-11-22T20:17:21.000Z",
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    wbufsize = -1  # head and body in one segment

    def do_GET(self) -> None:
        self._answer(200, _NONE)

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        made = {**_BLANK, **sent, "id": str(uuid.uuid4())}
        self._answer(201, {"success": True, "data": made})

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        self.server.wait()
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """It says nothing."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.at_once = 0
        self._waiting = 0
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def wait(self) -> None:
        """Take the time of an answer, and count who does so at once."""
        with self._guard:
            self._waiting += 1
            self.at_once = max(self.at_once, self._waiting)
        time.sleep(SECONDS)
        with self._guard:
            self._waiting -= 1


def main() -> None:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        settings = {"base_url": url, "api_key": "nr_test_sk_scale", "app_id": _APP}
        print(json.dumps(settings), flush=True)  # noqa: T201 - read by the parent
        sys.stdin.read()
        server.shutdown()
    print(json.dumps({"at_once": server.at_once}))  # noqa: T201 - the same


if __name__ == "__main__":
    main()
