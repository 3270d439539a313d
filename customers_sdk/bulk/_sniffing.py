"""What a CSV file looks like where it is not what was said: its encoding, its delimiter.

Nothing is guessed silently: a file that does not fit is refused, and the error says what to
pass.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable
from pathlib import Path

# Bytes that are not UTF-8, as the decoder lets them through, and characters that are more than one.
_UNDECODED = re.compile("[\udc80-\udcff]")
_MULTIBYTE = re.compile("[^\x00-\x7f\ud800-\udfff]")
# No character has these in Windows-1252.
_NOT_CP1252 = re.compile("[\udc81\udc8d\udc8f\udc90\udc9d]")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_DELIMITERS = ";\t|,"


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8, with or without a byte order mark."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def likely_encoding(path: Path) -> str:
    """Return the encoding that a file is most likely in.

    UTF-16 has a byte order mark, or every other byte is 0. What is mostly not UTF-8 is
    Windows-1252, or Latin-1 where it has bytes that Windows-1252 does not use. The odd byte
    that is wrong in a file of UTF-8 does not change what the file is.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    wrong = right = 0
    latin = False
    with path.open("rb") as file:
        start = file.read(_CHUNK)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if start[offset::2].count(0) > len(start) // 4:
                return name
        chunk = start
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


def likely_delimiter(header: str, wanted: Iterable[str]) -> str | None:
    """Return the delimiter that a header has more cells with, and wanted columns; or None.

    Args:
        header: the line.
        wanted: columns, of which one at least must come out.
    """
    columns = set(wanted)
    best = None
    most = 1
    for delimiter in _DELIMITERS:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        if len(cells) > most and columns & set(cells):
            best, most = delimiter, len(cells)
    return best
