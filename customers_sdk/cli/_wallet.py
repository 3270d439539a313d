"""``customers wallet add`` and ``wallet remove``."""

from __future__ import annotations

from typing import Any

import click

from customers_sdk.cli._lookup import by_own_names, found, named
from customers_sdk.cli._options import Group, for_people
from customers_sdk.cli._output import write, write_json, write_text


def _chain(_: click.Context, __: click.Parameter, value: str) -> int:
    """Read ``8453`` or ``base``."""
    from customers_sdk.chains import ChainId

    names = {each.name.lower().replace("_", "-"): each.value for each in ChainId}
    if value.lower() in names:
        return names[value.lower()]
    if not value.isdecimal():
        raise click.BadParameter(f"{value!r} is neither a number nor one of {', '.join(names)}.")
    return int(value)


@click.group(cls=Group)
def wallet() -> None:
    """Link and unlink wallets."""


@wallet.command()
@named()
@click.option(
    *("--chain", "chain_id"),
    callback=_chain,
    required=True,
    metavar="CHAIN",
    help="A name such as base, or a number such as 8453.",
)
@click.option("--address", required=True, metavar="TEXT", help="An EVM, Solana or Sui address.")
@for_people
def add(*, chain_id: int, address: str, for_people: bool, **whom: Any) -> None:
    """Link a wallet to a customer."""
    with found(**whom, for_people=for_people) as (customers, customer_id):
        linked = customers.add_wallet(customer_id, chain_id=chain_id, wallet_address=address)
    write(linked, for_people=for_people)


@wallet.command()
@click.argument("ids", metavar="[ID] WALLET", nargs=-1, required=True)
@by_own_names()
@for_people
def remove(*, ids: tuple[str, ...], for_people: bool, **whom: Any) -> None:
    """Unlink a wallet from a customer."""
    *customer, wallet_id = ids
    if len(customer) > 1:
        raise click.UsageError("Give the id of one customer and the id of one wallet.")
    customer_id = customer[0] if customer else None
    with found(customer_id, **whom, for_people=for_people) as (customers, customer_id):
        customers.remove_wallet(customer_id, wallet_id)
    if for_people:
        write_text("The wallet was removed.")
    else:
        from customers_sdk._wire.codec import names

        write_json(names({"id": wallet_id, "customer_account_id": customer_id, "removed": True}))
