"""Stored customers as the console shows them, of every app and merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.express.jsontext import load, stored_json
from customers_sdk.sandbox.service.shapes import timestamp

if TYPE_CHECKING:
    from customers_sdk.sandbox.service.store import Store

_COUNTS = ", ".join(
    f"(SELECT count(*) FROM {table} WHERE customer_id = customers.id) AS {table}"  # noqa: S608
    for table in ("wallets", "payment_intents", "invoices", "subscriptions")
)
_FOUND = """
    FROM customers JOIN apps ON apps.id = app_id
    WHERE ilike(:part, email) OR ilike(:part, customers.name) OR ilike(:part, external_id)
    OR customers.id = :search OR :search = ''
"""


def page(store: Store, search: str, number: int, size: int) -> dict[str, Any]:
    """One page of customers, the newest first; `search` is a part of a text, or an id."""
    literal = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    values = {"search": search, "part": f"%{literal}%", "size": size, "skip": size * (number - 1)}
    with store.database.reading() as connection:
        total = connection.execute(f"SELECT count(*) {_FOUND}", values).fetchone()[0]
        rows = connection.execute(
            "SELECT customers.id, external_id, email, customers.name, customers.created_at,"
            f" apps.name AS app, {_COUNTS} {_FOUND}"
            " ORDER BY customers.created_at DESC, seq DESC LIMIT :size OFFSET :skip",
            values,
        ).fetchall()
    found = [{**dict(row), "created_at": timestamp(row["created_at"])} for row in rows]
    return {"customers": found, "total": total, "page": number, "pages": -(-total // size)}


def one(store: Store, customer_id: str) -> dict[str, Any] | None:
    """A customer as the API shows it, and its metadata as text; None if there is no such one."""
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
    """The chains that a wallet may be on."""
    with store.database.reading() as connection:
        query = "SELECT chain_id, name, family FROM chains WHERE enabled ORDER BY chain_id"
        return [dict(row) for row in connection.execute(query)]
