"""Files that are atomic and private, and that only one process writes.

On Windows, which has no ``flock``, two processes are not kept apart.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from customers_sdk.bulk._errors import ArgumentError

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_PRIVATE = 0o600
_open_private = functools.partial(os.open, mode=_PRIVATE)


def check_regular(path: Path, name: str) -> None:
    """Refuse a path to write that is not a regular file; ``name`` is the argument to blame.

    A rename would replace a FIFO, a device or a socket.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        raise ArgumentError(name, f"{path} exists and is not a regular file")


def resolve(path: str | Path, name: str) -> Path:
    """Return where a file is written, so that a link stays one; see `check_regular`."""
    # Before links are followed: the end of a pipe has no path.
    check_regular(Path(path), name)
    return Path(path).resolve()


@contextlib.contextmanager
def claim(path: Path, name: str, what: str, *, becomes: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a file to append to, made if it is not there, for this process alone.

    It is held until it is closed, or this process and those it has forked have ended. Only its
    owner may read it, or who may read the file that it ``becomes``. Where it is not a regular
    file, or another process is doing ``what`` with it, the argument ``name`` is refused.
    """
    check_regular(path, name)
    with open(path, "a+b", opener=_open_private) as file:
        _lock(file, name, what)
        if becomes is not None:
            path.chmod(_PRIVATE)
            _copy_permissions(becomes, path)
        yield file


def _copy_permissions(source: Path, target: Path | str) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.copymode(source, target)


def _lock(file: IO[bytes], name: str, what: str) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The process that held it may have renamed or deleted it since it was opened here.
        ours = os.path.samestat(os.fstat(file.fileno()), Path(file.name).stat())
    except (BlockingIOError, FileNotFoundError):
        ours = False
    if not ours:
        raise ArgumentError(name, f"{file.name} is in use by another {what}")


def put_in_place(file: IO[bytes], path: Path) -> None:
    """Rename a file once it is on the disk; one of that name is replaced, its permissions stay."""
    file.flush()
    os.fsync(file.fileno())
    _copy_permissions(path, file.name)
    with _closing(file):
        Path(file.name).replace(path)


def remove(file: IO[bytes]) -> None:
    with _closing(file):
        Path(file.name).unlink()


@contextlib.contextmanager
def _closing(file: IO[bytes]) -> Iterator[None]:
    """Close a file after its name is changed, or before on Windows, which demands that."""
    if fcntl is None:
        file.close()
    yield
    file.close()


def part_of(path: Path) -> Path:
    """Return the path under which a file is written until it is complete."""
    return path.with_name(f"{path.name}.part")


@contextlib.contextmanager
def replacing(path: Path, name: str, what: str) -> Iterator[IO[bytes]]:
    """Give a new file that replaces ``path`` if all goes well, and is deleted otherwise."""
    check_regular(path, name)
    with claim(part_of(path), name, what, becomes=path) as file:
        try:
            file.truncate(0)
            yield file
            put_in_place(file, path)
        except BaseException:
            if not file.closed:
                remove(file)
            raise


def write(path: Path, content: bytes, like: IO[bytes]) -> None:
    """Write a small file atomically, without waiting until it is on the disk."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(new, "xb", opener=_open_private) as file:
        file.write(content)
    new.chmod(stat.S_IMODE(os.fstat(like.fileno()).st_mode))
    new.replace(path)
