"""What is killed: a task in a process of its own, `python -m bench.scale.child TASK ARGUMENTS`.

It prints the number of rows done as that grows, and at last its result as a JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Union

from bench.measuring import resident
from customers_sdk import Client
from customers_sdk.bulk import (
    CsvRows,
    ExportProgress,
    Progress,
    export_customers,
    export_part,
    import_rows,
)

_WARM_UP = 2_000
_KIB = 1024


def _tell(progress: Union[Progress, ExportProgress]) -> None:
    sys.stdout.write(f"{progress.done}\n")
    sys.stdout.flush()


def import_csv(
    client: Client, file: str, fields: dict[str, str], journal: str, workers: int
) -> dict[str, Any]:
    """Import a file; gives the counts, and each rejection's line, reason and finality."""
    rows = CsvRows(file, external_id="user_id", fields=fields)
    report = import_rows(client, rows, journal=journal, workers=workers, progress=_tell)
    return {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "resumed": report.resumed,
        "rejections": [[each.line, each.reason, each.final] for each in report.rejections],
    }


def import_many(client: Client, count: int, workers: int) -> dict[str, Any]:
    """Import made-up rows; gives the seconds that took."""
    rows = [{"external_id": f"user-{number}", "name": "Ada"} for number in range(count)]
    client.customers.list_page(page_size=1)  # what only a first request does is not measured
    started = time.monotonic()
    report = import_rows(client, rows, workers=workers)
    assert report.complete
    assert report.created == count
    return {"seconds": time.monotonic() - started}


class _Memory:
    """By how much the resident memory has grown since the first 2,000 rows."""

    def __init__(self) -> None:
        self.before = 0
        self.highest = 0

    def look(self, progress: ExportProgress) -> None:
        _tell(progress)
        if progress.done >= _WARM_UP:
            now = round(resident() * _KIB)
            self.before = self.before or now
            self.highest = max(self.highest, now)


def export_all(client: Client, file: str, *, resume: bool) -> dict[str, Any]:
    """Export all customers; gives how many, and the growth of memory in KiB."""
    memory = _Memory()
    count = export_customers(client, file, resume=resume, progress=memory.look)
    return {"count": count, "growth": memory.highest - memory.before}


def export_one(client: Client, file: str, part: dict[str, Any], *, resume: bool) -> dict[str, Any]:
    """Export one part."""
    return {"count": export_part(client, file, resume=resume, progress=_tell, **part)}


_TASKS: dict[str, Any] = {
    task.__name__: task for task in (import_csv, import_many, export_all, export_one)
}


def main() -> None:
    arguments = json.loads(sys.argv[2])
    with Client(**arguments.pop("settings")) as client:
        print(json.dumps(_TASKS[sys.argv[1]](client, **arguments)))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
