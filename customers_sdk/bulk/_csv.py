"""Records of a CSV file, by line; one that is broken takes no others with it."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from customers_sdk._wire.codec import LARGEST_REQUEST
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._sniffing import is_utf8, likely_encoding

# What the decoder makes of bytes that are not text in the file's encoding.
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
        ArgumentError: it is not a regular file, which could be read more than once, or
            not in the encoding.
        OSError: there is none, or it cannot be read.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ArgumentError("delimiter", "must be one character, and not a quote or line end")
        if path.exists() and not path.is_file():
            raise ArgumentError(
                "path", f"{path} is not a regular file, which can be read more than once"
            )
        try:
            likely = likely_encoding(path) if is_utf8(encoding) else "utf-8"
        except LookupError as error:
            raise ArgumentError("encoding", str(error)) from None
        if likely != "utf-8":
            raise ArgumentError("encoding", f"the text of {path} is not in {encoding}", likely)
        # The limit is the whole process's: raised to what can be sent, and never lowered.
        csv.field_size_limit(max(LARGEST_REQUEST, csv.field_size_limit()))
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter

    def records(self) -> Iterator[Record]:
        """Give the records that are not blank, the header first."""
        width = 0
        with self._open() as file:
            lines = _Lines(file)
            while True:
                try:
                    record = self._next(lines, width)
                except UnicodeError:
                    where = f"the text of {self.path}, after line {lines.number},"
                    raise ArgumentError(
                        "encoding", f"{where} is not in {self.encoding}", self._other_encoding()
                    ) from None
                if record is None:
                    return
                if any(map(str.strip, record.cells)):
                    width = width or len(record.cells)
                    yield record

    def _open(self) -> IO[str]:
        return self.path.open(encoding=self.encoding, errors="surrogateescape", newline="")

    def _other_encoding(self) -> str | None:
        likely = likely_encoding(self.path)
        same = codecs.lookup(likely).name == codecs.lookup(self.encoding).name
        return None if same else likely

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
        """Take back all lines since then but the first, which is returned without its end."""
        first, *rest = self._taken
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        return first.rstrip("\r\n")
