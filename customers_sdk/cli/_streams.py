"""Standard output and standard error whose encoding is odd, or whose reader has gone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads along; a stream that was closed from the start is None."""
    return stream is not None and stream.isatty()


def escape_unencodable() -> None:
    """Let a terminal of another encoding show escapes, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop(stream: TextIO) -> None:
    """Send what is still buffered nowhere: the interpreter flushes it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def finish_errors() -> None:
    """Drop lines that standard error cannot take: for these the interpreter would exit with 120."""
    if sys.stderr is None:  # closed from the start
        return
    try:
        sys.stderr.flush()
    except OSError:
        with contextlib.suppress(OSError):  # a stand-in without a file descriptor
            drop(sys.stderr)
