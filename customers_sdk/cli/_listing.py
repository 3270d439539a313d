"""``customers list``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from customers_sdk.cli._client import connect, connect_patiently, incomplete_lists
from customers_sdk.cli._exit import Exit
from customers_sdk.cli._options import for_people, prefetch, scope
from customers_sdk.cli._output import say, write

if TYPE_CHECKING:
    from customers_sdk.models import CustomerSummary

_SCREENFUL = 50  # what a person is shown unless they ask for more
_NO_CUSTOMERS = "No customers yet. Create one with: customers create --email …"
_NO_MATCH = "No customer matches this search."
_CHUNK = 100  # rows of one table: its columns are as wide as these need


@click.command("list")
@scope
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Maximum number to show (0 = all).  [default: {_SCREENFUL} on a terminal, else all]",
)
@prefetch
@for_people
def list_(*, search: str | None, limit: int | None, for_people: bool, **options: Any) -> Exit:
    """List customers, the newest first."""
    if limit is None:
        limit = _SCREENFUL if for_people else 0
    # A person would rather know at once that the service cannot be reached.
    client_of = connect if for_people else connect_patiently
    with client_of() as client, incomplete_lists() as missed:
        found = client.customers.list(search=search, **options)
        if for_people:
            _draw(found, limit, _NO_MATCH if search else _NO_CUSTOMERS)
        else:
            for customer in islice(found, limit or None):
                write(customer, for_people=False)
    return Exit.IN_PART if missed else Exit.DONE


def _draw(found: Iterator[CustomerSummary], limit: int, none: str) -> None:
    """Draw tables as the customers come, and say how many there were."""
    shown = 0
    while chunk := list(islice(found, min(_CHUNK, limit - shown) if limit else _CHUNK)):
        write(*chunk, for_people=True)
        shown += len(chunk)
    if not shown:
        say(none)
        return
    more = shown == limit and next(found, None) is not None
    count = "1 customer" if shown == 1 else f"{shown:,} customers"
    say(f"{count}. There are more: --limit 0 shows all." if more else count)
