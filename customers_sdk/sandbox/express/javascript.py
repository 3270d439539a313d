"""How JavaScript treats strings and numbers, as far as callers of the service can see it."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_WHITESPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_NUMBER = re.compile(
    r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\Z", re.ASCII
)
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)\Z", re.ASCII)
_ARRAY_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,9})\Z", re.ASCII)
_LAST_INDEX = 2**32 - 2
# Up to here doubles are exact integers.
_EXACT = 2.0**53


class PrimitiveError(TypeError):
    """JavaScript throws here: the object hides its own ``toString``."""


def utf16_length(text: str) -> int:
    """Return the length that JavaScript sees: an emoji counts twice."""
    return len(text) if text.isascii() else len(text) + sum(c > "\uffff" for c in text)


def trim(text: str) -> str:
    """Trim as ``String.prototype.trim``: U+FEFF is a blank; U+0085 and U+001C to U+001F are not."""
    return text.strip(_WHITESPACE)


def well_formed(text: str) -> str:
    """Return the text as UTF-8 can hold it: each lone surrogate becomes U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def is_array_index(key: str) -> bool:
    """Tell whether JavaScript keeps the key among an object's first, in numeric order."""
    return _ARRAY_INDEX.match(key) is not None and int(key) <= _LAST_INDEX


def number_text(value: float) -> str:
    """Return a finite double as JavaScript prints it: ``1``, ``12345678901234567000``, ``1e-7``."""
    if value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    text = repr(value).removesuffix(".0")
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(text), "f")
    return text.replace("e-0", "e-")


def to_number(value: Any) -> float:
    """Return what ``Number(value)`` gives for a parsed query value: a string, a list or an object.

    Raises:
        PrimitiveError: JavaScript cannot make a primitive of it (``page[toString]=1``).
    """
    text = trim(_primitive(value))
    if not text:
        return 0.0
    if _RADIX.match(text):
        return float(Decimal(int(text, 0)))  # not OverflowError but infinity
    return float(text) if _NUMBER.match(text) else math.nan


def _primitive(value: Any) -> str:
    """Convert as ``String(value)``: arrays join their items, objects lose what they hold."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if isinstance(value, list):
        return ",".join(map(_primitive, value))
    if "toString" in value:
        raise PrimitiveError("Cannot convert object to primitive value")
    return "[object Object]"


def integer_of(value: float) -> int:
    """Return the integer that a double prints as: 1e17 + 8 has the digits JavaScript prints."""
    return int(Decimal(number_text(value)))
