"""Files that are whole or not there, and that only one process writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: there two runs at once are not kept apart
    fcntl = None  # type: ignore[assignment]


def lock(file: IO[bytes], name: str, what: str) -> None:
    """Keep a file for this process until it is closed or the process ends, however it does.

    Args:
        file: opened, and not yet written to.
        name: the argument to blame.
        what: the kind of work that may have it.

    Raises:
        ValueError: another process has it, or had it and has just ended.
    """
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have renamed or deleted it since it was opened here.
        ours = os.path.samestat(os.fstat(file.fileno()), Path(file.name).stat())
    except (BlockingIOError, FileNotFoundError):
        ours = False
    if not ours:
        raise ValueError(f"{name}: {file.name} is in use by another {what}")


def put_in_place(file: IO[bytes], path: Path) -> None:
    """Give a file that is written its name, once it is on the disk."""
    file.flush()
    os.fsync(file.fileno())
    with _let_go(file):
        Path(file.name).replace(path)


def remove(file: IO[bytes]) -> None:
    """Delete a file."""
    with _let_go(file):
        Path(file.name).unlink()


@contextlib.contextmanager
def _let_go(file: IO[bytes]) -> Iterator[None]:
    """Close a file after what is done to its name, or before on Windows, which wants it closed."""
    if fcntl is None:
        file.close()
    yield
    file.close()


@contextlib.contextmanager
def beside(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``path`` if all goes well, or else goes."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            put_in_place(file, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write(path: Path, content: bytes) -> None:
    """Write a small file at once: whoever reads it sees the old content or the new.

    It is not waited for until it is on the disk, as `put_in_place` does.
    """
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
