"""``customers export``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from customers_sdk.cli._client import connect_patiently, incomplete_lists
from customers_sdk.cli._exit import Exit
from customers_sdk.cli._options import for_people, named_by_option, prefetch, scope
from customers_sdk.cli._output import say, write_json, write_text
from customers_sdk.cli._progress import progress_bar

if TYPE_CHECKING:
    from customers_sdk.bulk import ExportProgress


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--resume", is_flag=True, help="Resume an interrupted export to FILE.")
@click.option(
    "--format",
    type=click.Choice(["jsonl", "csv"]),
    help="Default: the ending of FILE, or jsonl for standard output.",
)
@click.option(
    "--excel-safe",
    is_flag=True,
    help="CSV: put ' before cells that a spreadsheet would run as a formula.",
)
@scope
@click.option(
    "--page-size",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    metavar="N",
    help="Number of customers per request.",
)
@prefetch
@for_people
@click.pass_obj
def export(
    hints: list[str], /, file: str, *, resume: bool, for_people: bool, **options: Any
) -> Exit:
    """Export all customers to FILE, or to - (a pipe).

    FILE is JSON Lines or CSV. It is atomic: it is written under another name, and renamed once it
    is complete.
    """
    from customers_sdk.bulk import export_customers
    from customers_sdk.errors import ConfigurationError

    printed = file == "-"
    started = time.monotonic()
    with named_by_option(), connect_patiently() as client, incomplete_lists() as missed:
        if resume:
            hints.append("Run the same command again to resume.")
        with progress_bar("Export", printed=printed) as show:

            def tell(progress: ExportProgress) -> None:
                show(progress)
                if not (printed or hints):
                    hints.append("Run the same command with --resume to resume.")

            try:
                count = export_customers(client, file, resume=resume, **options, progress=tell)
            except ConfigurationError:
                hints.clear()  # nothing was written that could be resumed
                raise
    hints.clear()
    if not (count or options["search"] or options["app_id"] is None):
        say("customers: No customers are listed. Is NODERAILS_APP_ID right?")
    if not printed:
        if for_people:
            write_text(f"{count:,} customers in {file} ({time.monotonic() - started:.1f} s)")
        else:
            write_json({"file": file, "customers": count, "complete": not missed})
    return Exit.IN_PART if missed else Exit.DONE
