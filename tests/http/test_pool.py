"""The pool of our own sessions: urllib3's in all it does, without a lock, and for many threads."""

from __future__ import annotations

import inspect
import logging
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from customers_sdk._http import pool
from customers_sdk._http.deadline import Deadline, timed
from customers_sdk._http.session import Sender, Watch
from customers_sdk._settings import Secret
from tests.faults.server import Server


def test_idle_connections_have_the_whole_interface_of_the_queue_they_stand_for() -> None:
    theirs = {name for name, _ in inspect.getmembers(queue.LifoQueue) if not name.startswith("_")}
    idle = pool.IdleConnections(2)
    assert not [name for name in theirs if not hasattr(idle, name)]
    assert isinstance(idle, queue.LifoQueue)
    assert (idle.empty(), idle.full(), idle.qsize()) == (True, False, 0)
    idle.put("a", block=False)
    idle.put_nowait("b")
    assert (idle.empty(), idle.full(), idle.qsize()) == (False, True, 2)
    with pytest.raises(queue.Full):
        idle.put("c", block=False)
    assert [idle.get(block=False), idle.get_nowait()] == ["b", "a"]
    with pytest.raises(queue.Empty):
        idle.get(block=False)


def test_a_new_pool_keeps_nothing_and_makes_connections_as_they_are_needed() -> None:
    adapter = pool.OneHostAdapter(pool_maxsize=pool.SIZE)
    host = adapter.poolmanager.connection_from_url("http://127.0.0.1:1")
    assert host.pool.qsize() == 0
    assert isinstance(host._get_conn(), urllib3.connection.HTTPConnection)


def test_no_lock_is_taken_for_a_connection() -> None:
    idle = pool.IdleConnections(2)
    with idle.mutex:  # as a signal's exception may leave it
        idle.put("a", timeout=1)
        assert idle.get(timeout=1) == "a"
        assert idle.qsize() == 0


def test_a_class_of_connections_that_a_test_double_puts_in_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Double:
        pass

    adapter = pool.OneHostAdapter()
    ours = adapter.poolmanager.connection_from_url("http://127.0.0.1:9")
    assert ours.ConnectionCls is timed(urllib3.connectionpool.HTTPConnection)
    monkeypatch.setattr(urllib3.HTTPConnectionPool, "ConnectionCls", Double)
    assert ours.ConnectionCls is Double


def test_256_threads_get_no_warning_about_a_full_pool(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    threads = 256
    gate = threading.Barrier(threads)

    def call(_: int) -> None:
        until = Deadline(1e12, lambda: 0.0, 20.0)
        gate.wait(20)
        prepared = sender.prepare("GET", "/customers", {}, None)
        response = sender.send(prepared, Watch(20.0, 20.0, 20.0, until))
        gate.wait(20)  # by now as many connections are open as there are threads
        assert response.content

    with Server() as server, ThreadPoolExecutor(threads) as executor:
        sender = Sender(server.url, {})
        list(executor.map(call, range(threads)))
        sender.close()
    assert not caplog.records


def test_no_piece_of_a_secret_shows() -> None:
    secret = Secret("nr_live_sk_0123456789")
    shown = [secret, secret[11:], secret[0], secret[::2], secret[3:][4:]]
    assert {repr(piece) for piece in shown} == {"'***'"}
    assert str(secret[3:7]) == "live"
    assert type(str(secret)) is str


@pytest.mark.skipif(
    not hasattr(HTTPAdapter, "get_connection_with_tls_context"), reason="requests before 2.32"
)
def test_a_pool_is_found_again_for_the_same_tls_settings_and_for_no_others() -> None:
    adapter = pool.OneHostAdapter()
    request = requests.Request("GET", "https://api.example.test/customers").prepare()

    def found(verify: bool, cert: str | None = None) -> object:  # noqa: FBT001
        return adapter.get_connection_with_tls_context(request, verify, None, cert)

    checked = found(verify=True)
    assert found(verify=True) is checked
    assert found(verify=False) is not checked
    assert found(verify=True, cert="client.pem") is not checked
    assert found(verify=True) is checked


def test_urllib3_is_given_headers_as_they_are_in_a_plain_dict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[object] = []
    monkeypatch.setattr(
        urllib3.HTTPConnectionPool, "urlopen", lambda _, **options: given.append(options["headers"])
    )
    made = pool.OneHostAdapter().poolmanager.connection_from_url("http://127.0.0.1:9")
    for headers in (CaseInsensitiveDict({"X-Api-Key": "k", "a": "b"}), {"c": "d"}, None):
        made.urlopen(method="GET", url="/", headers=headers)
    assert given == [{"X-Api-Key": "k", "a": "b"}, {"c": "d"}, None]
    assert type(given[0]) is dict
