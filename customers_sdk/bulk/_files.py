"""Files that are whole or not there, and that only one process writes.

On Windows, which has no ``flock``, two processes are not kept apart.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]


def claim(path: Path, name: str, what: str) -> IO[bytes]:
    """Open a file to append to, made if it is not there, for this process alone.

    It is kept until it is closed, or this process and those it has forked have ended.

    Args:
        path: the file.
        name: the argument to blame.
        what: the kind of work that may have it.

    Raises:
        ValueError: another process has it, or had it and has just ended.
    """
    file = path.open("a+b")
    try:
        _lock(file, name, what)
    except BaseException:
        file.close()
        raise
    return file


def _lock(file: IO[bytes], name: str, what: str) -> None:
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
    """Give a file that is written its name, once it is on the disk.

    A file that has the name is replaced, and its permissions stay.
    """
    file.flush()
    os.fsync(file.fileno())
    with contextlib.suppress(FileNotFoundError):
        shutil.copymode(path, file.name)
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


def part_of(path: Path) -> Path:
    """Where a file is written until it is complete."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return path.with_name(f"{path.name}.part")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``path`` if all goes well, or else goes."""
    with claim(part_of(path), "path", "merge or export") as file:
        try:
            file.truncate(0)
            yield file
            put_in_place(file, path)
        except BaseException:
            if not file.closed:
                remove(file)
            raise


def write(path: Path, content: bytes) -> None:
    """Write a small file at once: whoever reads it sees the old content or the new.

    It is not waited for until it is on the disk, as `put_in_place` does.
    """
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
