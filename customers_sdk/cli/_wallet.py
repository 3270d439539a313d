"""``customers wallet add`` and ``wallet remove``."""

from __future__ import annotations

import click

from customers_sdk.cli._client import connect
from customers_sdk.cli._options import Group, as_json
from customers_sdk.cli._output import for_people, write_json, write_table, write_text


@click.group(cls=Group)
def wallet() -> None:
    """Link wallets to customers, and take them off."""


@wallet.command()
@click.argument("customer_id", metavar="CUSTOMER")
@click.option(
    "--chain", "chain_id", type=int, required=True, metavar="ID", help="Such as 1, 137 or 8453."
)
@click.option("--address", required=True, metavar="TEXT", help="EVM, Solana or Sui.")
@as_json
def add(customer_id: str, chain_id: int, address: str, *, as_json: bool) -> None:
    """Link a wallet to the customer with this id."""
    with connect() as client:
        linked = client.customers.add_wallet(customer_id, chain_id=chain_id, wallet_address=address)
    if not for_people(as_json=as_json):
        write_json(linked.to_dict())
        return
    from customers_sdk.cli._tables import wallet_table

    write_table(wallet_table([linked]))


@wallet.command()
@click.argument("customer_id", metavar="CUSTOMER")
@click.argument("wallet_id", metavar="WALLET")
@as_json
def remove(customer_id: str, wallet_id: str, *, as_json: bool) -> None:
    """Take a wallet off a customer, both named by their ids."""
    with connect() as client:
        client.customers.remove_wallet(customer_id, wallet_id)
    if for_people(as_json=as_json):
        write_text("The wallet was removed.")
    else:
        write_json({"id": wallet_id, "customerAccountId": customer_id, "removed": True})
