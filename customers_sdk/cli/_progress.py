"""A progress bar with a rate, on standard error and only on a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO, Union

if TYPE_CHECKING:
    from rich.progress import Progress

    from customers_sdk.bulk import ExportProgress
    from customers_sdk.bulk import Progress as ImportProgress

Show = Callable[[Union["ExportProgress", "ImportProgress"]], None]


@contextlib.contextmanager
def progress_bar(label: str, *, printed: bool = False) -> Iterator[Show]:
    """Show a bar while the block runs; what it gives takes the progress of a job.

    Args:
        label: what stands before it.
        printed: whether the block writes to standard output, which may be the same terminal.
    """
    if not _is_terminal(sys.stderr) or (printed and _is_terminal(sys.stdout)):
        yield lambda _: None
        return
    bar = _bar()
    task = bar.add_task(label, total=None, rate="")
    began = 0.0
    before = 0

    def show(progress: ExportProgress | ImportProgress) -> None:
        nonlocal began, before
        done = progress.done
        now = time.monotonic()
        if not began:
            # What an earlier run has done took this one no time.
            began, before = now, done
        took = now - began
        rate = f"{(done - before) / took:,.0f}/s" if took > 0.5 and done > before else ""
        bar.update(task, completed=done, total=progress.total, rate=rate)

    with bar:
        yield show


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
    )
