"""The rule of each type that is not a class: how it is read, written and described.

A reading rule returns the value or raises. Its second argument is the type, which cattrs
passes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any


def _text(value: Any, _: Any = None) -> Any:
    if value.__class__ is not str:
        raise TypeError
    return value


def _flag(value: Any, _: Any = None) -> Any:
    if value.__class__ is not bool:
        raise TypeError
    return value


def _integer(value: Any, _: Any = None) -> Any:
    if value.__class__ is not int:
        raise TypeError
    return value


def _object(value: Any, _: Any = None) -> Any:
    if value.__class__ is not dict:
        raise TypeError
    return value


_DIGIT_STRING = r"-?[0-9]{1,400}"
_DECIMAL_STRING = r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?"


def digits(value: Any, _: Any = None) -> int:
    """An integer that travels as a string of digits."""
    if not re.fullmatch(_DIGIT_STRING, value):
        raise ValueError
    return int(value)


def _money(value: Any, _: Any = None) -> Decimal:
    # Decimal itself would take "NaN", "1_0" and a JSON number too.
    if not re.fullmatch(_DECIMAL_STRING, value):
        raise ValueError
    return Decimal(value)


# The zone of what the service writes, spelled out where `fromisoformat` does not know "Z".
_CANONICAL = "v" if sys.version_info >= (3, 11) else "v[:23] + '+00:00'"

# The expression that reads the text ``v``. The service writes ``2026-11-22T20:17:22.071Z``.
ISO_TEXT = f"fromisoformat({_CANONICAL}) if v[23:] == 'Z' else read_iso(v)"

_SIXTY = r"([0-5]\d)"
_TIME = (
    rf"([01]\d|2[0-3])(?::{_SIXTY}(?::{_SIXTY}(?:[.,](\d+))?)?"
    rf"|{_SIXTY}(?:{_SIXTY}(?:[.,](\d+))?)?)?"
)
_ISO_8601 = (
    r"(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)|-W(\d\d)(?:-(\d))?|W(\d\d)(\d)?)"
    rf"[T ]{_TIME}(Z|([+-]){_TIME})"
)


def read_iso(text: str) -> datetime:
    """An instant in any form of ISO 8601, alike on every Python.

    `datetime.fromisoformat` reads three or six digits of a fraction before Python 3.11, and
    no ``+0000``; later ones read malformed text as well.
    """
    found = re.fullmatch(_ISO_8601, text, re.ASCII)
    if not found:
        raise ValueError

    def part(*groups: int) -> str:
        return next(filter(None, map(found.group, groups)), "")

    def time(first: int) -> str:
        hour, minute, second, fraction = (
            part(first),
            part(first + 1, first + 4) or "00",
            part(first + 2, first + 5) or "00",
            part(first + 3, first + 6)[:6],
        )
        return f"{hour}:{minute}:{second}.{fraction:0<6}"

    if week := part(6, 8):
        day = datetime.fromisocalendar(int(part(1)), int(week), int(part(7, 9) or 1))
        date = day.date().isoformat()
    else:
        date = "-".join((part(1), part(2, 4), part(3, 5)))
    zone = "+00:00" if part(17) == "Z" else part(18) + time(19)
    return datetime.fromisoformat(f"{date}T{time(10)}{zone}")


def read_instant(value: Any, _: Any = None) -> datetime:
    """An instant of ISO 8601; without a zone it is not an instant."""
    if value.__class__ is not str:
        raise TypeError
    return read_iso(value)


def write_instant(moment: datetime) -> str:
    """An instant as the service writes it; microseconds only where there are any."""
    if moment.tzinfo is not timezone.utc:
        moment = moment.astimezone(timezone.utc)
    unit = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat("T", unit)[:-6] + "Z"


def write_money(amount: Decimal) -> str:
    """An amount as a decimal string without an exponent."""
    return format(amount, "f")


RULES: dict[type, Callable[[Any, Any], Any]] = {
    str: _text,
    bool: _flag,
    int: _integer,
    dict: _object,
    datetime: read_instant,
    Decimal: _money,
}
WRITERS: dict[type, Callable[[Any], str]] = {datetime: write_instant, Decimal: write_money}
EXPECTED = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    datetime: "an ISO 8601 instant with a zone",
    Decimal: "a decimal number in a string",
    dict: "an object",
}
EXPECTED_DIGITS = "an integer in a string"
