"""The file of the rows that were not imported, fit to be mended and imported again."""

from __future__ import annotations

import contextlib
import csv
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from customers_sdk.cli._exit import one_line

if TYPE_CHECKING:
    from customers_sdk.bulk import Rejection

_OURS = ("line", "reason")


class RejectFile(NamedTuple):
    """Where rejected rows go.

    They stand as they came, behind their line and the reason: a row may have more cells than
    the header, or fewer, and still be told apart from ours.

    Attributes:
        path: the file.
        columns: the header of the input. A reject file may itself be imported: its first two
            columns then make room for the new ones.
        encoding, delimiter: those of the input, so that the same command takes both.
    """

    path: Path
    columns: Sequence[str]
    encoding: str
    delimiter: str

    def write(self, rejections: Iterable[Rejection]) -> None:
        """Write them, or take an old file away if there are none; complete or not at all."""
        rows = sorted(rejections, key=lambda rejection: rejection.line)
        if not rows:
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()
            return
        again = tuple(self.columns[:2]) == _OURS
        skip = len(_OURS) if again else 0
        # A temporary file is its owner's alone to read: these are personal data.
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with open(  # noqa: PTH123 - a descriptor
                descriptor, "w", encoding=self.encoding, errors="surrogateescape", newline=""
            ) as file:
                writer = csv.writer(file, delimiter=self.delimiter, lineterminator="\n")
                writer.writerow([*self._names(), *self.columns[skip:]])
                for each in rows:
                    cells = each.row.cells[skip:]
                    writer.writerow([each.line, self._fit(each.reason), *cells])
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def _fit(self, reason: str) -> str:
        """A reason as the encoding can hold it; cells are written as they were read."""
        encoding = self.encoding
        return one_line(reason).encode(encoding, "backslashreplace").decode(encoding)

    def _names(self) -> list[str]:
        """Our columns, called otherwise where the input has a column of the name."""
        theirs = self.columns[2:] if tuple(self.columns[:2]) == _OURS else self.columns
        return [name if name not in theirs else f"{name}_" for name in _OURS]
