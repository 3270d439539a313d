"""Money and instants as callers give them to a sandbox, and as rows keep them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Union

Money = Union[Decimal, int, str]
Instant = Union[datetime, str]

_CENT = Decimal("0.01")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def money_text(value: Money, name: str) -> str:
    """Return the decimal string of a number, without trailing zeros.

    Raises ``TypeError`` for what is not exact (a float), ``ValueError`` if it is not finite.
    """
    return _plain(_exact(value, name))


def column_text(value: Money, name: str) -> str:
    """Return `money_text` as the service's columns keep it: half a cent is rounded away from 0."""
    number = _exact(value, name)
    digits = Context(prec=len(number.as_tuple().digits) + abs(number.adjusted()) + 3)
    return _plain(number.quantize(_CENT, ROUND_HALF_UP, digits))


def _exact(value: Money, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        kinds = f"a Decimal, an int or a decimal string, not a {type(value).__name__}"
        raise TypeError(f"{name} must be {kinds}: money is exact")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{name} is not a decimal number: {value!r}") from None
    if not number.is_finite():
        raise ValueError(f"{name} must be finite")
    return number


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def units_text(value: Money | None, name: str) -> str | None:
    """Return a count of a token's smallest unit: digits alone, however many. None stays None."""
    if value is None:
        return None
    text = money_text(value, name)
    if not text.isdigit():
        raise ValueError(f"{name} must be a whole number of the token's smallest unit")
    return text


def milliseconds(value: Instant | None, name: str) -> int | None:
    """Return an aware datetime, or its ISO 8601 text, in milliseconds since 1970."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a datetime or an ISO 8601 string, not a {kind}")
    if value.tzinfo is None:
        raise ValueError(f"{name} must have a time zone")
    return (value - _EPOCH) // timedelta(milliseconds=1)
