"""Ways to run the command: in this process, in another one, and on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Optional, Union

if TYPE_CHECKING:
    from customers_sdk.sandbox import Sandbox

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "customers_sdk.cli")
# The terminal becomes the one that Ctrl-C on it interrupts.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Result(NamedTuple):
    """What became of a command."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """The only record that was written."""
        (record,) = self.records
        return record

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that were written."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaint(self) -> str:
        """The only line on standard error."""
        (line,) = self.err.splitlines()
        return line


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, settings and all, for a child that finds the checkout."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "error", **changes}


def python(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def run(*arguments: str, **options: Any) -> Result:
    """Run the command in a process of its own, without a terminal."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *arguments],
        env=environment(**options.pop("env", {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=False,
        **options,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def start(
    *arguments: str, stdout: Union[int, IO[Any]] = subprocess.PIPE, **env: str
) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, *arguments],
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def wait_until_met(sandbox: Sandbox) -> None:
    """Wait until the faults of a sandbox have been met."""
    ends = time.monotonic() + 10
    while sandbox.faults.waiting():
        assert time.monotonic() < ends, "no request came"
        time.sleep(0.01)


def _without(values: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str, columns: int = 140, env: Optional[Any] = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", _TAKE_TERMINAL, *COMMAND, *arguments],
            env=_without(environment(TERM="xterm-256color", **(env or {})), "COLUMNS", "LINES"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._shown = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        os.close(self._master)

    @property
    def shown(self) -> str:
        """What came on the terminal, without colours."""
        return _STYLE.sub("", self._shown.decode("utf-8", "replace"))

    def wait_for(self, pattern: str, seconds: float = 10) -> str:
        """Read until the text shows; returns all that was shown."""
        ends = time.monotonic() + seconds
        while not re.search(pattern, self.shown):
            assert self._read(ends - time.monotonic()), f"no {pattern!r} in {self.shown!r}"
        return self.shown

    def press_control_c(self) -> None:
        os.write(self._master, b"\x03")

    def end(self, seconds: float = 10) -> tuple[int, str]:
        """Wait for the end; returns the exit code and all that was shown."""
        ends = time.monotonic() + seconds
        while self._read(ends - time.monotonic()):
            pass
        return self.process.wait(max(ends - time.monotonic(), 0.1)), self.shown

    def _read(self, seconds: float) -> bool:
        """Take what comes within the time; False if nothing does, or nothing will."""
        ready, _, _ = select.select([self._master], [], [], max(seconds, 0))
        piece = b""
        if ready:
            with contextlib.suppress(OSError):  # Linux says so that the other end is closed
                piece = os.read(self._master, 65536)
        self._shown += piece
        return bool(piece)
