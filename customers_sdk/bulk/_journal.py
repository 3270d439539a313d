"""The journal of an import: which rows are done, so that a killed run can be resumed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from customers_sdk import _checks
from customers_sdk._wire import codec
from customers_sdk.bulk import _files
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._rows import Row

_VERSION = 2

# The outcomes of a row.
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
REJECTED, FAILED = "rejected", "failed"
_OUTCOMES = frozenset({CREATED, UPDATED, UNCHANGED, REJECTED, FAILED})


class Entry(NamedTuple):
    """The outcome of a row in an earlier run."""

    external_id: str  # a digest of it
    content: str  # a digest of what the row held
    outcome: str
    reason: str = ""  # why it was rejected


def _digests(row: Row) -> list[str]:
    """Return those of a row's external id, and of what it holds in any order of its fields."""
    fields = _checks.customer_fields(dict(sorted(row.fields.items())))
    contents = (row.external_id.encode("utf-8", "surrogatepass"), codec.encode(fields))
    return [hashlib.sha256(content).hexdigest()[:32] for content in contents]


def _seal(content: bytes) -> bytes:
    """Return a line with the checksum of its content in front."""
    return b"%08x %s\n" % (zlib.crc32(content), content)


def _unseal(line: bytes) -> Entry | None:
    """Read a line; None if it is damaged."""
    content = line[9:-1]
    if line != _seal(content):
        return None
    entry = Entry(*json.loads(content))
    return entry if entry.outcome in _OUTCOMES else None


class Journal:
    """A file of lines to which a row is added when its outcome is known.

    The first line names the service and the app. Rows are identified by digests, of their
    external id and of what they hold, and the last line for an external id counts. Each
    line has a checksum. A line that is damaged, or that a killed run left half written,
    counts for nothing: its row is imported again.
    """

    def __init__(self, file: IO[bytes], scope: Mapping[str, str]) -> None:
        self._file = file
        self._header = json.dumps({"journal": _VERSION, **scope}).encode() + b"\n"
        self._entries: dict[str, Entry] = {}
        self.spares_work = False  # whether the next run has any use for it
        file.seek(0)
        first = file.readline()
        if first == self._header:
            self._read()
        elif self._header.startswith(first):
            file.seek(file.truncate(0))
        else:
            raise ArgumentError("journal", f"{file.name} {_describe(first)}")

    def _read(self) -> None:
        for line in self._file:
            if not line.endswith(b"\n"):
                self._file.seek(self._file.truncate(self._file.tell() - len(line)))
                break
            if entry := _unseal(line):
                self._entries[entry.external_id] = entry
                self.spares_work |= entry.outcome != REJECTED

    def entry(self, row: Row) -> Entry | None:
        """Return the outcome of a row, if it holds the same as then."""
        if not self._entries:
            return None
        external_id, content = _digests(row)
        entry = self._entries.get(external_id)
        return entry if entry and entry.content == content else None

    def add(self, row: Row, outcome: str, reason: str = "") -> None:
        """Note the outcome of a row."""
        entry = [*_digests(row), outcome]
        line = _seal(json.dumps([*entry, reason] if reason else entry).encode())
        # Handed to the system at once: a process that is killed loses nothing.
        self.spares_work |= outcome != REJECTED
        self._file.write(line if self._file.tell() else self._header + line)
        self._file.flush()


@contextlib.contextmanager
def open_journal(path: str | Path, scope: Mapping[str, str]) -> Iterator[Journal]:
    """Open the journal of an import into ``scope``, made if it is not there."""
    with _files.claim(_files.resolve(path, "journal"), "journal", "import") as file:
        journal = Journal(file, scope)
        try:
            yield journal
        finally:
            # One without use would only stand in the way of an import into another app.
            if not journal.spares_work:
                _files.remove(file)


def _describe(line: bytes) -> str:
    """Say what is wrong with a journal that begins with this line."""
    with contextlib.suppress(ValueError):
        scope = json.loads(line)
        if isinstance(scope, dict) and "journal" in scope:
            if scope["journal"] != _VERSION:
                return (
                    "was written by another version of customers_sdk; delete it and import again: "
                    "customers that exist are not created twice"
                )
            return (
                f"is of an import into app {scope.get('app_id')} at {scope.get('base_url')}; "
                "delete it (customers that exist are not created twice), or pass another journal"
            )
    return "is not the journal of an import"
