"""The sandbox as a process on a port: life, death, concurrency, hang-ups."""

# ruff: noqa: S603 - the processes started here are our own

from __future__ import annotations

import collections
import http.client
import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.server import url_of
from customers_sdk.sandbox.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
Answer = tuple[int, Any]


def ask(
    base_url: str,
    key: str,
    method: str,
    path: str,
    body: Any = None,
    timeout: float = 10,
    **headers: str,
) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=timeout)
    try:
        sent = {"x-api-key": key, "Content-Type": "application/json", **headers}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def create(sandbox: Sandbox, idem: str = "", timeout: float = 10, **fields: Any) -> Answer:
    body = {"appId": sandbox.app_id, **fields}
    headers = {"Idempotency-Key": idem}
    return ask(sandbox.base_url, sandbox.api_key, "POST", "/customers", body, timeout, **headers)


def total(sandbox: Sandbox) -> int:
    count: int = ask(sandbox.base_url, sandbox.api_key, "GET", "/customers")[1]["pagination"][
        "total"
    ]
    return count


class Process:
    """``python -m customers_sdk.sandbox`` with the words it printed."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "customers_sdk.sandbox", *arguments]
        self.popen = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def read_banner(self) -> None:
        assert self.popen.stdout is not None
        words: dict[str, str] = {}
        while len(words) < 3:
            line = self.popen.stdout.readline()
            assert line, self.popen.communicate(timeout=10)
            found = re.match(r"export NODERAILS_(\w+)=(\S+)$", line)
            if found:
                words[found[1]] = found[2]
        self.base_url, self.app_id, self.api_key = (
            words["BASE_URL"],
            words["APP_ID"],
            words["API_KEY"],
        )

    def stop(self, number: int) -> tuple[int, str, str]:
        self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=20)
        return self.popen.returncode, out, err


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        if process.popen.poll() is None:
            process.stop(signal.SIGKILL)


def test_a_sandbox_starts_and_closes_as_often_as_it_is_told() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.base_url
    sandbox.close()
    assert sandbox.start() is sandbox.start()
    where = urlsplit(sandbox.base_url)
    assert (where.hostname, create(sandbox)[0]) == ("127.0.0.1", 201)
    temporary = Path(str(sandbox.backend._temporary))
    assert temporary.exists()
    sandbox.close()
    sandbox.close()
    assert not temporary.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=5)


def test_a_client_of_the_sandbox_is_set_up_for_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers_sdk.Client", dict)
    assert sandbox.client(max_retries=0, app_id="other") == {
        "api_key": sandbox.api_key,
        "app_id": "other",
        "base_url": sandbox.base_url,
        "max_retries": 0,
    }


def test_two_sandboxes_do_not_see_each_other() -> None:
    with Sandbox() as one, Sandbox() as other:
        create(one)
        assert (total(one), total(other)) == (1, 0)
        assert ask(other.base_url, one.api_key, "GET", "/customers")[0] == 401


def test_a_database_keeps_its_key_its_app_and_its_answers(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    with Sandbox(db=path) as first:
        _, made = create(first, idem="k", name="kept")
        identity = first.api_key, first.app_id
    with Sandbox(db=path) as second:
        assert (second.api_key, second.app_id) == identity
        assert create(second, idem="k") == (201, made)
        assert total(second) == 1


def test_what_was_answered_survives_kill_9(tmp_path: Path, processes: list[Process]) -> None:
    options = ("--port", "0", "--db", str(tmp_path / "kept.sqlite3"))
    processes.append(Process(*options))
    first = processes[0]
    first.read_banner()
    ids = []
    for number in range(5):
        body = {"appId": first.app_id, "externalId": f"x{number}"}
        ids.append(ask(first.base_url, first.api_key, "POST", "/customers", body)[1]["data"]["id"])
    assert first.stop(signal.SIGKILL)[0] == -signal.SIGKILL
    processes.append(Process(*options))
    second = processes[1]
    second.read_banner()
    assert (second.api_key, second.app_id) == (first.api_key, first.app_id)
    found = ask(second.base_url, second.api_key, "GET", "/customers")[1]["data"]
    assert {one["id"] for one in found} == set(ids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(number: int, processes: list[Process]) -> None:
    processes.append(Process("--port", "0"))
    processes[0].read_banner()
    code, _, err = processes[0].stop(number)
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8787"),
        ("0.0.0.0", "http://127.0.0.1:8787"),  # noqa: S104
        ("::", "http://[::1]:8787"),
        ("192.0.2.7", "http://192.0.2.7:8787"),
    ],
)
def test_a_sandbox_on_all_addresses_is_called_at_one(address: str, url: str) -> None:
    assert url_of(address, 8787) == url


def test_the_banner_of_a_sandbox_for_others_says_what_they_need() -> None:
    stream = io.StringIO()
    environment = {"NODERAILS_BASE_URL": "http://127.0.0.1:8787"}
    shown: Any = SimpleNamespace(
        console_url=None, base_url="http://127.0.0.1:8787", environment=environment
    )
    Terminal(stream).banner(shown)
    lines = stream.getvalue().splitlines()
    assert "export NODERAILS_BASE_URL=http://127.0.0.1:8787" in lines
    assert lines[-2:] == ["export NODERAILS_ALLOW_HTTP=1", ""]


def test_a_taken_port_is_one_clear_line(sandbox: Sandbox, processes: list[Process]) -> None:
    port = str(urlsplit(sandbox.base_url).port)
    processes.append(Process("--port", port))
    out, err = processes[0].popen.communicate(timeout=20)
    assert processes[0].popen.returncode == 2
    assert (out, err.count("\n")) == ("", 1)
    assert f"cannot listen on 127.0.0.1:{port}" in err


def test_a_database_that_cannot_be_opened_is_one_clear_line(
    tmp_path: Path, processes: list[Process]
) -> None:
    processes.append(Process("--port", "0", "--db", str(tmp_path)))
    _, err = processes[0].popen.communicate(timeout=20)
    assert processes[0].popen.returncode == 2
    assert (err.count("\n"), "cannot open the database" in err) == (1, True)


@pytest.mark.parametrize("module", ["click", "waitress"])
def test_a_missing_extra_is_named(module: str) -> None:
    script = f"import sys; sys.modules[{module!r}] = None; sys.argv[1:] = ['--port', '0']\n"
    script += "from customers_sdk.sandbox.__main__ import main\nsys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install click waitress" in done.stderr
    assert "Traceback" not in done.stderr


def test_of_many_creates_of_one_external_id_one_wins(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = [
            status for status, _ in pool.map(lambda _: create(sandbox, externalId="x"), range(8))
        ]
    assert collections.Counter(statuses) == {201: 1, 500: 7}
    assert total(sandbox) == 1


def test_of_many_requests_under_one_key_one_wins(sandbox: Sandbox) -> None:
    sandbox.backend.application.latency = 1.0
    with ThreadPoolExecutor(8) as pool:
        statuses = [status for status, _ in pool.map(lambda _: create(sandbox, idem="k"), range(8))]
    assert collections.Counter(statuses) == {201: 1, 409: 7}
    assert total(sandbox) == 1


def test_32_threads_each_get_their_own_answer(sandbox: Sandbox) -> None:
    def work(number: int) -> bool:
        return all(
            create(sandbox, name=f"{number}-{turn}")[1]["data"]["name"] == f"{number}-{turn}"
            for turn in range(5)
        )

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(work, range(32)))
    assert total(sandbox) == 160


def test_a_resend_after_a_timeout_makes_a_second_customer() -> None:
    """As measured: the lock goes when the first caller hangs up, while its request still runs."""
    with Sandbox(latency=1.0) as sandbox:
        with pytest.raises(TimeoutError if sys.version_info >= (3, 10) else socket.timeout):
            create(sandbox, idem="k", timeout=0.3)
        wait_for(lambda: create(sandbox, idem="k")[0] == 201)  # the hang-up is noticed by then
        wait_for(lambda: total(sandbox) == 2)


def test_a_waiting_caller_keeps_its_lock() -> None:
    with Sandbox(latency=1.0) as sandbox, ThreadPoolExecutor(1) as pool:
        first = pool.submit(create, sandbox, "k")
        wait_for(lambda: bool(sandbox.backend.application.locks._held))
        assert create(sandbox, idem="k")[0] == 409
        assert first.result()[0] == 201
        assert total(sandbox) == 1


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_response_on_a_kept_connection_waits_for_an_acknowledgement(sandbox: Sandbox) -> None:
    """A delayed one would cost 40 ms each time."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.base_url).netloc, timeout=10)
    connection.request("GET", "/customers", headers={"x-api-key": sandbox.api_key})
    connection.getresponse().read()
    assert sandbox._server is not None
    kept = [
        each
        for each in sandbox._server._channels.values()
        if each.addr == connection.sock.getsockname()
    ]
    assert [each.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in kept] == [1]
    connection.close()


def test_a_request_that_runs_at_close_is_finished() -> None:
    with ThreadPoolExecutor(1) as pool:
        with Sandbox(latency=0.5) as sandbox:
            running = pool.submit(create, sandbox, "k")
            wait_for(lambda: bool(sandbox.backend.application.locks._held))
        assert running.result()[0] == 201
    assert threading.active_count() < 40
