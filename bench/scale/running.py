"""What the measurements have in common: how large they are, their processes, their table."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[2]
# Within this a process ends by itself, at full size on a slow machine.
_PATIENCE = 1_200


class Line(NamedTuple):
    """A line of the table.

    Attributes:
        what: was measured.
        wanted: what it has to be, or an empty text where it is only told.
        measured: what it is.
        holds: whether that is as wanted.
    """

    what: str
    wanted: str
    measured: str
    holds: bool = True

    @classmethod
    def told(cls, what: str, measured: object) -> Line:
        return cls(what, "", f"{measured:,}" if isinstance(measured, int) else str(measured))

    @classmethod
    def exactly(cls, what: str, wanted: int, measured: int) -> Line:
        return cls(what, f"{wanted:,}", f"{measured:,}", measured == wanted)

    @classmethod
    def yes(cls, what: str, holds: bool) -> Line:  # noqa: FBT001 - it is the value
        return cls(what, "yes", "yes" if holds else "no", holds)

    def cells(self) -> tuple[str, str, str, str]:
        verdict = ("pass" if self.holds else "MISS") if self.wanted else ""
        return (self.what, self.wanted, self.measured, verdict)


def as_text(lines: list[Line]) -> str:
    """The table for a terminal."""
    table = [("what", "wanted", "measured", "verdict"), *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table
    )


class Service(NamedTuple):
    """A service in another process.

    Attributes:
        settings: arguments of a `customers_sdk.Client` of it.
        process: where it runs.
    """

    settings: dict[str, str]
    process: subprocess.Popen[str]

    def stop(self) -> dict[str, Any]:
        """End it, and get what it has counted."""
        out, _ = self.process.communicate(timeout=60)
        counted: dict[str, Any] = json.loads(out)
        return counted


@contextlib.contextmanager
def serving(module: str, *arguments: object) -> Iterator[Service]:
    """Run a module that serves until its standard input ends, and so no longer than we live."""
    command = [sys.executable, "-m", f"bench.scale.{module}", *map(str, arguments)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield Service(json.loads(process.stdout.readline()), process)
        finally:
            process.kill()


def run(
    task: str, kill_at: Optional[int] = None, patience: float = _PATIENCE, **what: Any
) -> Optional[dict[str, Any]]:
    """Run a task of `child` in a process of its own, until it ends or is killed -9.

    Args:
        task: its name.
        kill_at: the number of rows done at which it is killed.
        patience: seconds after which it has failed.
        what: the arguments of the task.

    Returns:
        What the task gives, or None where it was killed.
    """
    command = [sys.executable, "-m", "bench.scale.child", task, json.dumps(what)]
    result = None
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        watchdog = threading.Timer(patience, process.kill)
        watchdog.start()
        try:
            assert process.stdout
            for line in process.stdout:
                if line.startswith("{"):
                    result = json.loads(line)
                elif kill_at is not None and int(line) >= kill_at:
                    process.kill()
                    break
        finally:
            watchdog.cancel()
            if result is None:
                process.kill()
    killed = process.returncode == -signal.SIGKILL and kill_at is not None
    assert killed or (process.returncode == 0 and result is not None), (
        f"{task} ended with {process.returncode}"
    )
    return result
