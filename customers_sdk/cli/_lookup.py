"""Which customer a command is about: by the service's id, an external id or an e-mail address."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, TypeVar

import click

from customers_sdk.cli._exit import NotOne
from customers_sdk.cli._output import for_people, write_json, write_table
from customers_sdk.errors import NotFoundError

if TYPE_CHECKING:
    from customers_sdk.client import Client
    from customers_sdk.models import CustomerSummary

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

F = TypeVar("F", bound=Callable[..., Any])


class Named(NamedTuple):
    """How the command line names a customer; exactly one of the three is given."""

    customer_id: Optional[str]
    external_id: Optional[str]
    email: Optional[str]

    def find(self, client: Client, *, as_json: bool) -> str:
        """Return the service's id of the customer.

        Raises:
            NotOne: no customer is named like this, or several are; these are listed first.
        """
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

    @contextlib.contextmanager
    def hinting(self) -> Iterator[None]:
        """Say what to do where an id that is not found cannot be one of the service's."""
        try:
            yield
        except NotFoundError as error:
            own = self.customer_id is not None and not _UUID.fullmatch(self.customer_id)
            if not own or error.code is None or error.setting:
                raise
            raise NotOne(
                f"{error.message}. If this is your own id, pass it with --by-external-id. "
                f"[{error.status}, request id {error.request_id}]"
            ) from None


def named(*aliases: str, argument: bool = True) -> Callable[[F], F]:
    """Take an ID, or ``--by-external-id`` or ``--by-email`` in its place.

    Args:
        aliases: other names of ``--by-external-id``.
        argument: False where the command takes the ID among arguments of its own.
    """

    def add(command: F) -> F:
        command = click.option("--by-email", metavar="EMAIL", help="Find the customer by e-mail.")(
            command
        )
        command = click.option(
            *("--by-external-id", *aliases, "by_external_id"),
            metavar="TEXT",
            help="Find the customer by your own id.",
        )(command)
        if argument:
            command = click.argument("customer_id", metavar="[ID]", required=False)(command)
        return command

    return add


def name_of(
    customer_id: Optional[str], by_external_id: Optional[str], by_email: Optional[str]
) -> Named:
    """Check that the customer is named in exactly one way."""
    name = Named(customer_id, by_external_id, by_email)
    if sum(each is not None for each in name) != 1:
        raise click.UsageError("Name the customer by ID, --by-external-id or --by-email.")
    return name


def _list(customers: Sequence[CustomerSummary], *, as_json: bool) -> None:
    if for_people(as_json=as_json):
        from customers_sdk.cli._tables import list_table

        write_table(list_table(customers))
    else:
        for each in customers:
            write_json(each.to_dict())
