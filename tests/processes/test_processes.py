"""One client in many threads and in forked processes: every answer belongs to its own request."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.processes.conftest import Echo, Run, Start

forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

# Given an address instead of a name, urllib3 1.26 tells a context of one's own no name to check.
ADAPTER = pytest.param(
    "https",
    "adapter",
    marks=pytest.mark.skipif(urllib3.__version__ < "2", reason="urllib3 1.26 cannot"),
)
KINDS = [("http", "own"), ("http", "plain"), ("https", "own"), ADAPTER]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_thirty_two_threads_share_one_client(
    start_echo: Start, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    from tests.processes.process_client import client, own_answer

    for name, value in start_echo(scheme).environment.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)
    gate = threading.Barrier(32)
    with client() as shared, ThreadPoolExecutor(32) as threads:

        def work(number: int) -> list[bool]:
            gate.wait(10)
            delay = (0.001, 0.005, 0.0)[number % 3]
            return [own_answer(shared, f"slow-{delay}-{number}-{at}") for at in range(20)]

        assert all(all(answers) for answers in threads.map(work, range(32)))


@forking
@pytest.mark.parametrize(("scheme", "session"), KINDS)
def test_a_pool_forked_around_a_used_client_shares_no_connection(
    start_echo: Start, run_script: Run, scheme: str, session: str
) -> None:
    echo = start_echo(scheme)
    told = run_script("pool", {**echo.environment, "ECHO_SESSION": session})
    assert told == {"wrong": 0, "calls": 1_000}
    echo.check_connections(processes=3)


@contextmanager
def gunicorn(echo: Echo, session: str) -> Iterator[int]:
    options = ["--preload", "--workers=4", "--bind=127.0.0.1:0"]
    if "--no-control-socket" in _gunicorn_help():
        options.append("--no-control-socket")
    process = subprocess.Popen(  # noqa: S603 - our own script
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "gunicorn",
            *options,
            "tests.processes.process_app:application",
        ],
        env={**os.environ, **echo.environment, "ECHO_SESSION": session},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        seen = []
        port = 0
        booted = 0
        for line in process.stderr:
            seen.append(line)
            match = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line)
            port = int(match.group(1)) if match else port
            booted += "Booting worker" in line
            if booted == 4:
                break
        assert port, "".join(seen)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _gunicorn_help() -> str:
    command = [sys.executable, "-m", "gunicorn", "--help"]
    return subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=True
    ).stdout


@forking
@pytest.mark.parametrize(("scheme", "session"), [("http", "own"), ADAPTER])
def test_gunicorn_workers_share_no_connection_of_a_client_made_at_import(
    start_echo: Start, scheme: str, session: str
) -> None:
    pytest.importorskip("gunicorn")
    echo = start_echo(scheme)

    def call(index: int) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", f"/view-{index}")
            return connection.getresponse().read()
        finally:
            connection.close()

    with gunicorn(echo, session) as port, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, range(1_000)))
    assert answers.count(b"own") == 1_000
    echo.check_connections(processes=3)


@forking
@pytest.mark.parametrize("session", ["own", "plain"])
def test_locks_held_at_the_fork_do_not_stop_the_child(
    start_echo: Start, run_script: Run, session: str
) -> None:
    echo = start_echo()
    told = run_script("held", {**echo.environment, "ECHO_SESSION": session})
    assert told == {"status": 0, "parent": True}


@forking
def test_a_fork_amid_the_first_call_of_another_thread_leaves_the_child_able_to_call(
    start_echo: Start, run_script: Run
) -> None:
    told = run_script("forked_amid_the_first_call", start_echo().environment)
    assert told == {"status": 0, "parent": True}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no such signals")
@pytest.mark.parametrize("module", ["attr", "cattrs", "customers_sdk._wire.schema"])
def test_an_interruption_amid_the_first_call_leaves_no_half_a_module(
    start_echo: Start, run_script: Run, module: str
) -> None:
    environment = {**start_echo().environment, "AMID": module}
    told = run_script("interrupted_amid_the_first_call", environment)
    assert told == {"interrupted": 1, "times": 1, "answers": [True, True]}


def test_orjson_is_imported_whole_or_not_at_all(start_echo: Start, run_script: Run) -> None:
    pytest.importorskip("orjson")
    environment = {**start_echo().environment, "AMID": "orjson"}
    told = run_script("interrupted_amid_the_first_call", environment)
    assert told == {"interrupted": 1, "times": 1, "answers": [True, True]}


@forking
def test_a_fork_of_a_fork_shares_no_connection(start_echo: Start, run_script: Run) -> None:
    echo = start_echo()
    told = run_script("grandchildren", echo.environment)
    assert told == {"statuses": [0], "parent": True}
    echo.check_connections(processes=3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no interval timer")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_interrupts_a_request_leaves_no_answer_for_the_next(
    start_echo: Start, run_script: Run, scheme: str
) -> None:
    told = run_script("interrupted", start_echo(scheme).environment)
    assert told["wrong"] == 0
    assert told["hits"] > 15


def test_an_exception_within_the_pool_leaves_it_unlocked(
    start_echo: Start, run_script: Run
) -> None:
    # In a process of its own: a pool that is locked cannot even be closed.
    assert run_script("interrupted_in_a_lock", start_echo().environment, timeout=15) == [True, True]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_idle_connection_that_was_closed_is_no_error(
    start_echo: Start, monkeypatch: pytest.MonkeyPatch, scheme: str, method: str
) -> None:
    from tests.processes.process_client import client, own_answer

    for name, value in start_echo(scheme, close_after=0.05).environment.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)
    with client(max_retries=0) as shared:
        for index in range(4):
            assert own_answer(shared, f"idle-{index}", method)
            time.sleep(0.12)
    # Right at the moment of closing only another try helps.
    with client() as shared:
        for index in range(14):
            assert own_answer(shared, f"racing-{index}", method)
            time.sleep(0.047 + index % 7 * 0.001)
