"""What the service keeps: the queries behind the six routes, and behind the keys."""

# ruff: noqa: S608 - only our own names of tables and columns are put into queries

from __future__ import annotations

import sqlite3
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Optional

from customers_sdk.sandbox.express.javascript import jsonb, stringify, well_formed
from customers_sdk.sandbox.service import shapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customers_sdk.sandbox.service.database import Database

HISTORY_CAP = 50
DAY = 24 * 60 * 60 * 1000

_COLUMNS = {
    "externalId": "external_id",
    "email": "email",
    "name": "name",
    "address": "address",
    "city": "city",
    "state": "state",
    "country": "country",
    "postalCode": "postal_code",
    "metadata": "metadata",
}
_COUNTED = {
    "paymentIntents": "payment_intents",
    "subscriptions": "subscriptions",
    "invoices": "invoices",
}
_WALLETS = (
    "SELECT wallets.*, chains.name AS chain_name FROM wallets JOIN chains USING (chain_id)"
    " WHERE {} ORDER BY chain_id, wallet_address"
)


class Duplicate(Exception):  # noqa: N818 - reads as a verdict
    """A unique index refused the row: an external id within its app, or a customer's wallet."""


def current_milliseconds() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Store:
    """The rows of one sandbox.

    `now` gives the milliseconds since 1970 (UTC) that new rows are born at; `tie_order` is
    ``"stable"`` (rows of one millisecond in order of insertion) or ``"random"`` (by page size and
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

    def api_key(self, key: str) -> Optional[sqlite3.Row]:
        """The key's row with its merchant's ``suspended_reason``."""
        return self._row(
            "SELECT api_keys.*, suspended_reason FROM api_keys"
            " JOIN merchants ON merchants.id = merchant_id WHERE key = ?",
            key,
        )

    def app(self, app_id: str) -> Optional[sqlite3.Row]:
        """The app's row."""
        return self._row("SELECT * FROM apps WHERE id = ?", app_id)

    def chain(self, chain_id: int) -> Optional[sqlite3.Row]:
        """The chain's row, enabled or not."""
        return self._row("SELECT * FROM chains WHERE chain_id = ?", chain_id)

    def customer(self, customer_id: str) -> Optional[sqlite3.Row]:
        """The customer's row with its app's merchant as ``merchant_id``."""
        return self._row(
            "SELECT customers.*, apps.merchant_id FROM customers JOIN apps ON apps.id = app_id"
            " WHERE customers.id = ?",
            customer_id,
        )

    def _row(self, query: str, *values: Any) -> Optional[sqlite3.Row]:
        return self.database.row(query, *values)

    def create_customer(
        self,
        app_id: str,
        fields: dict[str, Any],
        *,
        customer_id: Optional[str] = None,
        created_at: Optional[int] = None,
        updated_at: Optional[int] = None,
    ) -> str:
        """Inserts and commits; raises `Duplicate` for an external id that the app has already."""
        identifier = customer_id or str(uuid.uuid4())
        born = self.now() if created_at is None else created_at
        row = {
            "metadata": "{}",
            **_stored(fields),
            "id": identifier,
            "app_id": app_id,
            "created_at": born,
            "updated_at": born if updated_at is None else updated_at,
        }
        self.insert("customers", row)
        return identifier

    def update_customer(self, customer_id: str, fields: dict[str, Any]) -> None:
        """Sets the fields sent; without any, ``updatedAt`` stays (``update_empty_object``)."""
        columns = _stored(fields)
        if not columns:
            return
        columns["updated_at"] = self.now()
        assignments = ", ".join(f"{column} = ?" for column in columns)
        with _unique(), self.database.writing() as connection:
            connection.execute(
                f"UPDATE customers SET {assignments} WHERE id = ?", (*columns.values(), customer_id)
            )

    def add_wallet(
        self,
        customer_id: str,
        chain_id: int,
        address: str,
        *,
        wallet_id: Optional[str] = None,
        **more: Any,
    ) -> str:
        """Inserts and commits; raises `Duplicate` where the customer has the wallet already."""
        identifier = wallet_id or str(uuid.uuid4())
        born = self.now()
        row = {"created_at": born, "updated_at": born, **more}
        row.update(
            id=identifier, customer_id=customer_id, chain_id=chain_id, wallet_address=address
        )
        self.insert("wallets", row)
        return identifier

    def remove_wallet(self, customer_id: str, wallet_id: str) -> bool:
        """Deletes and commits; whether this customer had such a wallet."""
        with self.database.writing() as connection:
            found = connection.execute(
                "DELETE FROM wallets WHERE id = ? AND customer_id = ?", (wallet_id, customer_id)
            )
            return found.rowcount == 1

    def insert(self, table: str, *rows: dict[str, Any], replace: bool = False) -> None:
        """Inserts rows of the same columns and commits; raises `Duplicate` on a unique index."""
        columns = ", ".join(rows[0])
        marks = ", ".join("?" * len(rows[0]))
        verb = "INSERT OR REPLACE" if replace else "INSERT"
        with _unique(), self.database.writing() as connection:
            connection.executemany(
                f"{verb} INTO {table} ({columns}) VALUES ({marks})",
                [tuple(row.values()) for row in rows],
            )

    def customer_shape(self, customer_id: str) -> dict[str, Any]:
        """The customer as create and update answer it: wallets without their chain."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM customers WHERE id = ?", (customer_id,)
            ).fetchone()
            return {
                **shapes.customer(row),
                "wallets": _wallets_of(connection, customer_id, with_chain=False),
            }

    def wallet_shape(self, wallet_id: str) -> dict[str, Any]:
        """The wallet as add-wallet answers it: all its fields, and its chain (observed)."""
        with self.database.reading() as connection:
            query = _WALLETS.format("wallets.id = ?")
            row = connection.execute(query, (wallet_id,)).fetchone()
            return shapes.wallet(row, with_chain=True)

    def detail_shape(self, customer_id: str) -> dict[str, Any]:
        """The customer as retrieve answers it: app, wallets with chain, the newest 50 of each."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM customers WHERE id = ?", (customer_id,)
            ).fetchone()
            app = connection.execute("SELECT * FROM apps WHERE id = ?", (row["app_id"],)).fetchone()
            newest = (
                "SELECT * FROM {} WHERE customer_id = ? ORDER BY created_at DESC, id DESC LIMIT ?"
            )
            bounds = (customer_id, HISTORY_CAP)
            intents = connection.execute(newest.format("payment_intents"), bounds).fetchall()
            invoices = connection.execute(newest.format("invoices"), bounds).fetchall()
            return {
                **shapes.customer(row),
                "app": shapes.app(app),
                "wallets": _wallets_of(connection, customer_id, with_chain=True),
                "paymentIntents": [shapes.payment_intent(intent) for intent in intents],
                "invoices": [shapes.invoice(invoice) for invoice in invoices],
            }

    def page(
        self,
        merchant_id: str,
        app_id: Optional[str],
        search: Optional[str],
        page: int,
        page_size: int,
    ) -> tuple[list[dict[str, Any]], int]:
        """One page of customers, newest first, and how many there are in all.

        An `app_id` is believed, whosever it is (recording ``list_appId_other_merchant``).
        """
        where, values = _scope(merchant_id, app_id, search)
        order, order_values = "seq", []
        if self.tie_order == "random":
            order, order_values = "tie_order(?, ?, id)", [page_size, page]
        with self.database.reading() as connection:
            total: int = connection.execute(
                f"SELECT count(*) FROM customers WHERE {where}", values
            ).fetchone()[0]
            query = f"SELECT * FROM customers WHERE {where} ORDER BY created_at DESC, {order}"
            rows = connection.execute(
                f"{query} LIMIT ? OFFSET ?",
                [*values, *order_values, page_size, (page - 1) * page_size],
            ).fetchall()
            return _summaries(connection, rows), total

    def everyone(self) -> list[dict[str, Any]]:
        """All customers of all apps, as a list shows them, in the order they were stored."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT * FROM customers ORDER BY seq").fetchall()
            pieces = (rows[start : start + 500] for start in range(0, len(rows), 500))
            return [shape for piece in pieces for shape in _summaries(connection, piece)]

    def count_customers(self) -> int:
        """How many customers there are, of every app."""
        row = self._row("SELECT count(*) FROM customers")
        return 0 if row is None else int(row[0])

    def recalled(self, key: str) -> Optional[sqlite3.Row]:
        """The answer kept under an idempotency key, for 24 hours (documented)."""
        oldest = self.now() - DAY
        return self._row(
            "SELECT status, body FROM idempotency WHERE key = ? AND stored_at > ?", key, oldest
        )

    def remember(self, key: str, status: int, body: str) -> None:
        """Keeps an answer under its key, and forgets those older than 24 hours."""
        now = self.now()
        with self.database.writing() as connection:
            connection.execute("DELETE FROM idempotency WHERE stored_at <= ?", (now - DAY,))
            connection.execute(
                "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?)", (key, status, body, now)
            )


@contextmanager
def _unique() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise Duplicate(str(error)) from None


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    for name, column in _COLUMNS.items():
        value = fields.get(name)
        if isinstance(value, str):
            stored[column] = well_formed(value)
        elif value is not None:
            # zod's record drops this one key.
            kept = {key: item for key, item in value.items() if key != "__proto__"}
            stored[column] = stringify(jsonb(kept))
    return stored


def _scope(merchant_id: str, app_id: Optional[str], search: Optional[str]) -> tuple[str, list[Any]]:
    where, values = "app_id IN (SELECT id FROM apps WHERE merchant_id = ?)", [merchant_id]
    if app_id is not None:
        where, values = "app_id = ?", [app_id]
    if search:
        columns = ("email", "name", "external_id")
        where += f" AND ({' OR '.join(f'ilike(?, {column})' for column in columns)})"
        values += [f"%{well_formed(search)}%"] * len(columns)
    return where, values


def _wallets_of(
    connection: sqlite3.Connection, customer_id: str, *, with_chain: bool
) -> list[dict[str, Any]]:
    rows = connection.execute(_WALLETS.format("customer_id = ?"), (customer_id,))
    return [shapes.wallet(row, with_chain=with_chain) for row in rows]


def _summaries(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[dict[str, Any]]:
    found = {
        row["id"]: {**shapes.customer(row), "wallets": [], "_count": dict.fromkeys(_COUNTED, 0)}
        for row in rows
    }
    within = f"customer_id IN ({', '.join('?' * len(found))})"
    for wallet in connection.execute(_WALLETS.format(within), tuple(found)):
        found[wallet["customer_id"]]["wallets"].append(shapes.wallet(wallet, with_chain=False))
    for name, table in _COUNTED.items():
        query = f"SELECT customer_id, count(*) FROM {table} WHERE {within} GROUP BY customer_id"
        for customer_id, count in connection.execute(query, tuple(found)):
            found[customer_id]["_count"][name] = count
    return list(found.values())
