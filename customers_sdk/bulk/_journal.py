"""The journal of an import: which rows are settled, so that a killed run can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from customers_sdk.bulk import _files
from customers_sdk.bulk._rows import Row

_VERSION = 1

# What may become of a row.
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
REJECTED, FAILED = "rejected", "failed"


class Entry(NamedTuple):
    """What became of a row in an earlier run.

    Attributes:
        content: what the row held.
        what: `CREATED`, `UPDATED`, `UNCHANGED`, `REJECTED` or `FAILED`.
        reason: why it was rejected, or an empty text.
    """

    content: str
    what: str
    reason: str = ""


def _digest(value: Any) -> str:
    content = json.dumps(value, sort_keys=True, default=repr)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class Journal:
    """A file of JSON Lines to which a row is added when something has become of it.

    The first line names the service and the app. Rows are known by digests, of their
    external id and of what they hold, and the last line for an external id counts. A line
    that a killed run left half written is cut off: its row is then simply met again.

    Args:
        path: the file; made if it is not there.
        scope: what the import is into.

    Raises:
        ValueError: the file is no journal, or that of another import, or in use.
    """

    def __init__(self, path: str | Path, scope: Mapping[str, str]) -> None:
        self._path = Path(path).resolve()
        self._entries: dict[str, Entry] = {}
        self._header = json.dumps({"journal": _VERSION, **scope}).encode() + b"\n"
        self._file = _files.claim(self._path, "journal", "import")
        try:
            self._read()
        except BaseException:
            self._file.close()
            raise

    def _read(self) -> None:
        self._file.seek(0)
        first = self._file.readline()
        if first != self._header:
            if not self._header.startswith(first):
                raise ValueError(f"journal: {self._path} {_described(first)}")
            self._file.seek(self._file.truncate(0))
            return
        for number, line in enumerate(self._file, 2):
            if not line.endswith(b"\n"):
                self._file.seek(self._file.truncate(self._file.tell() - len(line)))
                break
            try:
                external_id, *entry = json.loads(line)
                self._entries[external_id] = Entry(*entry)
            except (ValueError, TypeError):
                raise ValueError(f"journal: {self._path} is damaged in line {number}") from None

    def entry(self, row: Row) -> Entry | None:
        """What became of a row, if it holds the same as then."""
        if not self._entries:
            return None
        entry = self._entries.get(_digest(row.external_id))
        return entry if entry and entry.content == _digest(row.fields) else None

    def add(self, row: Row, what: str, reason: str = "") -> None:
        """Note what has become of a row."""
        entry = [_digest(row.external_id), _digest(row.fields), what]
        line = json.dumps([*entry, reason] if reason else entry).encode() + b"\n"
        # Handed to the system at once: a process that is killed loses nothing.
        self._file.write(line if self._file.tell() else self._header + line)
        self._file.flush()

    def remove(self) -> None:
        """Delete the file: the import has ended."""
        _files.remove(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._file.closed and not self._file.tell():
            self.remove()
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
