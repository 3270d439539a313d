"""A deadline as the socket sees it: no wait outlasts it, and stand-ins are left alone."""

from __future__ import annotations

import io
import socket
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from customers_sdk._http.deadline import Deadline, current, timed, watch


def test_a_wait_takes_what_the_read_timeout_and_the_deadline_leave() -> None:
    now = 0.0
    deadline = Deadline(10.0, lambda: now, 4.0)
    assert (deadline.wait(), deadline.passed) == (4.0, False)
    now = 8.0
    assert (deadline.wait(), deadline.passed) == (2.0, False)


@pytest.mark.parametrize("now", [10.0, 11.0])
def test_after_the_deadline_nothing_is_waited_for(now: float) -> None:
    deadline = Deadline(10.0, lambda: now, 4.0)
    assert deadline.passed
    with pytest.raises(socket.timeout):
        deadline.wait()


def test_each_read_of_a_response_is_held_to_the_deadline_and_leaves_the_socket_as_it_was() -> None:
    near, far = socket.socketpair()
    with near, far, near.makefile("rb") as stream:
        near.settimeout(4.0)
        now = 0.0
        assert watch(SimpleNamespace(fp=stream), Deadline(1.0, lambda: now, 4.0))
        far.sendall(b"half")
        assert stream.read(4) == b"half"
        assert near.gettimeout() == 4.0
        now = 1.0
        with pytest.raises(socket.timeout):
            stream.read(1)


def test_a_response_without_a_socket_is_not_watched() -> None:
    deadline = Deadline(1.0, lambda: 0.0, 1.0)
    for fp in (None, io.BytesIO(b"x"), SimpleNamespace(raw=SimpleNamespace(_sock=object()))):
        assert not watch(SimpleNamespace(fp=fp), deadline)


def test_a_connection_made_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = socket.socketpair()
    plain = urllib3.connection.HTTPConnection
    monkeypatch.setattr(plain, "_new_conn", lambda self: near)
    connection: Any = timed(plain)("127.0.0.1", 9)
    monkeypatch.setattr(current, "deadline", Deadline(0.0, lambda: 1.0, 5.0))
    with far, near:
        with pytest.raises(socket.timeout):
            connection.connect()
        assert near.fileno() == -1
