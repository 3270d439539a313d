"""``customers list``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Optional

import click

from customers_sdk.cli._client import connect, connect_patiently, incomplete_lists
from customers_sdk.cli._exit import Exit
from customers_sdk.cli._options import as_json, prefetch, scope
from customers_sdk.cli._output import for_people, say, write_json, write_table

if TYPE_CHECKING:
    from customers_sdk.models import CustomerSummary

_SCREENFUL = 50  # what a person is shown unless they ask for more
_CHUNK = 100  # rows of one table: its columns are as wide as these need


@click.command("list")
@scope
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"No more than N; 0 for all. By default {_SCREENFUL} on a terminal, otherwise all.",
)
@prefetch
@as_json
def list_(
    search: Optional[str], limit: Optional[int], prefetch: int, *, all_apps: bool, as_json: bool
) -> Exit:
    """List customers, the newest first."""
    from customers_sdk.customers import UNSET

    people = for_people(as_json=as_json)
    if limit is None:
        limit = _SCREENFUL if people else 0
    # A person would rather know at once that nobody is there.
    client_of = connect if people else connect_patiently
    with client_of() as client, incomplete_lists() as missed:
        found = client.customers.list(
            search=search,
            app_id=None if all_apps else UNSET,
            prefetch=prefetch,
        )
        if people:
            _draw(found, limit)
        else:
            for customer in islice(found, limit or None):
                write_json(customer.to_dict())
    return Exit.IN_PART if missed else Exit.DONE


def _draw(found: Iterator[CustomerSummary], limit: int) -> None:
    """Draw tables as the customers come."""
    from customers_sdk.cli._tables import list_table

    shown = 0
    while True:
        size = min(_CHUNK, limit - shown) if limit else _CHUNK
        chunk = list(islice(found, size))
        if chunk:
            write_table(list_table(chunk))
        shown += len(chunk)
        if len(chunk) < size:
            break
        if shown == limit:
            if next(found, None) is not None:
                say(f"The {limit} newest are shown; --limit 0 shows all.")
            break
    if not shown:
        say("There are no such customers.")
