"""The sandbox's SQLite file: its schema, its connections, its transactions."""

# ruff: noqa: S608 - only our own names of tables are put into queries

from __future__ import annotations

import atexit
import hashlib
import re
import sqlite3
import threading
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.service.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS merchants (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, suspended_reason TEXT);
CREATE TABLE IF NOT EXISTS apps (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants, name TEXT NOT NULL,
    environment TEXT NOT NULL, receiving_wallet TEXT, receiving_wallet_signature TEXT,
    payout_wallet TEXT, payout_approved INTEGER NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, json TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS apps_of_merchant ON apps (merchant_id);
CREATE TABLE IF NOT EXISTS api_keys (
    key TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants,
    active INTEGER NOT NULL, expires_at INTEGER);
CREATE TABLE IF NOT EXISTS chains (
    chain_id INTEGER PRIMARY KEY, name TEXT NOT NULL, enabled INTEGER NOT NULL,
    family TEXT NOT NULL, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customers (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, app_id TEXT NOT NULL REFERENCES apps,
    external_id TEXT, email TEXT, name TEXT, address TEXT, city TEXT, state TEXT, country TEXT,
    postal_code TEXT, metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, json TEXT NOT NULL,
    UNIQUE (app_id, external_id));
CREATE INDEX IF NOT EXISTS customers_newest ON customers (created_at DESC, seq DESC);
CREATE INDEX IF NOT EXISTS customers_of_app ON customers (app_id, created_at DESC, seq DESC);
CREATE TABLE IF NOT EXISTS wallets (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers (id),
    chain_id INTEGER NOT NULL REFERENCES chains, wallet_address TEXT NOT NULL,
    has_active_authorization INTEGER NOT NULL DEFAULT 0, authorization_type TEXT,
    authorization_tx_hash TEXT, authorized_at INTEGER,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, json TEXT NOT NULL,
    UNIQUE (customer_id, chain_id, wallet_address));
CREATE TABLE IF NOT EXISTS payment_intents (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers (id), status TEXT NOT NULL,
    amount TEXT NOT NULL, currency TEXT NOT NULL, crypto_amount TEXT, crypto_token_key TEXT,
    crypto_token_decimals INTEGER, authorization_chain_id INTEGER, created_at INTEGER NOT NULL,
    captured_at INTEGER, checkout_sessions TEXT NOT NULL, json TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS intents_of_customer
    ON payment_intents (customer_id, created_at DESC, id DESC);
CREATE TABLE IF NOT EXISTS invoices (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers (id), invoice_number TEXT,
    status TEXT NOT NULL, total TEXT NOT NULL, currency TEXT NOT NULL, due_date INTEGER,
    paid_at INTEGER, created_at INTEGER NOT NULL, json TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS invoices_of_customer ON invoices (customer_id, created_at DESC, id DESC);
CREATE TABLE IF NOT EXISTS subscriptions (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers (id));
CREATE INDEX IF NOT EXISTS subscriptions_of_customer ON subscriptions (customer_id);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, status INTEGER NOT NULL, body TEXT NOT NULL, stored_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS idempotency_oldest ON idempotency (stored_at);
"""
_EMPTIED = (
    *("idempotency", "subscriptions", "invoices", "payment_intents", "wallets", "customers"),
    *("api_keys", "apps", "merchants", "chains", "settings"),
)


# What the file says of itself, so that a later version knows what it reads.
_VERSION = 1


class SchemaError(sqlite3.DatabaseError):
    """The file is a database, but not one that this version of the sandbox can use."""


def lowered(text: str) -> str:
    """Lower text letter by letter, as PostgreSQL does: a final sigma is one like any other."""
    return text.replace("\u03a3", "\u03c3").replace("\u0130", "i").lower()


@lru_cache(maxsize=256)
def _ilike_pattern(pattern: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    signs = re.findall(r"\\?.", lowered(pattern), re.DOTALL)
    return re.compile("".join(wild.get(sign) or re.escape(sign[-1]) for sign in signs), re.DOTALL)


def ilike(pattern: str, text: str | None) -> bool:
    r"""PostgreSQL's ILIKE: any case in any script; ``%`` and ``_`` wild, ``\`` escapes."""
    return text is not None and _ilike_pattern(pattern).fullmatch(lowered(text)) is not None


def tie_order(page_size: int, page: int, identifier: str) -> bytes:
    """Return a rank among rows of one millisecond, which depends on page size and page number.

    The service's does (recordings ``list_ties_*``): asking again for the same page repeats it.
    """
    return hashlib.blake2b(f"{page_size}/{page}/{identifier}".encode(), digest_size=8).digest()


#: The path of a database that lives in this process alone, as SQLite spells it.
IN_MEMORY = ":memory:"


@lru_cache(maxsize=1)
def _template() -> sqlite3.Connection:
    """Return an empty database to copy, which takes a tenth of the time of making one."""
    made = sqlite3.connect(IN_MEMORY, check_same_thread=False)
    made.executescript(_SCHEMA)
    atexit.register(made.close)  # Python 3.13 warns of one that is left open
    return made


def _bring_up_to_date(connection: sqlite3.Connection, path: str | Path) -> None:
    """Make the tables of an empty file; add what a file of an older version lacks."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if version > _VERSION:
        raise SchemaError(
            f"{path} was made by a newer version of customers_sdk (schema {version}, this one knows"
            f" up to {_VERSION}). Upgrade customers_sdk, or use another file."
        )
    if tables and not tables.issuperset(_EMPTIED):
        raise SchemaError(f"{path} is the database of another program. Use another file.")
    if version == _VERSION:
        return
    if tables:
        _add_columns(connection)
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _add_columns(connection: sqlite3.Connection) -> None:
    """Add the columns that the older version lacked, and make each row's JSON anew."""
    for index in ("customers_newest", "customers_of_app"):  # version 0 had the oldest tie first
        connection.execute(f"DROP INDEX IF EXISTS {index}")
    for table, shape in SHAPES.items():
        info = f"PRAGMA table_info({table})"
        known = {row["name"] for row in connection.execute(info)}
        for _, name, kind, required, *_ in _template().execute(info):
            if name not in known:
                rest = " NOT NULL DEFAULT ''" if required else ""
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}{rest}")
        rows = connection.execute(f"SELECT rowid AS place, * FROM {table}").fetchall()
        connection.executemany(
            f"UPDATE {table} SET json = ? WHERE rowid = ?",
            [(shape(row), row["place"]) for row in rows],
        )


_copying = threading.Lock()


class Database:
    """One SQLite file in WAL mode: a connection for each thread, one writer at a time.

    Writers of this process queue at a lock of ours, since SQLite's own wait sleeps in steps;
    another process that writes to the file is waited for up to 10 seconds. A commit survives the
    death of the process; a file that is `kept` stays whole when the machine dies too, though the
    last commits may be missing.

    The path ``:memory:`` stands for no file: all threads take turns at one connection.
    """

    def __init__(self, path: str | Path, *, kept: bool = True) -> None:
        self._synchronous = "NORMAL" if kept else "OFF"
        self._path = str(path)
        self._local = threading.local()
        self._writing = threading.Lock()
        self._opened: list[sqlite3.Connection] = []
        self._closed = False
        self._shared: sqlite3.Connection | None = None
        self._turn: AbstractContextManager[Any] = nullcontext()
        if self._path == IN_MEMORY:
            self._turn = threading.RLock()
            self._shared = self._open()
            return
        try:
            with self.writing() as connection:
                _bring_up_to_date(connection, path)
        except BaseException:
            self.close()  # a file that is refused is not held open
            raise

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, opened at first use."""
        held: sqlite3.Connection | None = self._shared or getattr(self._local, "connection", None)
        if held is None:
            held = self._local.connection = self._open()
        return held

    def _open(self) -> sqlite3.Connection:
        if self._closed:  # a request that outlived the server must not open the file again
            raise sqlite3.ProgrammingError("the database is closed")
        connection = sqlite3.connect(
            self._path, timeout=10, isolation_level=None, check_same_thread=False
        )
        self._opened.append(connection)
        connection.row_factory = sqlite3.Row
        connection.create_function("ilike", 2, ilike, deterministic=True)
        connection.create_function("tie_order", 3, tie_order, deterministic=True)
        connection.execute("PRAGMA foreign_keys=ON")
        if self._path == IN_MEMORY:
            with _copying:
                _template().backup(connection)
            return connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        # 16 MB of journal before it is copied into the file: a fifth of a create's processor time.
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        return connection

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row that a query finds."""
        with self._turn:
            found: sqlite3.Row | None = self.connection().execute(query, values).fetchone()
            return found

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows that a query finds."""
        with self._turn:
            return self.connection().execute(query, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold one snapshot for several queries."""
        with self._turn, self.connection() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold a write transaction: committed at the end, rolled back when the body raises."""
        with self._writing, self._turn, self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def empty(self) -> None:
        """Delete every row of every table."""
        with self.writing() as connection:
            for table in _EMPTIED:
                connection.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        """Close the connections of all threads; in memory, once it is not in use."""
        with self._writing, self._turn:
            self._closed = True
            while self._opened:
                self._opened.pop().close()
            self._local = threading.local()
