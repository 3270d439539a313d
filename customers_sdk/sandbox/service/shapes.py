"""Rows as the JSON text of the wire, name for name in the recorded order.

The text is made once, when a row is written, and kept next to the row's columns. A customer and a
wallet end without their closing brace, since each route adds members of its own.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, written without an offset


def timestamp(milliseconds: int) -> str:
    """Return milliseconds since 1970 as ``2026-11-22T20:17:22.071Z``."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _instant(milliseconds: int) -> str:
    return f'"{timestamp(milliseconds)}"'


def _flag(value: Any) -> str:
    return "true" if value else "false"


# How a column that is not None is written; those not named here are text.
_WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("createdAt", "updatedAt", "authorizedAt"), _instant),
    **dict.fromkeys(("capturedAt", "dueDate", "paidAt"), _instant),
    **dict.fromkeys(("hasActiveAuthorization", "payoutApproved"), _flag),
    **dict.fromkeys(("chainId", "cryptoTokenDecimals", "authorizationChainId"), str),
    **dict.fromkeys(("metadata", "checkoutSessions"), str),  # these are JSON already
}
_COLUMNS = {"customerAccountId": "customer_id"}


def _shape(names: str, end: str = "}") -> Callable[[Mapping[str, Any]], str]:
    """Return the function that writes a row: its members by their names on the wire, in order."""
    members = [
        (
            f'{"," if number else "{"}"{name}":',
            _COLUMNS.get(name) or re.sub("[A-Z]", r"_\g<0>", name).lower(),
            _WRITERS.get(name, encode_basestring),
        )
        for number, name in enumerate(names.split())
    ]

    def write(row: Mapping[str, Any]) -> str:
        parts = [
            f"{name}{'null' if (value := row[column]) is None else written(value)}"
            for name, column, written in members
        ]
        return "".join(parts) + end

    return write


#: The tables whose rows keep their JSON text. Payments have two names that are not documented.
SHAPES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "apps": _shape(
        "id merchantId name environment receivingWallet receivingWalletSignature payoutWallet"
        " payoutApproved createdAt updatedAt"
    ),
    "chains": _shape("chainId name"),
    "customers": _shape(
        "id appId externalId email name address city state country postalCode metadata createdAt"
        " updatedAt",
        end="",
    ),
    "wallets": _shape(
        "id customerAccountId chainId walletAddress hasActiveAuthorization authorizationType"
        " authorizationTxHash authorizedAt createdAt updatedAt",
        end="",
    ),
    "payment_intents": _shape(
        "id status amount currency cryptoAmount cryptoTokenKey cryptoTokenDecimals"
        " authorizationChainId createdAt capturedAt checkoutSessions"
    ),
    "invoices": _shape("id invoiceNumber status total currency dueDate paidAt createdAt"),
}
