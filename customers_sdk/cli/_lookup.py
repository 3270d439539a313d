"""Which customer a command is about: by the service's id, an external id or an e-mail address."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from customers_sdk.cli._client import connect
from customers_sdk.cli._exit import NotOne
from customers_sdk.cli._options import Decorator, together
from customers_sdk.cli._output import write
from customers_sdk.errors import NotFoundError

if TYPE_CHECKING:
    from customers_sdk.client import Client
    from customers_sdk.customers import Customers
    from customers_sdk.models import CustomerSummary

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def by_own_names(*aliases: str) -> Decorator:
    """Take ``--by-external-id``, under other names too, or ``--by-email``."""
    return together(
        click.option(
            *("--by-external-id", *aliases, "by_external_id"),
            metavar="TEXT",
            help="Find the customer by your own id.",
        ),
        click.option("--by-email", metavar="EMAIL", help="Find the customer by e-mail."),
    )


def named(*aliases: str) -> Decorator:
    """Take an ID, or one of `by_own_names` in its place."""
    return together(
        click.argument("customer_id", metavar="[ID]", required=False), by_own_names(*aliases)
    )


@contextlib.contextmanager
def found(
    customer_id: str | None, by_external_id: str | None, by_email: str | None, *, for_people: bool
) -> Iterator[tuple[Customers, str]]:
    """Connect, and find the customer; gives the client's methods and the service's id."""
    if (customer_id, by_external_id, by_email).count(None) != 2:
        raise click.UsageError("Name the customer by ID, --by-external-id or --by-email.")
    with connect() as client:
        if customer_id is None:
            one = _find(client, by_external_id, by_email, for_people=for_people)
            yield client.customers, one.id
            return
        try:
            yield client.customers, customer_id
        except NotFoundError as error:
            if UUID.fullmatch(customer_id) or error.code is None or error.setting:
                raise
            raise NotOne(
                f"{error.message}. If this is your own id, pass it with --by-external-id. "
                f"[{error.status}, request id {error.request_id}]"
            ) from None


def _find(
    client: Client, external_id: str | None, email: str | None, *, for_people: bool
) -> CustomerSummary:
    """Find the one customer of this name; several are listed, and refused."""
    several: Sequence[CustomerSummary]
    if external_id is None:
        name, several = "e-mail address", client.customers.find_by_email(str(email))
    else:
        customer = client.customers.find_by_external_id(external_id)
        name, several = "external id", [customer] if customer else []
    if not several:
        raise NotOne(f"No customer of app {client.app_id} has this {name}.")
    if len(several) > 1:
        write(*several, for_people=for_people)
        raise NotOne(
            f"{len(several)} customers have this {name}, so nothing was done. "
            "Run the command again with the id of one of them."
        )
    return several[0]
