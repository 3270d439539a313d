"""What the service keeps: the queries behind the six routes, and behind the keys."""

# ruff: noqa: S608 - only our own names of tables and columns are put into queries

from __future__ import annotations

import sqlite3
import time
import uuid
from typing import TYPE_CHECKING, Any, Callable

from customers_sdk.sandbox.service.columns import COLUMNS
from customers_sdk.sandbox.service.shapes import SHAPES

if TYPE_CHECKING:
    from customers_sdk.sandbox.service.database import Database

HISTORY_CAP = 50
DAY = 24 * 60 * 60 * 1000
_SWEEP_EVERY = 60 * 1000

_NO_CUSTOMER: dict[str, Any] = {**dict.fromkeys(COLUMNS.values()), "metadata": "{}"}


def _list_of(items: str) -> str:
    return f"(SELECT ifnull(group_concat(item), '') FROM ({items}))"


_PLAIN_WALLETS = _list_of(
    "SELECT json || '}' AS item FROM wallets WHERE customer_id = customers.id"
    " ORDER BY chain_id, wallet_address"
)
_WALLETS_WITH_CHAIN = _list_of(
    """SELECT wallets.json || ',"chain":' || chains.json || '}' AS item"""
    " FROM wallets JOIN chains USING (chain_id)"
    " WHERE customer_id = customers.id ORDER BY chain_id, wallet_address"
)
_NEWEST = "SELECT json AS item FROM {} WHERE customer_id = customers.id"
_NEWEST += f" ORDER BY created_at DESC, id DESC LIMIT {HISTORY_CAP}"
_DETAIL = (
    """SELECT merchant_id, customers.json || ',"app":' || apps.json"""
    f""" || ',"wallets":[' || {_WALLETS_WITH_CHAIN}"""
    f""" || '],"paymentIntents":[' || {_list_of(_NEWEST.format("payment_intents"))}"""
    f""" || '],"invoices":[' || {_list_of(_NEWEST.format("invoices"))} || ']}}'"""
    " FROM customers JOIN apps ON apps.id = app_id WHERE customers.id = ?"
)
_COUNTED = "(SELECT count(*) FROM {} WHERE customer_id = customers.id)"
_SUMMARY = (
    f"""json || ',"wallets":[' || {_PLAIN_WALLETS}"""
    f""" || '],"_count":{{"paymentIntents":' || {_COUNTED.format("payment_intents")}"""
    f""" || ',"subscriptions":' || {_COUNTED.format("subscriptions")}"""
    f""" || ',"invoices":' || {_COUNTED.format("invoices")} || '}}}}'"""
)


#: The tables refuse a row: it exists (an external id within its app, a customer's wallet), or it
#: refers to one that does not.
Duplicate = sqlite3.IntegrityError


def current_milliseconds() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Store:
    """The rows of one sandbox.

    `now` gives the milliseconds since 1970 (UTC) that new rows are created at; `tie_order` is
    ``"stable"`` (of one millisecond the last inserted first) or ``"random"`` (by page size and
    page, as the service was observed to order them).
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int] = current_milliseconds,
        tie_order: str = "stable",
    ) -> None:
        self.database = database
        self.now = now
        self.tie_order = tie_order
        self._swept_at = 0

    def api_key(self, key: str) -> sqlite3.Row | None:
        """Return the key's row with its merchant's ``suspended_reason``."""
        return self.database.row(
            "SELECT api_keys.*, suspended_reason FROM api_keys"
            " JOIN merchants ON merchants.id = merchant_id WHERE key = ?",
            key,
        )

    def app(self, app_id: str) -> sqlite3.Row | None:
        """Return the app's row."""
        return self.database.row("SELECT * FROM apps WHERE id = ?", app_id)

    def chain(self, chain_id: int) -> sqlite3.Row | None:
        """Return the chain's row, enabled or not."""
        return self.database.row("SELECT * FROM chains WHERE chain_id = ?", chain_id)

    def owner_of(self, customer_id: str) -> str | None:
        """Return the id of the merchant that a customer belongs to; None if there is none."""
        row = self.database.row(
            "SELECT merchant_id FROM customers JOIN apps ON apps.id = app_id"
            " WHERE customers.id = ?",
            customer_id,
        )
        return None if row is None else row[0]

    def create(self, app_id: str, columns: dict[str, Any]) -> str:
        """Insert a customer and commit; return the JSON that create responds with.

        Raises:
            Duplicate: the app has the external id already.
        """
        row = {
            **_NO_CUSTOMER,
            **columns,
            "id": str(uuid.uuid4()),
            "app_id": app_id,
            **dict.fromkeys(("created_at", "updated_at"), self.now()),
        }
        return f'{self.insert("customers", row)},"wallets":[]}}'

    def update(self, customer_id: str, columns: dict[str, Any]) -> str:
        """Set columns of a customer and commit; return the JSON that update responds with.

        Without columns nothing changes, not even ``updatedAt``.

        Raises:
            Duplicate: the app has the external id already.
        """
        with self.database.writing() as connection:
            if columns:
                row = connection.execute(
                    "SELECT * FROM customers WHERE id = ?", (customer_id,)
                ).fetchone()
                # Later than before even within a millisecond, in which the service does not update.
                columns = {**columns, "updated_at": max(self.now(), row["updated_at"] + 1)}
                columns["json"] = SHAPES["customers"]({**dict(row), **columns})
                assignments = ", ".join(f"{column} = ?" for column in columns)
                connection.execute(
                    f"UPDATE customers SET {assignments} WHERE id = ?",
                    (*columns.values(), customer_id),
                )
            query = f"""SELECT json || ',"wallets":[' || {_PLAIN_WALLETS} || ']}}' FROM customers"""
            found = connection.execute(f"{query} WHERE id = ?", (customer_id,)).fetchone()
            return str(found[0])

    def add_wallet(self, customer_id: str, chain: sqlite3.Row, address: str) -> str:
        """Insert a wallet and commit; return the JSON that add-wallet responds with.

        Raises:
            Duplicate: the customer has the wallet already.
        """
        row = {
            "id": str(uuid.uuid4()),
            "customer_id": customer_id,
            "chain_id": chain["chain_id"],
            "wallet_address": address,
            "has_active_authorization": False,
            **dict.fromkeys(("authorization_type", "authorization_tx_hash", "authorized_at")),
            **dict.fromkeys(("created_at", "updated_at"), self.now()),
        }
        return f'{self.insert("wallets", row)},"chain":{chain["json"]}}}'

    def remove_wallet(self, customer_id: str, wallet_id: str) -> bool:
        """Delete a wallet and commit; tell whether this customer had it."""
        with self.database.writing() as connection:
            found = connection.execute(
                "DELETE FROM wallets WHERE id = ? AND customer_id = ?", (wallet_id, customer_id)
            )
            return found.rowcount == 1

    def insert(self, table: str, *rows: dict[str, Any], replace: bool = False) -> str:
        """Insert rows of the same columns and commit.

        Returns:
            The JSON text of the last row, "" where the wire has none.

        Raises:
            Duplicate: the tables refuse a row.
        """
        shape = SHAPES.get(table)
        if shape is not None:
            rows = tuple({**row, "json": shape(row)} for row in rows)
        verb = "INSERT OR REPLACE" if replace else "INSERT"
        marks = ", ".join("?" * len(rows[0]))
        with self.database.writing() as connection:
            connection.executemany(
                f"{verb} INTO {table} ({', '.join(rows[0])}) VALUES ({marks})",
                [tuple(row.values()) for row in rows],
            )
        return str(rows[-1].get("json", ""))

    def detail(self, customer_id: str) -> tuple[str, str] | None:
        """Return the customer's merchant and the JSON that retrieve responds with; None if absent.

        It has the app, the wallets with their chains, and the newest 50 payments and invoices.
        """
        row = self.database.row(_DETAIL, customer_id)
        return None if row is None else (row[0], row[1])

    def page(
        self, merchant_id: str, app_id: str | None, search: str, page: int, page_size: int
    ) -> tuple[str, int]:
        """Return one page of customers as a JSON list, newest first, and how many there are.

        An `app_id` is believed, even another merchant's: the service does not check that.
        """
        where, values = _scope(merchant_id, app_id, search)
        order, order_values = "seq DESC", []
        if self.tie_order == "random":
            order, order_values = "tie_order(?, ?, id)", [page_size, page]
        rows = f"SELECT id, json FROM customers WHERE {where} ORDER BY created_at DESC, {order}"
        with self.database.reading() as connection:
            total: int = connection.execute(
                f"SELECT count(*) FROM customers WHERE {where}", values
            ).fetchone()[0]
            found = connection.execute(
                f"SELECT {_SUMMARY} FROM ({rows} LIMIT ? OFFSET ?) AS customers",
                [*values, *order_values, page_size, (page - 1) * page_size],
            )
            return f"[{','.join(row[0] for row in found)}]", total

    def everyone(self) -> str:
        """Return all customers of all apps as a JSON list, in the order they were stored."""
        with self.database.reading() as connection:
            found = connection.execute(f"SELECT {_SUMMARY} FROM customers ORDER BY seq")
            return f"[{','.join(row[0] for row in found)}]"

    def count_customers(self) -> int:
        """Return how many customers there are, of all apps."""
        [(count,)] = self.database.rows("SELECT count(*) FROM customers")
        return int(count)

    def next_invoice_number(self) -> str:
        """Return a number that no invoice of the sandbox had from here before."""
        [(number,)] = self.database.rows("SELECT ifnull(max(rowid), 0) + 1 FROM invoices")
        return f"INV-{number:04}"

    def recalled(self, key: str) -> dict[str, tuple[int, str]]:
        """Return the status and the body kept under an idempotency key, for 24 hours.

        The service keeps its locks among the responses: one kept under the key "K:lock", which is
        returned too, locks the key "K".
        """
        rows = self.database.rows(
            "SELECT key, status, body FROM idempotency WHERE key IN (?, ?) AND stored_at > ?",
            key,
            f"{key}:lock",
            self.now() - DAY,
        )
        return {kept: (status, body) for kept, status, body in rows}

    def remember(self, key: str, status: int, body: str) -> None:
        """Keep a response under its key; those older than 24 hours go, once a minute."""
        now = self.now()
        with self.database.writing() as connection:
            if now - self._swept_at >= _SWEEP_EVERY:
                self._swept_at = now
                connection.execute("DELETE FROM idempotency WHERE stored_at <= ?", (now - DAY,))
            connection.execute(
                "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?)", (key, status, body, now)
            )


def _scope(merchant_id: str, app_id: str | None, search: str) -> tuple[str, list[Any]]:
    where, values = "app_id IN (SELECT id FROM apps WHERE merchant_id = ?)", [merchant_id]
    if app_id is not None:
        where, values = "app_id = ?", [app_id]
    if search:
        columns = ("email", "name", "external_id")
        where += f" AND ({' OR '.join(f'ilike(?, {column})' for column in columns)})"
        values += [f"%{search}%"] * len(columns)
    return where, values
