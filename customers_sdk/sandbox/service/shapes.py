"""Stored rows as the JSON objects of the wire, key for key in the recorded order."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Optional

from customers_sdk.sandbox.express.javascript import RawJson

if TYPE_CHECKING:
    import sqlite3

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def timestamp(milliseconds: Optional[int]) -> Optional[str]:
    """Milliseconds since 1970 as ``2026-11-22T20:17:22.071Z``; None stays None."""
    if milliseconds is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def customer(row: sqlite3.Row) -> dict[str, Any]:
    """The columns alone: the caller adds ``wallets`` and whatever else its route answers."""
    return {
        "id": row["id"],
        "appId": row["app_id"],
        "externalId": row["external_id"],
        "email": row["email"],
        "name": row["name"],
        "address": row["address"],
        "city": row["city"],
        "state": row["state"],
        "country": row["country"],
        "postalCode": row["postal_code"],
        "metadata": RawJson(row["metadata"]),
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": timestamp(row["updated_at"]),
    }


def wallet(row: sqlite3.Row, *, with_chain: bool) -> dict[str, Any]:
    """All the wallet's fields; its chain only where the route answers it."""
    shape = {
        "id": row["id"],
        "customerAccountId": row["customer_id"],
        "chainId": row["chain_id"],
        "walletAddress": row["wallet_address"],
        "hasActiveAuthorization": bool(row["has_active_authorization"]),
        "authorizationType": row["authorization_type"],
        "authorizationTxHash": row["authorization_tx_hash"],
        "authorizedAt": timestamp(row["authorized_at"]),
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": timestamp(row["updated_at"]),
    }
    if with_chain:
        shape["chain"] = {"chainId": row["chain_id"], "name": row["chain_name"]}
    return shape


def app(row: sqlite3.Row) -> dict[str, Any]:
    """All the app's columns, as retrieve shows them."""
    return {
        "id": row["id"],
        "merchantId": row["merchant_id"],
        "name": row["name"],
        "environment": row["environment"],
        "receivingWallet": row["receiving_wallet"],
        "receivingWalletSignature": row["receiving_wallet_signature"],
        "payoutWallet": row["payout_wallet"],
        "payoutApproved": bool(row["payout_approved"]),
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": timestamp(row["updated_at"]),
    }


def payment_intent(row: sqlite3.Row) -> dict[str, Any]:
    """The documented fields, and the two undocumented ones that were observed."""
    return {
        "id": row["id"],
        "status": row["status"],
        "amount": row["amount"],
        "currency": row["currency"],
        "cryptoAmount": row["crypto_amount"],
        "cryptoTokenKey": row["crypto_token_key"],
        "cryptoTokenDecimals": row["crypto_token_decimals"],
        "authorizationChainId": row["authorization_chain_id"],
        "createdAt": timestamp(row["created_at"]),
        "capturedAt": timestamp(row["captured_at"]),
        "checkoutSessions": RawJson(row["checkout_sessions"]),
    }


def invoice(row: sqlite3.Row) -> dict[str, Any]:
    """The documented fields."""
    return {
        "id": row["id"],
        "invoiceNumber": row["invoice_number"],
        "status": row["status"],
        "total": row["total"],
        "currency": row["currency"],
        "dueDate": timestamp(row["due_date"]),
        "paidAt": timestamp(row["paid_at"]),
        "createdAt": timestamp(row["created_at"]),
    }
