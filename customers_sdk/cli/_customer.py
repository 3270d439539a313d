"""``customers create``, ``show`` and ``update``: one customer."""

from __future__ import annotations

from typing import Any

import click

from customers_sdk.cli._client import connect
from customers_sdk.cli._lookup import found, named
from customers_sdk.cli._options import fields, for_people, given, json_object
from customers_sdk.cli._output import write


@click.command()
@fields
@click.option("--or-get", is_flag=True, help="Show the customer if the external id exists.")
@click.option("--or-update", is_flag=True, help="Update the customer if the external id exists.")
@click.option(
    "--adopt",
    is_flag=True,
    help="With either: give the external id to the one customer with this e-mail and none.",
)
@for_people
def create(*, or_get: bool, or_update: bool, adopt: bool, for_people: bool, **values: Any) -> None:
    """Create a customer.

    With an --external-id it is safe to run again: there will never be two. --or-get and
    --or-update take an external id that exists as well; --or-update merges --metadata into what is
    stored.
    """
    values = given(values)
    if or_get and or_update:
        raise click.UsageError("--or-get and --or-update exclude each other.")
    if adopt and not (or_get or or_update):
        raise click.UsageError("--adopt goes with --or-get or --or-update.")
    if (or_get or or_update) and "external_id" not in values:
        raise click.UsageError("--or-get and --or-update need an --external-id.")
    with connect() as client:
        if or_get:
            customer, _ = client.customers.get_or_create(**values, adopt=adopt)
        elif or_update:
            customer, _ = client.customers.update_or_create(**values, adopt=adopt)
        else:
            customer = client.customers.create(**values)
        write(customer, for_people=for_people, full=True)


@click.command()
@named("--external-id")
@for_people
def show(*, for_people: bool, **whom: Any) -> None:
    """Show a customer with wallets and history.

    The last 50 payments and the last 50 invoices are shown.
    """
    with found(**whom, for_people=for_people) as (customers, customer_id):
        write(customers.retrieve(customer_id), for_people=for_people, full=True)


@click.command()
@named()
@fields
@click.option(
    *("--merge-metadata", "members"),
    metavar="JSON",
    callback=json_object,
    help="Members to set in the metadata; the others stay.",
)
@click.option(
    *("--remove-metadata", "remove"),
    metavar="KEY",
    multiple=True,
    help="A member to remove from the metadata; may be given again.",
)
@for_people
def update(
    *,
    customer_id: str | None,
    by_external_id: str | None,
    by_email: str | None,
    members: dict[str, Any] | None,
    remove: tuple[str, ...],
    for_people: bool,
    **values: Any,
) -> None:
    """Change the given fields of a customer.

    An empty text blanks a field, though not the e-mail address. --metadata replaces all of it.
    """
    changes = given(values)
    merges = members is not None or bool(remove)
    if not (changes or merges):
        raise click.UsageError("Nothing to update: pass at least one field.")
    if merges and "metadata" in changes:
        raise click.UsageError("--metadata replaces what --merge-metadata would change.")
    whom = (customer_id, by_external_id, by_email)
    with found(*whom, for_people=for_people) as (customers, id_):
        if merges:
            customer = customers.merge_metadata(id_, members or {}, remove=remove)
        if changes:
            customer = customers.update(id_, **changes)
        write(customer, for_people=for_people, full=True)
