"""The journal of an import: which rows are settled, so that a killed run can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from customers_sdk.bulk import _files
from customers_sdk.bulk.rows import Row

_VERSION = 1


class Settled(NamedTuple):
    """What became of a row in an earlier run.

    Attributes:
        what: ``created``, ``updated``, ``unchanged`` or ``rejected``.
        reason: why it was rejected, or an empty text.
    """

    what: str
    reason: str = ""


def digest(row: Row) -> str:
    """What a row is known by, without showing what it holds; one that is edited has another."""
    content = json.dumps([row.external_id, row.fields], sort_keys=True, default=repr)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class Journal:
    """A file of JSON Lines to which each row is added when it is settled.

    The first line names the service and the app. A line that a killed run left half
    written is cut off: its row is then simply met again.

    Args:
        path: the file; made if it is not there.
        scope: what the import is into.

    Raises:
        ValueError: the file is no journal, or that of another import, or in use.
    """

    def __init__(self, path: str | Path, scope: Mapping[str, str]) -> None:
        self.path: Path = Path(path)
        self.settled: dict[str, Settled] = {}
        self._file = self.path.open("a+b")
        try:
            _files.lock(self._file, "journal", "import")
            self._read(json.dumps({"journal": _VERSION, **scope}).encode() + b"\n")
        except BaseException:
            self._file.close()
            raise

    def _read(self, header: bytes) -> None:
        self._file.seek(0)
        first = self._file.readline()
        if first != header:
            if not header.startswith(first):
                raise ValueError(f"journal: {self.path} {_described(first)}")
            self._file.truncate(0)
            self._write(header)
            return
        for number, line in enumerate(self._file, 2):
            if not line.endswith(b"\n"):
                self._file.truncate(self._file.tell() - len(line))
                break
            try:
                row, *what = json.loads(line)
                self.settled[row] = Settled(*what)
            except (ValueError, TypeError):
                raise ValueError(f"journal: {self.path} is damaged in line {number}") from None

    def add(self, row: str, what: str, reason: str = "") -> None:
        """Note that a row, given by its digest, is settled."""
        entry = [row, what, reason] if reason else [row, what]
        self._write(json.dumps(entry).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        # Handed to the system at once: a process that is killed loses nothing.
        self._file.write(line)
        self._file.flush()

    def remove(self) -> None:
        """Delete the file: the import has ended."""
        _files.remove(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def _described(line: bytes) -> str:
    """What is wrong with a journal that begins so."""
    try:
        scope: Any = json.loads(line)
    except ValueError:
        scope = None
    if not isinstance(scope, dict) or "journal" not in scope:
        return "is not the journal of an import"
    if scope["journal"] != _VERSION:
        return "was written by another version of customers_sdk"
    return f"is of an import into app {scope.get('app_id')} at {scope.get('base_url')}"
