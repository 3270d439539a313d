"""``customers sandbox``: the local service, as ``python -m customers_sdk.sandbox`` starts it."""

from __future__ import annotations

from typing import Optional

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8787,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Port; 0 for a free one.",
)
@click.option("--db", metavar="FILE", help="SQLite file to keep; a temporary one if left out.")
@click.option(
    "--tie-order",
    type=click.Choice(["stable", "random"]),
    default="stable",
    show_default=True,
    help="Order of customers created in one millisecond.",
)
def sandbox(host: str, port: int, db: Optional[str], tie_order: str) -> int:
    """Run the service on this machine until Ctrl-C (extra: sandbox).

    Prints the lines that make another terminal use it.
    """
    from customers_sdk.sandbox.__main__ import main

    options = [f"--host={host}", f"--port={port}", f"--tie-order={tie_order}"]
    return main([*options, f"--db={db}"] if db else options)
