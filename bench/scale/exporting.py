"""An export at once, one that is killed, and one in parts: the same rows, in flat memory."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from bench.scale.running import Line, run, serving
from customers_sdk import Client
from customers_sdk.bulk import merge_exports, plan_export
from customers_sdk.sandbox.backend import Backend, Handle

CUSTOMERS = 200_000
_KILLS = 2
_PARTS = 4
_SEED = 11
# Of the resident memory, in KiB.
_GROWTH = 1024
_BORN = datetime(2025, 1, 1, tzinfo=timezone.utc)
# Customers created in one instant, as an import makes them, are where pages are cut wrongly.
_IN_ONE_INSTANT = 3


def seed(db: Path, customers: int) -> None:
    """Fill a database."""
    backend = Backend(db=db)
    service = Handle(backend)
    for number in range(customers):
        service.add_customer(
            external_id=f"user-{number}",
            email=f"user{number}@example.com",
            name=f"Adélaïde {number}",
            metadata={"plan": "gold", "number": number},
            created_at=_BORN + timedelta(milliseconds=number // _IN_ONE_INSTANT),
        )
    backend.close()


def measure(directory: Path, customers: int) -> list[Line]:
    """Export three times, and compare the files with the table and with each other."""
    db = directory / "db.sqlite3"
    seed(db, customers)
    whole, killed, merged = (directory / f"{name}.jsonl" for name in ("whole", "killed", "merged"))
    with serving("service", db, 0, _SEED) as service:
        task = {"task": "export_all", "settings": service.settings}
        started = time.monotonic()
        report = run(**task, file=str(whole), resume=False)
        seconds = time.monotonic() - started
        assert report is not None
        kills, never_half = _until_done(task, killed, customers)
        count = _in_parts(directory, service.settings, merged)
    instants, ids = zip(*_rows(whole))
    in_order = list(instants) == sorted(instants, reverse=True)
    return [
        Line.exactly("export: customers", customers, report["count"]),
        Line.yes(
            "export: those of the service, in order, each once",
            in_order and sorted(ids) == _stored(db),
        ),
        Line(
            "export: growth of memory after 2,000 rows",
            f"at most {_GROWTH:,} KiB",
            f"{report['growth']:,} KiB",
            report["growth"] <= _GROWTH,
        ),
        Line.told("export: rows a second", round(customers / seconds)),
        Line.exactly("export: killed -9", _KILLS, kills),
        Line.yes("export: no file there before it is complete", never_half),
        Line.yes("export: resumed, the same file", whole.read_bytes() == killed.read_bytes()),
        Line.exactly(f"export: customers in {_PARTS} parts, merged", customers, count),
        Line.yes("export: merged, the same file", whole.read_bytes() == merged.read_bytes()),
    ]


def _until_done(task: dict[str, Any], file: Path, customers: int) -> tuple[int, bool]:
    """Export, be killed, go on; gives the kills, and whether no half a file was seen."""
    dice = random.Random(_SEED)
    kills, never_half = 0, True
    for point in sorted(dice.sample(range(customers // 10, customers * 9 // 10), _KILLS)):
        kills += run(**task, file=str(file), resume=True, kill_at=point) is None
        never_half = never_half and not file.exists()
    run(**task, file=str(file), resume=True)
    return kills, never_half


def _in_parts(directory: Path, settings: dict[str, str], merged: Path) -> int:
    """Export in parts, all at a time, the first of them killed once; merge them."""
    with Client(**settings) as client:
        plan = plan_export(client, _PARTS)
    files = [directory / f"part-{number}.jsonl" for number in range(_PARTS)]

    def export(number: int) -> None:
        task = {"settings": settings, "file": str(files[number]), "part": plan[number]}
        if number == 0:
            middle = plan[0]["stop"] // 2
            assert run("export_one", **task, resume=False, kill_at=middle) is None
        run("export_one", **task, resume=True)

    with ThreadPoolExecutor(_PARTS) as threads:
        list(threads.map(export, range(_PARTS)))
    return merge_exports(files, merged, total=plan[0]["total"])


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    """The instant and the id of each customer; those of one instant are in any order."""
    with file.open("rb") as lines:
        for line in lines:
            customer = json.loads(line)
            yield customer["createdAt"], customer["id"]


def _stored(db: Path) -> list[str]:
    """The sorted ids in the service's table, read past the service."""
    connection = sqlite3.connect(db)
    try:
        return sorted(
            identifier for (identifier,) in connection.execute("SELECT id FROM customers")
        )
    finally:
        connection.close()
