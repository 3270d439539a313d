"""Records of a CSV file, by line; one that is broken takes no others with it."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from customers_sdk._wire.codec import LARGEST_REQUEST

# What the decoder makes of bytes that are no text in the file's encoding.
_UNDECODED = re.compile("[\udc80-\udcff]")


class Record(NamedTuple):
    """A record of a file.

    Attributes:
        line: the line it begins on, from 1.
        cells: what it holds; of a broken one, the line as it is.
        problem: why it cannot be read, or an empty text.
    """

    line: int
    cells: list[str]
    problem: str = ""


class CsvFile:
    """A file of comma-separated values, whose first record is the header.

    Raises:
        ValueError: it is not a regular file, in which it could be read more than once.
        OSError: there is none, or it cannot be read.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ValueError("delimiter must be one character, and no quote or line end")
        if path.exists() and not path.is_file():
            raise ValueError(f"path: {path} is no regular file, which can be read again")
        # The limit is the whole process's: raised to what can be sent, and never lowered.
        csv.field_size_limit(max(LARGEST_REQUEST, csv.field_size_limit()))
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter

    def records(self) -> Iterator[Record]:
        """The records that are not blank, the header first."""
        width = 0
        with self._open() as file:
            lines = _Lines(file)
            while True:
                try:
                    record = self._next(lines, width)
                except UnicodeDecodeError:
                    where = f"{self.path}, after line {lines.number},"
                    raise ValueError(f"path: {where} is not text in {self.encoding}") from None
                if record is None:
                    return
                if record.cells:
                    width = width or len(record.cells)
                    yield record

    def _open(self) -> IO[str]:
        try:
            return self.path.open(encoding=self.encoding, errors="surrogateescape", newline="")
        except LookupError as error:
            raise ValueError(f"encoding: {error}") from None

    def _next(self, lines: _Lines, width: int) -> Record | None:
        lines.begin()
        number = lines.number + 1
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            return Record(number, [lines.give_back()], f"the line is not CSV: {error}")
        if cells is None:
            return None
        if any(map(_UNDECODED.search, cells)):
            return Record(number, cells, f"the line is not text in {self.encoding}")
        if cells and width and len(cells) != width:
            problem = f"the line has {len(cells)} cells, and the header {width}"
            # A quote too many can join lines that are not one record.
            cells = [lines.give_back()] if lines.number > number else cells
            return Record(number, cells, problem)
        return Record(number, cells)


class _Lines(Iterator[str]):
    """The lines of a file, of which those of a broken record can be read again.

    Attributes:
        number: of the line that was read last.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 0

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline()
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            line = line.lstrip("\ufeff")
        self._taken.append(line)
        return line

    def begin(self) -> None:
        """Forget the lines of the record before."""
        self._taken.clear()

    def give_back(self) -> str:
        """All lines since then but the first, which is returned without its end."""
        first, *rest = self._taken
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        return first.rstrip("\r\n")
