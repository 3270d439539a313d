"""A TCP proxy on loopback that treats each request as its seeded dice say."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
import time
from collections import Counter

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BROKEN = OSError, EOFError

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


class Proxy:
    """Each connection is a thread; each request is read whole, then one fault happens to it."""

    def __init__(self, target: tuple[str, int], *, seed: int, rate: float, patience: float) -> None:
        self.target = target
        self.seed = seed
        self.rate = rate
        self.patience = patience
        self.happened: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closing = False
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(10)
        with self._lock:
            left = list(self._open)
            threads = list(self._threads)
        for sock in left:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(caller,), daemon=True)
            with self._lock:
                self._open.add(caller)
                self._threads.add(thread)
            thread.start()

    def _roll(self) -> str:
        with self._lock:
            bad = self._random.random() < self.rate
            fault = self._random.choice(FAULTS[1:]) if bad else "pass"
            self.happened[fault] += 1
        return fault

    def _serve(self, caller: socket.socket) -> None:
        service: socket.socket | None = None
        try:
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                request = _message(caller)
                service = service or socket.create_connection(self.target, timeout=20)
                service.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if not self._exchange(self._roll(), request, caller, service):
                    return
        except _BROKEN:
            return
        finally:
            with self._lock:
                self._open.discard(caller)
                self._threads.discard(threading.current_thread())
            caller.close()
            if service is not None:
                service.close()

    def _exchange(
        self, fault: str, request: bytes, caller: socket.socket, service: socket.socket
    ) -> bool:
        """Carry one request over; whether the connection can go on."""
        if fault in ("lose request", "reset before"):
            _hang_up(caller, reset=fault == "reset before")
            return False
        if fault.endswith("unsent"):
            caller.sendall(_page(fault[:3]))
            return True
        if fault == "hold request":
            time.sleep(self.patience * 1.3)
            # The service hears of it, and of its caller's hanging up, at once.
            service.sendall(request)
            time.sleep(0.01)
            return False
        service.sendall(request)
        if fault == "delay answer":
            time.sleep(self.patience * 1.3)
            return False
        answer = _message(service)
        if fault in ("lose answer", "reset after"):
            _hang_up(caller, reset=fault == "reset after")
            return False
        if fault == "cut answer":
            caller.sendall(answer[: len(answer) - len(answer) // 3])
            return False
        caller.sendall(_page(fault[:3]) if fault.endswith("after") else answer)
        return True


def _hang_up(sock: socket.socket, *, reset: bool) -> None:
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        sock.shutdown(socket.SHUT_RDWR)


def _page(status: str) -> bytes:
    body = b"<html><body><h1>Bad gateway</h1></body></html>"
    head = f"HTTP/1.1 {status} Proxy\r\nContent-Type: text/html\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _message(sock: socket.socket) -> bytes:
    """One message with its body, which never comes in chunks here."""
    message = b""
    while b"\r\n\r\n" not in message:
        message += _some(sock)
    head, _, body = message.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    missing = int(length.group(1)) - len(body) if length else 0
    while missing > 0:
        piece = _some(sock)
        message += piece
        missing -= len(piece)
    return message


def _some(sock: socket.socket) -> bytes:
    piece = sock.recv(65_536)
    if not piece:
        raise EOFError
    return piece
