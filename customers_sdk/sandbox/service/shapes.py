"""Rows as the JSON text of the wire, name for name in the recorded order.

The text is made once, when a row is written, and kept next to the row's columns. A customer and a
wallet end without their closing brace, since each route adds members of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def timestamp(milliseconds: int | None) -> str | None:
    """Return milliseconds since 1970 as ``2026-11-22T20:17:22.071Z``; None stays None."""
    if milliseconds is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _text(value: str | None) -> str:
    return "null" if value is None else str(encode_basestring(value))


def _instant(milliseconds: int | None) -> str:
    return "null" if milliseconds is None else f'"{timestamp(milliseconds)}"'


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _flag(value: Any) -> str:
    return "true" if value else "false"


def customer(row: Mapping[str, Any]) -> str:
    """Return the customer's own fields, without the closing brace."""
    return (
        f'{{"id":{_text(row["id"])},"appId":{_text(row["app_id"])}'
        f',"externalId":{_text(row["external_id"])},"email":{_text(row["email"])}'
        f',"name":{_text(row["name"])},"address":{_text(row["address"])}'
        f',"city":{_text(row["city"])},"state":{_text(row["state"])}'
        f',"country":{_text(row["country"])},"postalCode":{_text(row["postal_code"])}'
        f',"metadata":{row["metadata"]},"createdAt":{_instant(row["created_at"])}'
        f',"updatedAt":{_instant(row["updated_at"])}'
    )


def wallet(row: Mapping[str, Any]) -> str:
    """Return all of the wallet's fields but its chain, without the closing brace."""
    return (
        f'{{"id":{_text(row["id"])},"customerAccountId":{_text(row["customer_id"])}'
        f',"chainId":{row["chain_id"]},"walletAddress":{_text(row["wallet_address"])}'
        f',"hasActiveAuthorization":{_flag(row["has_active_authorization"])}'
        f',"authorizationType":{_text(row["authorization_type"])}'
        f',"authorizationTxHash":{_text(row["authorization_tx_hash"])}'
        f',"authorizedAt":{_instant(row["authorized_at"])}'
        f',"createdAt":{_instant(row["created_at"])},"updatedAt":{_instant(row["updated_at"])}'
    )


def chain(row: Mapping[str, Any]) -> str:
    """Return the chain as a wallet shows it."""
    return f'{{"chainId":{row["chain_id"]},"name":{_text(row["name"])}}}'


def app(row: Mapping[str, Any]) -> str:
    """Return all of the app's columns, as retrieve shows them."""
    return (
        f'{{"id":{_text(row["id"])},"merchantId":{_text(row["merchant_id"])}'
        f',"name":{_text(row["name"])},"environment":{_text(row["environment"])}'
        f',"receivingWallet":{_text(row["receiving_wallet"])}'
        f',"receivingWalletSignature":{_text(row["receiving_wallet_signature"])}'
        f',"payoutWallet":{_text(row["payout_wallet"])}'
        f',"payoutApproved":{_flag(row["payout_approved"])}'
        f',"createdAt":{_instant(row["created_at"])},"updatedAt":{_instant(row["updated_at"])}}}'
    )


def payment_intent(row: Mapping[str, Any]) -> str:
    """Return the documented fields, and the two undocumented ones that were observed."""
    return (
        f'{{"id":{_text(row["id"])},"status":{_text(row["status"])}'
        f',"amount":{_text(row["amount"])},"currency":{_text(row["currency"])}'
        f',"cryptoAmount":{_text(row["crypto_amount"])}'
        f',"cryptoTokenKey":{_text(row["crypto_token_key"])}'
        f',"cryptoTokenDecimals":{_number(row["crypto_token_decimals"])}'
        f',"authorizationChainId":{_number(row["authorization_chain_id"])}'
        f',"createdAt":{_instant(row["created_at"])},"capturedAt":{_instant(row["captured_at"])}'
        f',"checkoutSessions":{row["checkout_sessions"]}}}'
    )


def invoice(row: Mapping[str, Any]) -> str:
    """Return the documented fields."""
    return (
        f'{{"id":{_text(row["id"])},"invoiceNumber":{_text(row["invoice_number"])}'
        f',"status":{_text(row["status"])},"total":{_text(row["total"])}'
        f',"currency":{_text(row["currency"])},"dueDate":{_instant(row["due_date"])}'
        f',"paidAt":{_instant(row["paid_at"])},"createdAt":{_instant(row["created_at"])}}}'
    )


#: The tables whose rows keep their JSON text.
SHAPES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "apps": app,
    "chains": chain,
    "customers": customer,
    "wallets": wallet,
    "payment_intents": payment_intent,
    "invoices": invoice,
}
