"""``customers create``, ``show`` and ``update``: one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import click

from customers_sdk.cli._client import connect
from customers_sdk.cli._exit import Exit, one_line
from customers_sdk.cli._options import as_json, fields, given
from customers_sdk.cli._output import for_people, say, write_json, write_table

if TYPE_CHECKING:
    from customers_sdk.models import Customer


@click.command()
@fields
@as_json
def create(*, as_json: bool, **values: Any) -> None:
    """Create a customer.

    With an --external-id it is safe to run again: there will never be two.
    """
    with connect() as client:
        _write(client.customers.create(**given(values)), as_json=as_json)


@click.command()
@click.argument("customer_id", metavar="[ID]", required=False)
@click.option("--external-id", metavar="TEXT", help="Find them by your own id instead.")
@as_json
def show(customer_id: Optional[str], external_id: Optional[str], *, as_json: bool) -> Exit:
    """Show a customer with their wallets, last payments and last invoices."""
    if (customer_id is None) == (external_id is None):
        raise click.UsageError("Name either an ID or an --external-id.")
    with connect() as client:
        if external_id is not None:
            found = client.customers.find_by_external_id(external_id)
            if found is None:
                app = client.app_id
                say(one_line(f"customers: no customer of app {app} has the external id"))
                return Exit.NOT_FOUND
            customer_id = found.id
        _write(client.customers.retrieve(str(customer_id)), as_json=as_json)
    return Exit.DONE


@click.command()
@click.argument("customer_id", metavar="ID")
@fields
@as_json
def update(customer_id: str, *, as_json: bool, **values: Any) -> None:
    """Change the fields that are given, and no others.

    An empty text blanks a field, though not the e-mail address. --metadata replaces all of it.
    """
    changes = given(values)
    if not changes:
        raise click.UsageError("Nothing is to be changed: give at least one field.")
    with connect() as client:
        _write(client.customers.update(customer_id, **changes), as_json=as_json)


def _write(customer: Customer, *, as_json: bool) -> None:
    if not for_people(as_json=as_json):
        write_json(customer.to_dict())
        return
    from customers_sdk.cli._tables import customer_table

    write_table(customer_table(customer))
