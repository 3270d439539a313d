"""The Celery example with a real broker and a real worker, of whose processes one is killed.

It needs Celery, a ``redis-server`` on PATH, and ``/proc``; without them the table says so.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable

from bench.scale.running import ROOT, Line
from customers_sdk.sandbox import Sandbox

EXAMPLE = ROOT / "docs" / "examples" / "celery_import"
REDIS = shutil.which("redis-server")
ROWS, SHARES, PARTS = 400, 4, 3
PROCESSES = 2
# Seconds for what takes a few of them, on a busy machine.
PATIENCE = 30


@contextmanager
def started(
    command: list[str], log: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, and all that it starts, for the block; show its log where that fails."""
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=EXAMPLE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        except BaseException:
            sys.stderr.write(f"--- {log.name}\n{log.read_text('utf-8', 'replace')}\n")
            raise
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def until(holds: Callable[[], Any], what: str) -> None:
    """Wait for something."""
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends, f"{what} within {PATIENCE} s"
        time.sleep(0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def children(process: subprocess.Popen[bytes]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
    return [int(pid) for pid in listed.split()]


def write_file(path: Path) -> tuple[dict[str, str], list[int]]:
    """Write a CSV file; gives the emails by external id, and the lines that are rejected."""
    emails: dict[str, str] = {}
    rejected = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("user_id", "email", "name"))
        for number in range(ROWS):
            email = f"user{number}@example.com" if number % 100 else "not-an-address"
            writer.writerow((f"user-{number}", email, f"User {number}"))
            if number % 100:
                emails[f"user-{number}"] = email
            else:
                rejected.append(number + 2)
    return emails, rejected


class Workshop:
    """A broker, a worker, and a service for them."""

    def __init__(self, stack: ExitStack, directory: Path, sandbox: Sandbox) -> None:
        self._directory = directory
        port = free_port()
        # Celery would set Django up for itself, and the tests of the frameworks name one.
        outer = {name: os.environ[name] for name in os.environ.keys() - {"DJANGO_SETTINGS_MODULE"}}
        self._environment = {
            **outer,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "NODERAILS_API_KEY": sandbox.api_key,
            "NODERAILS_APP_ID": sandbox.app_id,
            "NODERAILS_BASE_URL": sandbox.base_url,
        }
        redis = [str(REDIS), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory)]
        stack.enter_context(self.started("redis", [*redis, "--save", "", "--appendonly", "no"]))
        until(lambda: listens(port), "redis listens")
        celery = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork"]
        quick = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        options = ["--concurrency", str(PROCESSES), "--loglevel", "info", *quick]
        self.worker = stack.enter_context(self.started("worker", [*celery, *options]))

    def started(self, name: str, command: list[str]) -> Any:
        return started(command, self._directory / f"{name}.log", self._environment)

    @contextmanager
    def doing(self, what: str, file: Path, pieces: int) -> Iterator[Callable[[], Any]]:
        """Run the example's own script; gives what waits for its result."""
        command = [sys.executable, "start.py", what, str(file), str(pieces)]
        with self.started(what, command) as process:

            def result() -> Any:
                assert process.wait(PATIENCE) == 0
                return json.loads((self._directory / f"{what}.log").read_text("utf-8"))

            yield result


def _missing() -> list[str]:
    """What this machine lacks."""
    needed = {
        "celery": find_spec("celery") is not None,
        "redis-server": REDIS is not None,
        "/proc": Path("/proc/self").exists(),
    }
    return [name for name, found in needed.items() if not found]


def measure(directory: Path) -> list[Line]:
    """Import in shares and export in parts; a process of the worker is killed half-way."""
    if missing := _missing():
        return [Line.told("celery: left out, there is no", " and no ".join(missing))]
    file, exported = directory / "users.csv", directory / "customers.jsonl"
    emails, rejected = write_file(file)
    with Sandbox(latency=0.03) as sandbox, ExitStack() as stack:
        workshop = Workshop(stack, directory, sandbox)
        with workshop.doing("import", file, SHARES) as result:
            # Half of the shares are then done to a third.
            until(lambda: len(sandbox.customers) >= ROWS // 6, "rows are imported")
            before = children(workshop.worker)
            os.kill(before[0], signal.SIGKILL)
            shares = result()
        with workshop.doing("export", exported, PARTS) as result:
            count = result()["exported"]
        stored = sandbox.customers
    told = sorted(line for share in shares for line, reason in share["rejected"] if reason)
    ids = sorted(json.loads(line)["id"] for line in exported.read_text("utf-8").splitlines())
    right = {customer.external_id: customer.email for customer in stored} == emails
    return [
        Line.exactly("celery: processes of the worker", PROCESSES, len(before)),
        Line.exactly("celery: shares done", SHARES, len(shares)),
        Line.exactly("celery: imported", len(emails), sum(each["imported"] for each in shares)),
        Line.yes("celery: went on where the killed one was", any(s["resumed"] for s in shares)),
        Line.yes("celery: rejects named by their line", told == rejected),
        Line.exactly("celery: customers", len(emails), len(stored)),
        Line.yes("celery: customers as in the file", right),
        Line.exactly("celery: journals left", 0, len(list(directory.glob("*.journal")))),
        Line.exactly("celery: exported", len(emails), count),
        Line.yes("celery: those of the service", ids == sorted(each.id for each in stored)),
    ]
