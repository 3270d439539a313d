from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
import trustme

from tests.faults import behaviours as do
from tests.faults.server import Connection, Server
from tests.loopback import tls_context

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Echo(Server):
    """Answers each request with a record of the id that is asked for, and keeps books.

    ``slow-0.05-…`` is answered after so many seconds. Each connection remembers which processes
    (header ``x-pid``) sent over it.

    Attributes:
        environment: what a process that calls it is started with.
    """

    def __init__(self, tls: Optional[ssl.SSLContext], close_after: Optional[float]) -> None:
        super().__init__(tls=tls, otherwise=self._echo)
        self.environment = {"PYTHONPATH": str(ROOT), "ECHO_URL": self.url}
        self._close_after = close_after
        self._pids: defaultdict[Connection, set[str]] = defaultdict(set)

    def _echo(self, connection: Connection) -> bool:
        self._pids[connection].add(connection.request.headers.get("x-pid", ""))
        name = connection.request.target.rpartition("/")[2]
        if name.startswith("slow-"):
            time.sleep(float(name.split("-")[1]))
        do.answer(200, {"success": True, "data": {"id": name}}, heard=False)(connection)
        if self._close_after is not None:
            # A service that lets no connection idle, and says nothing of it beforehand.
            connection.sock.settimeout(self._close_after)
        return True

    def check_connections(self, *, processes: int) -> None:
        """No connection carried requests of two processes, and so many processes called."""
        shared = [pids for pids in self._pids.values() if len(pids) > 1]
        assert not shared, f"{len(shared)} connections carried requests of several processes"
        assert len(set().union(*self._pids.values())) >= processes


Start = Callable[..., Echo]
Run = Callable[..., Any]


@pytest.fixture
def start_echo(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as running:

        def start(scheme: str = "http", close_after: Optional[float] = None) -> Echo:
            authority = trustme.CA() if scheme == "https" else None
            echo = Echo(tls_context(authority) if authority else None, close_after)
            if authority:
                bundle = tmp_path / "ca.pem"
                authority.cert_pem.write_to_path(str(bundle))
                echo.environment["REQUESTS_CA_BUNDLE"] = str(bundle)
            return running.enter_context(echo)

        yield start


@pytest.fixture
def run_script() -> Run:
    """Run one of `process_scripts` and give what it printed."""

    def run(name: str, environment: dict[str, str], *, timeout: float = 60) -> Any:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-W", "ignore", str(HERE / "process_scripts.py"), name],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return run
