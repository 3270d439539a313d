"""A TCP proxy on loopback that treats each request as its seeded dice say."""

from __future__ import annotations

import random
import re
import socket
import threading
import time
from collections import Counter
from typing import BinaryIO

from tests.loopback import Loopback, reset

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

FAULTS = (
    "pass",
    "lose request",  # it never reaches the service, and the caller is cut off
    "reset before",
    "lose answer",  # it is carried out, and the caller is cut off
    "reset after",
    "delay answer",  # beyond the caller's patience, who hangs up; so does the proxy
    "hold request",  # it reaches the service after the caller has gone
    "cut answer",  # half of it comes
    "502 unsent",
    "503 unsent",
    "502 after",
    "504 after",
)


class ChaosProxy(Loopback):
    """Each request is read whole, then one fault happens to it."""

    longest = 60.0  # a connection may idle

    def __init__(self, url: str, *, seed: int, rate: float, patience: float) -> None:
        super().__init__()
        host, _, port = url.rpartition("/")[2].partition(":")
        self.rate = rate
        self.happened: Counter[str] = Counter()
        self._to = (host, int(port))
        self._patience = patience
        self._lock = threading.Lock()
        self._random = random.Random(seed)

    def serve(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as requests:
            request = _message(requests)
            with socket.create_connection(self._to, 20) as service, service.makefile("rb") as of:
                service.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while self._exchange(self._roll(), request, sock, service, of):
                    request = _message(requests)

    def _roll(self) -> str:
        with self._lock:
            bad = self._random.random() < self.rate
            fault = self._random.choice(FAULTS[1:]) if bad else "pass"
            self.happened[fault] += 1
        return fault

    def _exchange(
        self,
        fault: str,
        request: bytes,
        caller: socket.socket,
        service: socket.socket,
        answers: BinaryIO,
    ) -> bool:
        """Carry one request over; whether the connection can go on."""
        if fault in ("lose request", "reset before"):
            return _hang_up(caller, fault)
        if fault.endswith("unsent"):
            caller.sendall(_page(fault[:3]))
            return True
        if fault == "hold request":
            time.sleep(self._patience * 1.3)
            # The service hears of it, and of its caller's hanging up, at once.
            service.sendall(request)
            time.sleep(0.01)
            return False
        service.sendall(request)
        if fault == "delay answer":
            time.sleep(self._patience * 1.3)
            return False
        answer = _message(answers)
        if fault in ("lose answer", "reset after"):
            return _hang_up(caller, fault)
        if fault == "cut answer":
            caller.sendall(answer[: len(answer) - len(answer) // 3])
            return False
        caller.sendall(_page(fault[:3]) if fault.endswith("after") else answer)
        return True


def _hang_up(caller: socket.socket, fault: str) -> bool:
    if fault.startswith("reset"):
        reset(caller)
    return False


def _page(status: str) -> bytes:
    body = b"<html><body><h1>Bad gateway</h1></body></html>"
    head = f"HTTP/1.1 {status} Proxy\r\nContent-Type: text/html\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _message(stream: BinaryIO) -> bytes:
    """One message with its body, which never comes in chunks here."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            raise EOFError
        head += line
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return head + body
