"""``customers wallet add`` and ``wallet remove``."""

from __future__ import annotations

import click

from customers_sdk.cli._lookup import Named, named
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
def add(*, whom: Named, chain_id: int, address: str, as_json: bool) -> None:
    """Link a wallet to a customer."""
    with whom.found(as_json=as_json) as (customers, customer_id):
        linked = customers.add_wallet(customer_id, chain_id=chain_id, wallet_address=address)
    if not for_people(as_json=as_json):
        write_json(linked.to_dict())
        return
    from customers_sdk.cli._tables import wallet_table

    write_table(wallet_table([linked]))


@wallet.command()
@click.argument("ids", metavar="[ID] WALLET", nargs=-1, required=True)
@named(argument=False)
@as_json
def remove(*, whom: Named, ids: tuple[str, ...], as_json: bool) -> None:
    """Unlink a wallet from a customer."""
    *customer, wallet_id = ids
    if len(customer) > 1:
        raise click.UsageError("Give the id of one customer and the id of one wallet.")
    whom = whom._replace(customer_id=customer[0] if customer else None)
    with whom.found(as_json=as_json) as (customers, found):
        customers.remove_wallet(found, wallet_id)
    if for_people(as_json=as_json):
        write_text("The wallet was removed.")
    else:
        from customers_sdk._wire.codec import names

        write_json(names({"id": wallet_id, "customer_account_id": found, "removed": True}))
