"""The main job, start to end: `make demo`.

Runs every method of the SDK over real sockets against the embedded sandbox. With
SERVICE=1 and a test key in the environment it runs against the real service instead;
customers there cannot be deleted, so it says what it leaves behind.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator

from customers_sdk import Client, CustomersError, NotFoundError, ValidationError

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@contextlib.contextmanager
def service() -> Iterator[Client]:
    """A client of the sandbox, or of the real service if SERVICE=1 asks for it."""
    if os.environ.get("SERVICE") == "1":
        client = Client()
        if client.environment != "test":
            sys.exit("The demo creates customers that cannot be deleted: give it a test key.")
        yield client
        return
    from customers_sdk.sandbox import Sandbox

    with Sandbox() as sandbox, sandbox.client() as client:
        yield client


def say(call: str, result: object) -> None:
    """Show a call and what came of it."""
    print(f"\n>>> {call}\n    {result}")


def main() -> None:
    """Create, read, change, list and look up customers, and link wallets to them."""
    started = time.perf_counter()
    run = uuid.uuid4().hex[:6]
    with service() as client:
        customers = client.customers
        print(f"Talking to {client.base_url} with a {client.environment} key.")

        ada = customers.create(
            email="ada@example.com",
            name="Ada Lovelace",
            external_id=f"user-{run}",
            metadata={"plan": "gold"},
        )
        say('create(email="ada@example.com", external_id="user-…")', f"{ada.id}  {ada.name}")

        wallet = customers.add_wallet(ada.id, chain_id=8453, wallet_address=ADDRESS)
        chain = wallet.chain.name if wallet.chain else wallet.chain_id
        say("add_wallet(ada.id, chain_id=8453, …)", f"{wallet.wallet_address} on {chain}")

        ada = customers.update(ada.id, city="London")
        say('update(ada.id, city="London")', f"{ada.name}, {ada.city}; the rest is unchanged")

        detail = customers.retrieve(ada.id)
        say(
            "retrieve(ada.id)",
            f"app {detail.app.name!r}, {len(detail.wallets)} wallet, "
            f"{len(detail.payment_intents)} payments, {len(detail.invoices)} invoices",
        )

        for name in ("Grace Hopper", "Alan Turing", "Emmy Noether"):
            customers.create(name=name)
        newest = [customer.name for customer, _ in zip(customers.list(page_size=2), range(4))]
        say("list(page_size=2)  # walks over the pages by itself", ", ".join(map(str, newest)))

        page = customers.list_page(page=1, page_size=2)
        say("list_page(page=1, page_size=2)", f"{len(page)} of {page.total} customers")

        found = customers.find_by_external_id(f"user-{run}")
        say('find_by_external_id("user-…")', found.name if found else None)

        again, created = customers.get_or_create(f"user-{run}", name="somebody else")
        say('get_or_create("user-…")', f"{again.name}, created: {created}")

        customers.remove_wallet(ada.id, wallet.id)
        say("remove_wallet(ada.id, wallet.id)", "removed")

        print("\nAnd when something is wrong:")
        try:
            customers.create(email="not-an-email")
        except ValidationError as error:
            say('create(email="not-an-email")', f"ValidationError: {error.issues[0]}")
        try:
            customers.remove_wallet(ada.id, wallet.id)
        except NotFoundError as error:
            say("remove_wallet(…) once more", f"NotFoundError, request id {error.request_id}")
    print(f"\nDone in {time.perf_counter() - started:.1f} s.")


if __name__ == "__main__":
    try:
        main()
    except CustomersError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
