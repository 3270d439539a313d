"""``customers wallet add`` and ``wallet remove``."""

from __future__ import annotations

from typing import Optional

import click

from customers_sdk.cli._client import connect
from customers_sdk.cli._lookup import name_of, named
from customers_sdk.cli._options import Group, as_json
from customers_sdk.cli._output import for_people, write_json, write_table, write_text


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
@as_json
def add(
    customer_id: Optional[str],
    by_external_id: Optional[str],
    by_email: Optional[str],
    chain_id: int,
    address: str,
    *,
    as_json: bool,
) -> None:
    """Link a wallet to a customer."""
    name = name_of(customer_id, by_external_id, by_email)
    with connect() as client, name.hinting():
        linked = client.customers.add_wallet(
            name.find(client, as_json=as_json), chain_id=chain_id, wallet_address=address
        )
    if not for_people(as_json=as_json):
        write_json(linked.to_dict())
        return
    from customers_sdk.cli._tables import wallet_table

    write_table(wallet_table([linked]))


@wallet.command()
@click.argument("ids", metavar="[ID] WALLET", nargs=-1, required=True)
@named(argument=False)
@as_json
def remove(
    ids: tuple[str, ...], by_external_id: Optional[str], by_email: Optional[str], *, as_json: bool
) -> None:
    """Unlink a wallet from a customer."""
    *customer, wallet_id = ids
    if len(customer) > 1:
        raise click.UsageError("Give the id of one customer and the id of one wallet.")
    name = name_of(customer[0] if customer else None, by_external_id, by_email)
    with connect() as client, name.hinting():
        found = name.find(client, as_json=as_json)
        client.customers.remove_wallet(found, wallet_id)
    if for_people(as_json=as_json):
        write_text("The wallet was removed.")
    else:
        from customers_sdk._wire.schema import names

        write_json(names({"id": wallet_id, "customer_account_id": found, "removed": True}))
