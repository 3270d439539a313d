"""Which customer a command is about: by the service's id, an external id or an e-mail address."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from customers_sdk.cli._client import connect
from customers_sdk.cli._exit import NotOne
from customers_sdk.cli._output import for_people, write_json, write_table
from customers_sdk.errors import NotFoundError

if TYPE_CHECKING:
    from customers_sdk.client import Client
    from customers_sdk.customers import Customers
    from customers_sdk.models import CustomerSummary

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Named(NamedTuple):
    """How the command line names a customer: exactly one of the three has to be given."""

    customer_id: str | None
    external_id: str | None
    email: str | None

    @contextlib.contextmanager
    def found(self, *, as_json: bool) -> Iterator[tuple[Customers, str]]:
        """Connect, and find the customer; gives the client's methods and the service's id.

        Raises:
            UsageError: the customer is not named in exactly one way.
            NotOne: no customer is named like this, or several are; these are listed first.
        """
        if sum(each is not None for each in self) != 1:
            raise click.UsageError("Name the customer by ID, --by-external-id or --by-email.")
        with connect() as client:
            try:
                yield client.customers, self._find(client, as_json=as_json)
            except NotFoundError as error:
                own = self.customer_id is not None and not _UUID.fullmatch(self.customer_id)
                if not own or error.code is None or error.setting:
                    raise
                raise NotOne(
                    f"{error.message}. If this is your own id, pass it with --by-external-id. "
                    f"[{error.status}, request id {error.request_id}]"
                ) from None

    def _find(self, client: Client, *, as_json: bool) -> str:
        if self.customer_id is not None:
            return self.customer_id
        if self.external_id is not None:
            found = client.customers.find_by_external_id(self.external_id)
            if found is None:
                raise NotOne(f"No customer of app {client.app_id} has this external id.")
            return found.id
        several = client.customers.find_by_email(str(self.email))
        if not several:
            raise NotOne(f"No customer of app {client.app_id} has this e-mail address.")
        if len(several) > 1:
            _list(several, as_json=as_json)
            raise NotOne(
                f"{len(several)} customers have this e-mail address, so nothing was done. "
                "Run the command again with the id of one of them."
            )
        return several[0].id


def named(*aliases: str, argument: bool = True) -> Decorator:
    """Take an ID, or ``--by-external-id`` or ``--by-email`` in its place; passes it as `whom`.

    Args:
        aliases: other names of ``--by-external-id``.
        argument: False where the command takes the ID among arguments of its own.
    """
    options = [
        click.option("--by-email", metavar="EMAIL", help="Find the customer by e-mail."),
        click.option(
            *("--by-external-id", *aliases, "by_external_id"),
            metavar="TEXT",
            help="Find the customer by your own id.",
        ),
    ]
    if argument:
        options.append(click.argument("customer_id", metavar="[ID]", required=False))

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(
            *arguments: Any,
            by_external_id: str | None,
            by_email: str | None,
            customer_id: str | None = None,
            **values: Any,
        ) -> Any:
            whom = Named(customer_id, by_external_id, by_email)
            return command(*arguments, whom=whom, **values)

        return reduce(lambda decorated, option: option(decorated), options, run)

    return add


def _list(customers: Sequence[CustomerSummary], *, as_json: bool) -> None:
    if for_people(as_json=as_json):
        from customers_sdk.cli._tables import list_table

        write_table(list_table(customers))
    else:
        for each in customers:
            write_json(each.to_dict())
