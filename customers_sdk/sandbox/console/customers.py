"""Stored customers as the console shows them, of every app and merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.express.jsontext import load, stored_json
from customers_sdk.sandbox.service.shapes import timestamp

if TYPE_CHECKING:
    from customers_sdk.sandbox.service.store import Store

_COUNTS = ", ".join(
    f"(SELECT count(*) FROM {table} WHERE customer_id = customers.id) AS {table}"  # noqa: S608
    for table in ("wallets", "payment_intents", "invoices")
)
_FOUND = """
    FROM customers WHERE :search = '' OR id = :search
    OR ilike(:part, email) OR ilike(:part, name) OR ilike(:part, external_id)
"""


def page(store: Store, search: str, number: int, size: int) -> dict[str, Any]:
    """Return one page, the newest first; `search` is a part of a text, or an id."""
    literal = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    values = {"search": search, "part": f"%{literal}%", "size": size, "skip": size * (number - 1)}
    with store.database.reading() as connection:
        total = connection.execute(f"SELECT count(*) {_FOUND}", values).fetchone()[0]
        rows = connection.execute(
            f"SELECT id, external_id, email, name, created_at, {_COUNTS} {_FOUND}"
            " ORDER BY created_at DESC, seq DESC LIMIT :size OFFSET :skip",
            values,
        ).fetchall()
    found = [{**dict(row), "created_at": timestamp(row["created_at"])} for row in rows]
    return {"customers": found, "total": total, "page": number, "pages": -(-total // size)}


def one(store: Store, customer_id: str) -> dict[str, Any] | None:
    """Return a customer as the API shows it, its metadata as text; None if it does not exist."""
    found = store.detail(customer_id)
    if found is None:
        return None
    shape: dict[str, Any] = load(found[1])
    # A browser's numbers are not exact: it gets the text to show.
    shape["metadata"] = stored_json(shape["metadata"])
    for intent in shape["paymentIntents"]:
        del intent["checkoutSessions"]  # not shown, and of any depth
    return shape


def chains(store: Store) -> list[dict[str, Any]]:
    """Return the chains that a wallet may be on."""
    with store.database.reading() as connection:
        query = "SELECT chain_id, name, family FROM chains WHERE enabled ORDER BY chain_id"
        return [dict(row) for row in connection.execute(query)]
