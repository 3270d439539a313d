"""Rows that the API itself has no route to make, for a sandbox or a fake."""

# ruff: noqa: A002 - a row's id is called id

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any, Callable

from customers_sdk.sandbox.express.jsontext import compact
from customers_sdk.sandbox.service import columns
from customers_sdk.sandbox.service.rules import FAMILIES, normalised_address
from customers_sdk.sandbox.values import Instant, Money, column_text, milliseconds, units_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from customers_sdk.sandbox.service.store import Store

#: The kinds of API keys that `Seeding.add_api_key` makes.
KEY_KINDS = ("secret", "public", "inactive", "expired", "suspended")

_LONG_AGO = "2026-01-01T00:00:00.000Z"
_DEFAULT_CHAINS = (
    (1, "ethereum", "evm"),
    (10, "optimism", "evm"),
    (137, "polygon", "evm"),
    (8453, "base", "evm"),
    (42161, "arbitrum", "evm"),
    (80002, "polygon-amoy", "evm"),
    (11155111, "sepolia", "evm"),
    (101, "solana-testnet", "solana"),
    (102, "solana-devnet", "solana"),
    (103, "solana", "solana"),
    (201, "sui-devnet", "sui"),
    (202, "sui-testnet", "sui"),
    (203, "sui", "sui"),
)
# How an argument becomes a column's value; the others are it already.
_STORED: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("created_at", "updated_at", "authorized_at", "captured_at"), milliseconds),
    **dict.fromkeys(("due_date", "paid_at"), milliseconds),
    **dict.fromkeys(("amount", "total"), column_text),
    "crypto_amount": units_text,
    "id": lambda given, _: given or str(uuid.uuid4()),
    "checkout_sessions": lambda sessions, _: compact([dict(session) for session in sessions]),
}


class Seeding:
    """Methods that put rows straight into a store; each commits and returns the new row's id.

    Instants are aware datetimes or ISO 8601 strings; without one the row is created now. Without an
    id the row gets a random UUID. A ``customer_id`` or ``app_id`` that does not exist raises
    ``LookupError``, a row that exists `customers_sdk.sandbox.service.store.Duplicate`.
    """

    store: Store
    app_id: str

    def add_merchant(
        self, *, id: str | None = None, name: str = "Merchant", suspended_reason: str | None = None
    ) -> str:
        """Add a merchant; with a `suspended_reason` it reads but does not write (observed)."""
        return self._added("merchants", locals())

    def add_app(
        self,
        *,
        merchant_id: str | None = None,
        id: str | None = None,
        name: str = "App",
        environment: str = "TEST",
        receiving_wallet: str | None = None,
        receiving_wallet_signature: str | None = None,
        payout_wallet: str | None = None,
        payout_approved: bool = False,
        created_at: Instant | None = None,
    ) -> str:
        """Add an app, to the sandbox's own merchant unless another `merchant_id` is given."""
        row = {**locals(), "merchant_id": merchant_id or self._own_merchant(), "updated_at": None}
        return self._added("apps", row)

    def add_api_key(
        self,
        *,
        kind: str = "secret",
        merchant_id: str | None = None,
        key: str | None = None,
        active: bool = True,
        expires_at: Instant | None = None,
    ) -> str:
        """Add an API key and return it.

        Args:
            kind: ``"secret"``; ``"public"``, a ``pk`` key, which a client refuses; ``"inactive"``
                or ``"expired"``, to which the service responds with 401; ``"suspended"``, a key of
                a suspended merchant, who may read but gets 403 to a write.
            merchant_id: who owns it, by default the sandbox's own merchant, and for a suspended
                key a new one.
            key: the key itself, by default a random one.
            active: False is the same as ``kind="inactive"``.
            expires_at: when it stops working.

        Raises:
            ValueError: `kind` is none of these.
        """
        if kind not in KEY_KINDS:
            raise ValueError(f"kind must be one of {', '.join(KEY_KINDS)}, not {kind!r}")
        if kind == "suspended" and merchant_id is None:
            merchant_id = self.add_merchant(suspended_reason="Suspended in the sandbox")
        prefix = "nr_test_pk_" if kind == "public" else "nr_test_sk_"
        secret = key or prefix + secrets.token_hex(16)
        ends = expires_at or (_LONG_AGO if kind == "expired" else None)
        row = {
            "key": secret,
            "merchant_id": merchant_id or self._own_merchant(),
            "active": active and kind != "inactive",
            "expires_at": milliseconds(ends, "expires_at"),
        }
        self.store.insert("api_keys", row)
        return secret

    def add_chain(
        self, chain_id: int, name: str, *, enabled: bool = True, family: str = "evm"
    ) -> int:
        """Add or replace a chain; `family` is ``evm``, ``solana`` or ``sui``."""
        if family not in FAMILIES:
            raise ValueError(f"family must be one of {', '.join(FAMILIES)}")
        row = {"chain_id": chain_id, "name": name, "enabled": enabled, "family": family}
        self.store.insert("chains", row, replace=True)
        return chain_id

    def add_customer(
        self,
        *,
        id: str | None = None,
        app_id: str | None = None,
        external_id: str | None = None,
        email: str | None = None,
        name: str | None = None,
        address: str | None = None,
        city: str | None = None,
        state: str | None = None,
        country: str | None = None,
        postal_code: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        created_at: Instant | None = None,
        updated_at: Instant | None = None,
    ) -> str:
        """Add a customer, unchecked by the schema; `app_id` is the sandbox's own by default.

        The values are stored as the service stores them. Metadata that is not an object, which
        other programs can leave behind, is written as ``{"$type": "Raw", "value": [1]}``.
        """
        row = {**locals(), "app_id": app_id or self.app_id, "metadata": dict(metadata or {})}
        if self.store.app(row["app_id"]) is None:
            raise LookupError(f"there is no app {row['app_id']}")
        fields = {name: row[column] for name, column in columns.COLUMNS.items()}
        return self._added("customers", {**row, **columns.stored(fields)})

    def add_wallet(
        self,
        customer_id: str,
        *,
        chain_id: int,
        wallet_address: str,
        id: str | None = None,
        has_active_authorization: bool = False,
        authorization_type: str | None = None,
        authorization_tx_hash: str | None = None,
        authorized_at: Instant | None = None,
        created_at: Instant | None = None,
        updated_at: Instant | None = None,
    ) -> str:
        """Add a wallet to a customer, its address as the service stores it.

        An unknown `chain_id` raises ``LookupError``, an address that is not one of that chain
        ``ValueError``. `authorization_type` is not checked: the vocabulary is open (documented).
        """
        row = {**locals()}
        chain = self.store.chain(chain_id)
        if chain is None:
            raise LookupError(f"there is no chain {chain_id}")
        row["wallet_address"] = normalised_address(chain["family"], wallet_address)
        return self._added("wallets", row)

    def add_payment_intent(
        self,
        customer_id: str,
        *,
        amount: Money,
        currency: str = "USD",
        status: str = "CREATED",
        crypto_amount: Money | None = None,
        crypto_token_key: str | None = None,
        crypto_token_decimals: int | None = None,
        authorization_chain_id: int | None = None,
        created_at: Instant | None = None,
        captured_at: Instant | None = None,
        id: str | None = None,
        checkout_sessions: Iterable[Mapping[str, Any]] = (),
    ) -> str:
        """Add a payment intent to a customer's history.

        `amount` is in units of `currency`, rounded to two decimals as the service's column is;
        `crypto_amount` is in the token's smallest unit. A float is a ``TypeError``. `status` is not
        checked: the vocabulary is open.
        """
        return self._added("payment_intents", locals())

    def add_invoice(
        self,
        customer_id: str,
        *,
        total: Money,
        currency: str = "USD",
        status: str = "DRAFT",
        invoice_number: str | None = None,
        due_date: Instant | None = None,
        paid_at: Instant | None = None,
        created_at: Instant | None = None,
        id: str | None = None,
    ) -> str:
        """Add an invoice to a customer's history.

        `total` is in units of `currency`, rounded to two decimals; a float is a ``TypeError``. An
        invoice without a number gets the next one (``INV-0001``).
        """
        invoice_number = invoice_number or self.store.next_invoice_number()
        return self._added("invoices", locals())

    def add_subscription(self, customer_id: str, *, id: str | None = None) -> str:
        """Add a subscription, of which the API shows only the count."""
        return self._added("subscriptions", locals())

    def add_default_chains(self) -> None:
        """Add the documented chains, all enabled."""
        columns = ("chain_id", "name", "family")
        rows = ({**dict(zip(columns, chain)), "enabled": True} for chain in _DEFAULT_CHAINS)
        self.store.insert("chains", *rows, replace=True)

    def _added(self, table: str, arguments: dict[str, Any]) -> str:
        """Insert the row of a method's arguments, each of which is named as its column."""
        if "customer_id" in arguments and self.store.owner_of(arguments["customer_id"]) is None:
            raise LookupError(f"there is no customer {arguments['customer_id']}")
        row = {
            name: _STORED[name](value, name) if name in _STORED else value
            for name, value in arguments.items()
            if name != "self"
        }
        instant = self.store.now()
        for name in ("created_at", "updated_at"):  # by default as the one before
            if name in row:
                row[name] = instant = instant if row[name] is None else row[name]
        self.store.insert(table, row)
        return str(row["id"])

    def _own_merchant(self) -> str:
        app = self.store.app(self.app_id)
        if app is None:
            raise LookupError("the sandbox's own app is gone")
        return str(app["merchant_id"])
