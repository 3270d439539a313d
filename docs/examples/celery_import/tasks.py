"""An import and an export that are split over the processes of Celery's workers.

    celery -A tasks worker

Each share of an import, and each part of an export, is a task of its own. One whose process is
killed is delivered again, and goes on where its journal, or its half of a file, ends. So the files
lie where every worker sees them. Without the journal a share is imported from its beginning, which
takes longer, and creates nobody twice either.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task, chord, group
from celery.result import AsyncResult, GroupResult

from customers_sdk import (
    AlreadyExistsError,
    AuthenticationError,
    Client,
    RateLimitError,
    ServerError,
    TransportError,
)
from customers_sdk.bulk import (
    CsvRows,
    export_part,
    import_rows,
    merge_exports,
    plan_export,
    share,
)

REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = Celery("tasks", broker=REDIS, backend=REDIS)
app.conf.update(
    # A task counts as delivered when it is done, and is delivered again if its process dies.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Tasks are long: a process that is busy reserves none that another could run.
    worker_prefetch_multiplier=1,
    # Redis delivers again what took longer, in seconds: more than the longest task takes.
    broker_transport_options={"visibility_timeout": 12 * 60 * 60},
)

# The processes are forked from this one, and each opens connections of its own.
client = Client(max_retries=5, deadline=120)

# What passes: the task is retried after up to 30 s, a minute, two …
_later: dict[str, Any] = {
    # The service also responds with 401 while its database is down.
    "autoretry_for": (TransportError, ServerError, RateLimitError, AuthenticationError),
    "dont_autoretry_for": (AlreadyExistsError,),  # a ServerError, but it does not pass
    "retry_backoff": 30,
    "max_retries": 8,
}


@app.task(bind=True, **_later)
def import_share(self: Task, path: str, index: int, of: int) -> dict[str, Any]:
    """Import one share of a CSV file's rows."""
    rows = share(CsvRows(path, external_id="user_id"), index, of)
    report = import_rows(client, rows, journal=f"{path}.{index}-of-{of}.journal", workers=4)
    if any(not rejection.final for rejection in report.rejections):
        # Some rows failed for now. The journal knows which are done.
        raise self.retry(countdown=60)
    return {
        "imported": report.created + report.updated + report.unchanged + report.resumed,
        "resumed": report.resumed,
        "rejected": [(rejection.line, rejection.reason) for rejection in report.rejections],
    }


@app.task(**_later)
def export_piece(path: str, part: dict[str, Any]) -> str:
    """Write one part of an export."""
    export_part(client, path, resume=True, **part)
    return path


@app.task
def merge(parts: list[str], path: str, total: int) -> int:
    """Make one file of all parts, which come in order."""
    return merge_exports(parts, path, total=total)


def start_import(path: str, shares: int) -> GroupResult:
    """Have a file imported; the result of each share says what was done."""
    return group(import_share.s(path, index, shares) for index in range(shares)).apply_async()


def start_export(path: str, directory: str, parts: int) -> AsyncResult:
    """Have all customers exported, by way of a directory for the parts of this one export."""
    plan = plan_export(client, parts)
    pieces = [
        export_piece.s(os.path.join(directory, f"{number}.jsonl"), part)  # noqa: PTH118 - a text
        for number, part in enumerate(plan)
    ]
    return chord(pieces)(merge.s(path, plan[0]["total"]))
