from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest
import requests
import trustme

from customers_sdk import Client

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Echo(NamedTuple):
    """A running `echo_service`, and the environment in which it is called."""

    url: str
    environment: dict[str, str]

    def connections(self) -> list[list[str]]:
        """The processes that sent over each connection."""
        with Client("nr_test_sk_x", "app", base_url=self.url, session=_verifying(self)) as client:
            return list(client.request("GET", "/connections").data)

    def check_connections(self, *, processes: int) -> None:
        """No connection carried requests of two processes, and so many processes called."""
        shared = [pids for pids in self.connections() if len(pids) > 1]
        assert not shared, f"{len(shared)} connections carried requests of several processes"
        pids = {pid for pids in self.connections() for pid in pids}
        assert len(pids) >= processes


def _verifying(echo: Echo) -> Any:

    session = requests.Session()
    session.trust_env = False  # requests prefers a bundle named by the environment
    session.verify = echo.environment.get("REQUESTS_CA_BUNDLE", True)
    return session


Start = Callable[..., Echo]
Run = Callable[..., Any]


@pytest.fixture
def start_echo(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(scheme: str = "http", **options: object) -> Echo:
        environment = {"PYTHONPATH": str(ROOT)}
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        if scheme == "https":
            authority = trustme.CA()
            certificate = tmp_path / "server.pem"
            authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
                str(certificate)
            )
            bundle = tmp_path / "ca.pem"
            authority.cert_pem.write_to_path(str(bundle))
            environment["REQUESTS_CA_BUNDLE"] = str(bundle)
            arguments.append(f"--certificate={certificate}")
        process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, str(HERE / "echo_service.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        environment["ECHO_URL"] = url = f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"
        return Echo(url, environment)

    yield start
    for process in running:
        process.communicate(timeout=10)


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
