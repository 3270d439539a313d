"""An import that is killed ten times, from a service that loses answers; then the table is read."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Optional

from bench.scale.running import Line, run, serving
from customers_sdk.sandbox.backend import Backend, Handle

ROWS = 100_000
_KILLS = 10
_LOST = 0.01
_SEED = 7
_WORKERS = 4
# More of them would mean that rows go on failing.
_MOST_RUNS = _KILLS + 3

_COLUMNS = {
    "email": "mail",
    "name": "full name",
    "city": "town",
    "postal_code": "zip",
    "metadata.plan": "plan",
}
# What becomes of a row, out of a hundred.
_KINDS = {
    "new": 85,
    "known, as in the file": 5,
    "known, not as in the file": 5,
    "without an id": 1,
    "twice in the file": 1,
    "too long": 1,
    "a cell too few": 1,
    "refused by the service": 1,
}
_REASONS = {
    "without an id": "external_id is missing",
    "twice in the file": "external_id is the same as on line",
    "too long": "postal_code",
    "a cell too few": "cells",
    "refused by the service": "Invalid email",
}

Fields = dict[str, Any]


class Sample(NamedTuple):
    """A file, and what has to come of it.

    Attributes:
        before: the customers that there are before, by external id.
        after: those that there have to be.
        rejects: what is wrong with the rejected rows, by line.
        kinds: how many rows of each kind there are.
    """

    before: dict[str, Fields]
    after: dict[str, Fields]
    rejects: dict[int, str]
    kinds: Counter[str]


def write_file(path: Path, rows: int) -> Sample:
    """Write a file of all kinds of rows, the same at each call."""
    dice = random.Random(_SEED)
    sample = Sample({}, {}, {}, Counter())
    kinds, weights = list(_KINDS), list(_KINDS.values())
    line = 2
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_record(["user_id", *_COLUMNS.values()]))
        for number in range(rows):
            kind = dice.choices(kinds, weights)[0]
            if kind == "twice in the file" and not sample.after:
                kind = "new"
            cells = _row(sample, dice, kind, number, line)
            sample.kinds[kind] += 1
            written = _record(cells)
            file.write(written)
            line += written.count("\n")
    for number in range(rows // 50):  # customers that are none of the file's business
        sample.before[f"bystander-{number}"] = _fields(number, "bystander")
    sample.after.update({name: sample.before[name] for name in sample.before.keys() - sample.after})
    return sample


def _row(sample: Sample, dice: random.Random, kind: str, number: int, line: int) -> list[str]:
    """The cells of a row; notes what has to come of it."""
    external_id, fields = f"user-{number}", _fields(number, "gold")
    if number % 20 == 0:
        fields["name"] = f'Ada "{number}",\nCountess'  # a record of two lines
    if kind in _REASONS:
        sample.rejects[line] = _REASONS[kind]
        return _bad_row(sample, dice, kind, number)
    wanted = dict(fields)
    if number % 30 == 0:
        del fields["city"]  # an empty cell
        wanted["city"] = None
    if kind == "known, as in the file":
        wanted["city"] = f"City {number}"
        sample.before[external_id] = wanted
    elif kind == "known, not as in the file":
        wanted["city"] = fields.get("city", "Old Town")
        wanted["metadata"] = {"plan": "gold", "since": "2019"}
        old = {"email": "old@example.com", "name": "Old", "city": "Old Town", "postal_code": "1"}
        sample.before[external_id] = {**old, "metadata": {"plan": "free", "since": "2019"}}
    sample.after[external_id] = wanted
    return _cells(external_id, fields)


def _bad_row(sample: Sample, dice: random.Random, kind: str, number: int) -> list[str]:
    """The cells of a row that is rejected."""
    external_id, fields = f"user-{number}", _fields(number, "gold")
    if kind == "without an id":
        external_id = ""
    elif kind == "twice in the file":
        external_id = dice.choice(list(sample.after)[-100:])
    elif kind == "too long":
        fields["postal_code"] = "9" * 51
    elif kind == "refused by the service":
        if number % 2:  # as an update, or else as a creation
            sample.before[external_id] = sample.after[external_id] = dict(fields)
        fields["email"] = "not-an-address"
    cells = _cells(external_id, fields)
    return cells[:-1] if kind == "a cell too few" else cells


def _cells(external_id: str, fields: Fields) -> list[str]:
    named = {**fields, "metadata.plan": fields["metadata"]["plan"]}
    return [external_id, *(named.get(name, "") for name in _COLUMNS)]


def _fields(number: int, plan: str) -> Fields:
    return {
        "email": f"user{number}@example.com",
        "name": f"Adélaïde {number} 🙂",
        "city": f"City {number}",
        "postal_code": f"{number:05}",
        "metadata": {"plan": plan},
    }


def _record(cells: list[str]) -> str:
    record = io.StringIO()
    csv.writer(record).writerow(cells)
    return record.getvalue()


def measure(directory: Path, rows: int) -> list[Line]:
    """Import, be killed, go on; then compare the service's table with the file."""
    file, db, journal = (directory / name for name in ("users.csv", "db.sqlite3", "journal"))
    sample = write_file(file, rows)
    backend = Backend(db=db)
    service = Handle(backend)
    for external_id, fields in sample.before.items():
        service.add_customer(external_id=external_id, **fields)
    backend.close()
    with serving("service", db, _LOST, _SEED) as service:
        task = {
            "task": "import_csv",
            "settings": service.settings,
            "file": str(file),
            "fields": _COLUMNS,
            "journal": str(journal),
            "workers": _WORKERS,
        }
        started = time.monotonic()
        report, kills, runs = _until_done(task, rows)
        seconds = time.monotonic() - started
        left = journal.exists()
        again = run(**task)
        counted = service.stop()
    assert again is not None
    found = _compare(sample, _stored(db))
    imported = sum(report[name] for name in ("created", "updated", "unchanged", "resumed"))
    told = {line: reason for line, reason, _ in report["rejections"]}
    named = sum(reason in told.get(line, "") for line, reason in sample.rejects.items())
    # The second import sends what was refused once more, and nothing else.
    writes = ("new", "known, not as in the file", *["refused by the service"] * 2)
    needed = sum(sample.kinds[kind] for kind in writes)
    return [
        Line.told("import: rows", rows),
        Line.exactly("import: killed -9", _KILLS, kills),
        Line.told("import: runs in all", runs),
        Line.told("import: answers lost", counted["lost"]),
        Line.exactly("import: customers duplicated", 0, found["duplicated"]),
        Line.exactly("import: customers lost", 0, found["lost"]),
        Line.exactly("import: customers not as in the file", 0, found["different"]),
        Line.exactly("import: rows imported", rows - len(sample.rejects), imported),
        Line.exactly("import: rejects named by line and reason", len(sample.rejects), named),
        Line.exactly("import: rejects in all", len(sample.rejects), len(report["rejections"])),
        Line.yes("import: journal gone at the end", not left),
        Line.exactly("import: written by a second import", 0, again["created"] + again["updated"]),
        Line.told("import: writes sent beyond those needed", _writes(counted) - needed),
        Line.told("import: rows a second, kills and all", round(rows / seconds)),
    ]


def _until_done(task: dict[str, Any], rows: int) -> tuple[dict[str, Any], int, int]:
    """Run the import until no row is left that failed; gives report, kills and runs."""
    dice = random.Random(_SEED)
    points: list[Optional[int]] = [
        *sorted(dice.sample(range(rows * 19 // 20), _KILLS)),
        *[None] * 3,
    ]
    kills = 0
    for runs, point in enumerate(points, 1):
        report = run(kill_at=point, **task)
        if report is None:
            kills += 1
        elif point is None and all(final for _, _, final in report["rejections"]):
            return report, kills, runs
    raise AssertionError("rows go on failing")


def _writes(counted: dict[str, int]) -> int:
    return counted.get("POST", 0) + counted.get("PUT", 0)


def _stored(db: Path) -> Iterator[tuple[str, Fields]]:
    """All customers of the service's table, read past the service."""
    names = ("email", "name", "city", "postal_code", "metadata")
    connection = sqlite3.connect(db)
    try:
        query = f"SELECT external_id, {', '.join(names)} FROM customers"  # noqa: S608 - our names
        for external_id, *values in connection.execute(query):
            fields = dict(zip(names, values))
            yield external_id, {**fields, "metadata": json.loads(fields["metadata"])}
    finally:
        connection.close()


def _compare(sample: Sample, stored: Iterator[tuple[str, Fields]]) -> Counter[str]:
    """How many customers are duplicated (or nobody's), lost, or have other fields."""
    found: Counter[str] = Counter()
    missing = dict(sample.after)
    for external_id, fields in stored:
        wanted = missing.pop(external_id, None)
        if wanted is None:
            found["duplicated"] += 1
        elif wanted != fields:
            found["different"] += 1
    found["lost"] = len(missing)
    return found
