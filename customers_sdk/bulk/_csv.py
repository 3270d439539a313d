"""Records of a CSV file, by line; one that is broken takes no others with it.

Nothing is guessed silently: a file in another encoding, or with another delimiter, is refused,
and the error says what to pass.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from customers_sdk._wire.codec import LARGEST_REQUEST
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._rows import Row

# Bytes that are not text in the encoding, as the decoder lets them through.
_UNDECODED = re.compile("[\udc80-\udcff]")
# Characters that are more than one byte of UTF-8.
_MULTIBYTE = re.compile("[^\x00-\x7f\ud800-\udfff]")
# No character has these in Windows-1252.
_NOT_CP1252 = re.compile("[\udc81\udc8d\udc8f\udc90\udc9d]")
_CHUNK = 1 << 20
_DELIMITERS = ";\t|,"


def check_file(path: Path, encoding: str, delimiter: str) -> None:
    """Refuse a file that cannot be read twice, or looks as if it had another encoding."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ArgumentError("delimiter", "must be one character, and not a quote or line end")
    if path.exists() and not path.is_file():
        raise ArgumentError(
            "path", f"{path} is not a regular file, which can be read more than once"
        )
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise ArgumentError("encoding", str(error)) from None
    likely = _likely_encoding(path) if name in ("utf-8", "utf-8-sig") else "utf-8"
    if likely != "utf-8":
        raise ArgumentError("encoding", f"the text of {path} is not in {encoding}", likely)
    # The limit is the whole process's: raised to what can be sent, and never lowered.
    csv.field_size_limit(max(LARGEST_REQUEST, csv.field_size_limit()))


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    """Give the records that are not blank, the header first, as rows without fields.

    The only cell of one that cannot be read is its first line.
    """
    width = 0
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        try:
            while record := _next(lines, encoding, delimiter, width):
                if any(map(str.strip, record.cells)):
                    width = width or len(record.cells)
                    yield record
        except UnicodeError:
            likely = _likely_encoding(path)
            same = codecs.lookup(likely).name == codecs.lookup(encoding).name
            raise ArgumentError(
                "encoding",
                f"the text of {path}, after line {lines.number}, is not in {encoding}",
                None if same else likely,
            ) from None


def _next(lines: _Lines, encoding: str, delimiter: str, width: int) -> Row | None:
    lines.taken.clear()
    number = lines.number + 1
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error as error:
        return Row(number, {}, f"the line is not CSV: {error}", [lines.give_back()])
    if cells is None:
        return None
    problem = ""
    if any(map(_UNDECODED.search, cells)):
        problem = f"the line is not text in {encoding}"
    elif cells and width and len(cells) != width:
        problem = f"the line has {len(cells)} cells, and the header {width}"
        if lines.number > number:
            # A quote too many can join lines that are not one record.
            cells = [lines.give_back()]
    return Row(number, {}, problem, cells)


class _Lines(Iterator[str]):
    """The lines of a file, of which those of a broken record can be read again."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []  # those of this record
        self.number = 0  # of the line that was read last

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._file)
        self.number += 1
        if self.number == 1:
            line = line.lstrip("\ufeff")
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """Take back all lines of this record but the first, which is returned without its end."""
        first, *rest = self.taken
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        return first.rstrip("\r\n")


def _likely_encoding(path: Path) -> str:
    """Return the encoding that a file is most likely in.

    UTF-16 has a byte order mark, or every other byte is 0. What is mostly not UTF-8 is
    Windows-1252, or Latin-1 where it has bytes that Windows-1252 does not use. The odd byte
    that is wrong in a file of UTF-8 does not change what the file is.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    wrong = right = 0
    latin = False
    with path.open("rb") as file:
        chunk = file.read(_CHUNK)
        # UTF-32 first: its mark begins with one of UTF-16.
        if chunk.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            return "utf-32"
        if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if chunk[offset::2].count(0) > len(chunk) // 4:
                return name
        while chunk:
            text = decoder.decode(chunk)
            if not text.isascii():
                wrong += len(_UNDECODED.findall(text))
                right += len(_MULTIBYTE.findall(text))
                latin = latin or _NOT_CP1252.search(text) is not None
            chunk = file.read(_CHUNK)
    if wrong <= right:
        return "utf-8"
    return "latin-1" if latin else "cp1252"


def likely_delimiter(header: str, wanted: set[str]) -> str | None:
    """Return the delimiter with which a header has most cells, and a wanted column; or None."""
    best = None
    most = 1
    for delimiter in _DELIMITERS:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        if len(cells) > most and wanted & set(cells):
            best, most = delimiter, len(cells)
    return best
