"""A progress bar with a rate, on standard error and only on a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Union

from customers_sdk.cli._output import console
from customers_sdk.cli._streams import is_terminal

if TYPE_CHECKING:
    from customers_sdk.bulk import ExportProgress, Progress

Show = Callable[[Union["ExportProgress", "Progress"]], None]


@contextlib.contextmanager
def progress_bar(label: str, *, printed: bool = False) -> Iterator[Show]:
    """Show a bar while the block runs; what it gives takes the progress of a job.

    There is none without a terminal, or where the block writes to it (`printed`).
    """
    if not is_terminal(sys.stderr) or (printed and is_terminal(sys.stdout)):
        yield lambda _: None
        return
    from rich import progress as bars

    bar = bars.Progress(
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[rate]}", markup=False),
        bars.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console(stderr=True),
    )
    task = bar.add_task(label, total=None, rate="")
    began = 0.0
    before = 0

    def show(progress: ExportProgress | Progress) -> None:
        nonlocal began, before
        now = time.monotonic()
        if not began:
            # What an earlier run has done took this one no time.
            began, before = now, progress.done
        took, done = now - began, progress.done - before
        rate = f"{done / took:,.0f}/s" if took > 0.5 and done > 0 else ""
        bar.update(task, completed=progress.done, total=progress.total, rate=rate)

    with bar:
        yield show
