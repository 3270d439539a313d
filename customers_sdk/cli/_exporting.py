"""``customers export``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import click

from customers_sdk.cli._client import connect_patiently, incomplete_lists
from customers_sdk.cli._exit import Exit
from customers_sdk.cli._options import as_json, prefetch, scope
from customers_sdk.cli._output import for_people, write_json, write_text
from customers_sdk.cli._progress import progress_bar

if TYPE_CHECKING:
    from customers_sdk.bulk import ExportProgress


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--resume", is_flag=True, help="Go on where an interrupted export to FILE stopped.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    help="By default what FILE's name ends with.",
)
@scope
@click.option(
    "--page-size",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    metavar="N",
    help="Customers a request.",
)
@prefetch
@as_json
@click.pass_obj
def export(
    hints: list[str],
    file: Path,
    *,
    resume: bool,
    form: Any,
    search: Optional[str],
    all_apps: bool,
    page_size: int,
    prefetch: int,
    as_json: bool,
) -> Exit:
    """Write all customers to FILE as JSON Lines or CSV: complete, or not at all.

    FILE is written under another name and renamed at the end.
    """
    from customers_sdk.bulk import export_customers
    from customers_sdk.customers import UNSET

    started = time.monotonic()
    with connect_patiently() as client, incomplete_lists() as missed:
        hints.append("the same command with --resume goes on")
        with progress_bar("Export") as show:

            def tell(progress: ExportProgress) -> None:
                show(progress.done, progress.total)

            count = export_customers(
                client,
                file,
                format=form,
                search=search,
                app_id=None if all_apps else UNSET,
                page_size=page_size,
                prefetch=prefetch,
                resume=resume,
                progress=tell,
            )
    hints.clear()
    if for_people(as_json=as_json):
        write_text(f"{count:,} customers in {file} ({time.monotonic() - started:.1f} s)")
    else:
        write_json({"file": str(file), "customers": count, "complete": not missed})
    return Exit.IN_PART if missed else Exit.DONE
