"""The reject file: the rows that were not imported, to be fixed and imported again."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable
from pathlib import Path

from customers_sdk.bulk import _files
from customers_sdk.bulk._csvrows import CsvRows
from customers_sdk.bulk._rows import Rejection

_OURS = ("line", "reason")


class RejectFile:
    """A CSV file of the rows of another one that were not imported.

    They stand as they came, after their line and the reason: a row may have more cells than
    the header, or fewer, and still be distinguished from these. Encoding and delimiter are
    those of the input, so that both are imported in the same way. The reject file of a reject
    file has new lines and reasons in place of the old ones.

    Args:
        path: the file; a regular file that exists is replaced.
        rows: what is imported.

    Raises:
        ArgumentError: ``path`` exists and is not a regular file.
    """

    def __init__(self, path: str | Path, rows: CsvRows) -> None:
        self.path: Path = Path(path)
        _files.check_regular(self.path, "rejects")
        self._rows = rows
        of_rejects = rows.columns[: len(_OURS)] == _OURS
        self._skipped = len(_OURS) if of_rejects else 0

    def write(self, rejections: Iterable[Rejection]) -> None:
        """Write rows atomically, readable by their owner alone; delete the file if there are none.

        Raises:
            OSError: it cannot be written.
        """
        ordered = sorted(rejections, key=lambda rejection: rejection.line)
        if not ordered:
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()
            return
        columns = self._rows.columns[self._skipped :]
        # Ours are renamed where the input has a column of the same name.
        ours = [name if name not in columns else f"{name}_" for name in _OURS]
        with _files.replacing(self.path.resolve(), "rejects", "import") as binary:
            file = io.TextIOWrapper(
                binary, self._rows.encoding, errors="surrogateescape", newline=""
            )
            writer = csv.writer(file, delimiter=self._rows.delimiter, lineterminator="\n")
            writer.writerow([*ours, *columns])
            for each in ordered:
                cells = each.row.cells[self._skipped :]
                writer.writerow([each.line, self._fit(each.reason), *cells])
            file.flush()
            file.detach()

    def _fit(self, reason: str) -> str:
        """Return a reason in one line that the encoding can hold; cells are as they were read."""
        encoding = self._rows.encoding
        return " ".join(reason.split()).encode(encoding, "backslashreplace").decode(encoding)
