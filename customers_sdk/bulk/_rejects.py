"""The reject file: the rows that were not imported, to be fixed and imported again."""

from __future__ import annotations

import codecs
import csv
import errno
import hashlib
import io
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from customers_sdk.bulk import _files
from customers_sdk.bulk._csvrows import CsvRows, added_columns
from customers_sdk.bulk._rows import Rejection

_NUMBER = re.compile(r"(?:\.(\d+))?(\.[^.]*)?\Z")


def _later(path: Path) -> Iterator[Path]:
    """Give the names after that of a reject file: ``a.rejects.2.csv``, ``a.rejects.3.csv`` …."""
    found = _NUMBER.search(path.name)
    for number in itertools.count(int(found[1] or 1) + 1 if found else 2):
        yield path.with_name(_NUMBER.sub(rf".{number}\2", path.name, count=1))


class RejectFile:
    """A CSV file of the rows of another one that were not imported.

    They stand as they came, after their line and the reason: a row may have more cells than
    the header, or fewer, and still be distinguished from these. Encoding and delimiter are
    those of the input, so that both are imported in the same way. The reject file of a reject
    file has new lines and reasons in place of the old ones.

    A file that has been changed since it was written is never replaced, because it holds rows
    that are being fixed: the rows go into ``….2.csv`` next to it, or the next number that is
    free. A digest in ``….sha256`` next to a reject file is how a change is noticed.

    Args:
        path: the file.
        rows: what is imported.

    Attributes:
        path: where the rows are written, ``path`` or a file with a number.
        changed: the files that are not written to because they have been changed.

    Raises:
        ArgumentError: ``path`` exists and is not a regular file.
        OSError: its folder does not exist, or it cannot be read.
    """

    def __init__(self, path: str | Path, rows: CsvRows) -> None:
        self._wanted = Path(path)
        self._rows = rows
        self._settle()
        if not self.path.resolve().parent.is_dir():  # and not when all rows are imported
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))

    @staticmethod
    def default_path(file: Path) -> Path:
        """Return where the rows of a file go if nothing else is said.

        ``users.csv.rejects.csv``; those of that file go into ``users.csv.rejects.2.csv``.
        """
        if re.search(r"\.rejects(\.\d+)?\.csv\Z", file.name):
            return next(_later(file))
        return file.with_name(f"{file.name}.rejects.csv")

    def _settle(self) -> None:
        """Choose the first path at which nothing is lost."""
        self.path: Path = self._wanted
        self.changed: list[Path] = []
        names = _later(self.path)
        while not self._may_write(self.path):
            self.changed.append(self.path)
            self.path = next(names)

    def _may_write(self, path: Path) -> bool:
        _files.check_regular(path, "rejects")
        if path.resolve() == self._rows.path.resolve():
            return False
        try:
            with path.open("rb") as file:
                return not path.stat().st_size or _seal(path).read_bytes() == _digest(file)
        except FileNotFoundError:
            return not path.exists()

    def write(self, rejections: Iterable[Rejection]) -> None:
        """Write rows atomically, readable by their owner alone; delete the file if there are none.

        Raises:
            OSError: it cannot be written.
        """
        ordered = sorted(rejections, key=lambda rejection: rejection.line)
        self._settle()
        if not ordered:
            self.path.resolve().unlink(missing_ok=True)
            _seal(self.path).unlink(missing_ok=True)
            return
        added = self._rows.added
        columns = self._rows.columns[added:]
        with _files.replacing(self.path.resolve(), "rejects", "import") as binary:
            file = io.TextIOWrapper(binary, self._encoding(), errors="surrogateescape", newline="")
            writer = csv.writer(file, delimiter=self._rows.delimiter, lineterminator="\n")
            writer.writerow([*added_columns(columns), *columns])
            for each in ordered:
                writer.writerow([each.line, self._fit(each.reason), *each.row.cells[added:]])
            file.flush()
            file.detach()
            binary.seek(0)
            digest = _digest(binary)  # of what is written here: the file may be edited at once
        with _files.replacing(_seal(self.path), "rejects", "import") as binary:
            binary.write(digest)

    def _encoding(self) -> str:
        """Return the encoding of the input, with a byte order mark only if that has one."""
        encoding = self._rows.encoding
        if codecs.lookup(encoding).name != "utf-8-sig":
            return encoding
        with self._rows.path.open("rb") as file:
            return encoding if file.read(3) == codecs.BOM_UTF8 else "utf-8"

    def _fit(self, reason: str) -> str:
        """Return a reason in one line that the encoding can hold; cells are as they were read."""
        encoding = self._rows.encoding
        return " ".join(reason.split()).encode(encoding, "backslashreplace").decode(encoding)


def _seal(path: Path) -> Path:
    """Return the file that holds the digest of a reject file, as it was written."""
    return path.with_name(f"{path.name}.sha256")


def _digest(file: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in iter(lambda: file.read(1 << 20), b""):
        digest.update(piece)
    return digest.hexdigest().encode()
