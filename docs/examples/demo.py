"""The main job, start to end: `make demo`.

Creates customers over real sockets against the embedded sandbox, and loses a response on the way.
With SERVICE=1 and a test key in the environment it runs against the real service instead; customers
there cannot be deleted, and no response is lost on purpose.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any, Optional

from customers_sdk import Client, CustomersError, NotFoundError, ValidationError

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code: str, text: str) -> str:
    """Colour a text on a terminal."""
    return f"\033[{code}m{text}\033[0m" if COLOURS else text


def step(why: str, call: str, result: object) -> None:
    """Show why a call is made, the call, and what came of it."""
    print(f"\n{paint('2', f'# {why}')}\n{paint('36', f'>>> {call}')}\n    {result}")


@contextlib.contextmanager
def service() -> Iterator[tuple[Client, Optional[Any]]]:
    """A client, and the sandbox behind it unless SERVICE=1 asks for the real service."""
    if os.environ.get("SERVICE") == "1":
        client = Client()
        if client.environment != "test":
            sys.exit("The demo creates customers that cannot be deleted: give it a test key.")
        yield client, None
        return
    from customers_sdk.sandbox import Sandbox

    with Sandbox() as sandbox, sandbox.client() as client:
        yield client, sandbox


def lost_response(customers: Any, sandbox: Any, external_id: str) -> None:
    """Let the service store a customer and lose its response."""
    sandbox.drop_answer_next(method="POST")
    before = len(sandbox.requests)
    customer = customers.create(external_id=external_id, name="Alonzo Church")
    tries = [each.status or "lost" for each in sandbox.requests[before:]]
    stored = sum(each.external_id == external_id for each in sandbox.customers)
    step(
        "The next response is lost on the way: the service has stored the customer, and we "
        "do not know.",
        f'customers.create(external_id="{external_id}", name="Alonzo Church")',
        f"{customer.name}; requests: {', '.join(map(str, tries))}; customers stored: "
        + paint("32;1", str(stored)),
    )


def refusals(customers: Any, customer_id: str) -> None:
    """Show what an error knows."""
    try:
        customers.create(email="not-an-email")
    except ValidationError as error:
        step(
            "An error names the field that the service refused.",
            'customers.create(email="not-an-email")',
            f"ValidationError: {error.issues[0]}",
        )
    try:
        customers.remove_wallet(customer_id, str(uuid.uuid4()))
    except NotFoundError as error:
        step(
            "Every error has the request id that the service's support asks for.",
            "customers.remove_wallet(ada.id, …)",
            f"NotFoundError, request id {error.request_id}",
        )


def main() -> None:
    """Create, read, change, list and look up customers, and link wallets to them."""
    started = time.perf_counter()
    run = uuid.uuid4().hex[:6]
    with service() as (client, sandbox):
        print(f"A service runs at {client.base_url}. In your code, three lines are enough:\n")
        print(paint("1", "    from customers_sdk import Client"))
        print(paint("1", "    client = Client()  # reads NODERAILS_API_KEY and NODERAILS_APP_ID"))
        print(paint("1", '    client.customers.get_or_create("user-42", email="ada@example.com")'))
        customers = client.customers

        ada, created = customers.get_or_create(
            f"user-{run}", email="ada@example.com", name="Ada Lovelace", metadata={"plan": "gold"}
        )
        step(
            "Your own id makes it safe to run twice.",
            f'ada, created = customers.get_or_create("user-{run}", email=…, name=…)',
            f"{ada.name}, created: {created}",
        )
        _, created = customers.get_or_create(f"user-{run}", email="ada@example.com")
        step("So run it twice.", f'customers.get_or_create("user-{run}", …)', f"created: {created}")

        wallet = customers.add_wallet(ada.id, chain_id=8453, wallet_address=ADDRESS)
        chain = wallet.chain.name if wallet.chain else wallet.chain_id
        step(
            "A wallet that Ada pays from; the service stores the address in lower case.",
            f'customers.add_wallet(ada.id, chain_id=8453, wallet_address="{ADDRESS[:8]}…")',
            f"{wallet.wallet_address} on {chain}",
        )
        ada = customers.update(ada.id, city="London")
        step(
            "Only the fields you name change.",
            'customers.update(ada.id, city="London")',
            f"{ada.name}, {ada.city}",
        )
        detail = customers.retrieve(ada.id)
        step(
            "Retrieving adds the app, payments and invoices.",
            "customers.retrieve(ada.id)",
            f"app {detail.app.name!r}, {len(detail.wallets)} wallet, "
            f"{len(detail.payment_intents)} payments, {len(detail.invoices)} invoices",
        )
        for name in ("Grace Hopper", "Alan Turing", "Emmy Noether"):
            customers.create(name=name)
        newest = [customer.name for customer, _ in zip(customers.list(page_size=2), range(4))]
        step(
            "Three more customers, so that the list needs several pages of two.",
            "for customer in customers.list(page_size=2): …",
            ", ".join(map(str, newest)),
        )
        page = customers.list_page(page=1, page_size=2)
        step(
            "One page, for a table with page numbers.",
            "customers.list_page(page=1, page_size=2)",
            f"{len(page)} of {page.total} customers",
        )
        found = customers.find_by_external_id(f"user-{run}")
        step(
            "You know your own id better than the service's.",
            f'customers.find_by_external_id("user-{run}")',
            found.name if found else None,
        )
        if sandbox is not None:
            lost_response(customers, sandbox, f"lost-{run}")
        customers.remove_wallet(ada.id, wallet.id)
        step("The wallet is unlinked.", "customers.remove_wallet(ada.id, wallet.id)", "removed")
        refusals(customers, ada.id)
    print(f"\n{paint('32;1', 'Done')} in {time.perf_counter() - started:.1f} s. Next:")
    print("  make sandbox        the same service, with a console at http://127.0.0.1:8787/")
    print("  docs/quickstart.md  the quickstart: every method, in ten minutes")
    print("  docs/cli.md         the same from the command line")


if __name__ == "__main__":
    try:
        main()
    except CustomersError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
