"""What a JavaScript service over PostgreSQL does to JSON, strings and numbers.

The service reads bodies with ``JSON.parse``, keeps metadata in a ``jsonb`` column and answers with
``JSON.stringify``. Each leaves marks that callers can see (recordings ``create_metadata_nested``,
``create_metadata_infinity``, ``create_lone_surrogate``), so the sandbox leaves the same ones.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_HAS_VALUE = re.compile(r"[ \t\n\r]*([{\[])")
_WHITESPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
# JavaScript prints 1e21 and 1e-7 with an exponent, 1e20 and 1e-6 without.
_LONGEST_PLAIN, _MOST_ZEROS = 21, 6
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_RADIX = re.compile(r"0(?:[xX]([0-9a-fA-F]+)|[oO]([0-7]+)|[bB]([01]+))\Z")


@dataclass(frozen=True)
class RawJson:
    """JSON text that is written into an answer as it stands."""

    text: str


def utf16_length(text: str) -> int:
    """The length JavaScript sees: an emoji counts twice (recording ``create_name_128_emoji``)."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def well_formed(text: str) -> str:
    """The text as UTF-8 can hold it: each lone surrogate becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def parse_json(text: str) -> Any:
    """Reads a body as body-parser does in strict mode: an object or an array, else ``ValueError``.

    Every number becomes a double, as in JavaScript. Nesting too deep to read is a ``ValueError``
    too.
    """
    if not _HAS_VALUE.match(text):
        raise ValueError("the body is neither an object nor an array")
    try:
        return json.loads(text, parse_int=float, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def number_text(value: float) -> str:
    """A finite double as JavaScript prints it: ``1``, ``12345678901234567000``, ``1e-7``."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    figures = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)
    if 0 < point <= _LONGEST_PLAIN:
        text = _with_point(figures, point)
    elif -_MOST_ZEROS < point <= 0:
        text = "0." + "0" * -point + figures
    else:
        fraction = f".{figures[1:]}" if len(figures) > 1 else ""
        text = f"{figures[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if sign else text


def _with_point(figures: str, point: int) -> str:
    if len(figures) <= point:
        return figures.ljust(point, "0")
    return f"{figures[:point]}.{figures[point:]}"


def stringify(value: Any) -> str:
    """Compact JSON as ``JSON.stringify`` writes it: no blanks, non-ASCII raw, infinities null."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value) if math.isfinite(value) else "null"
    if isinstance(value, dict):
        members = (f"{encode_basestring(key)}:{stringify(item)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    return "[" + ",".join(map(stringify, value)) + "]"


def answer_text(value: Any) -> str:
    """Compact JSON of an answer, fast: `RawJson` goes in as it stands, and no floats are within."""
    raws: list[str] = []

    def placeholder(raw: RawJson) -> str:
        # No stored string holds NUL, so nothing else is written like this.
        raws.append(raw.text)
        return "\0"

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=placeholder)
    first, *rest = text.split('"\\u0000"')
    return first + "".join(map("".join, zip(raws, rest)))


def jsonb(value: Any) -> Any:
    """The value as jsonb keeps it: keys by length, then bytewise; text well formed."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [jsonb(item) for item in value]
    if isinstance(value, dict):
        members = {well_formed(key): jsonb(item) for key, item in value.items()}
        return {key: members[key] for key in sorted(members, key=_jsonb_order)}
    return value


def _jsonb_order(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded


def holds_nul(value: Any) -> bool:
    """Whether any string within holds U+0000, which PostgreSQL cannot store."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(map(holds_nul, value))
    if isinstance(value, dict):
        return any(map(holds_nul, value)) or any(map(holds_nul, value.values()))
    return False


def to_number(value: Any) -> float:
    """What ``Number(value)`` gives for a parsed query value: a string, a list or an object."""
    if isinstance(value, list):
        value = ",".join(item if isinstance(item, str) else "[object Object]" for item in value)
    if not isinstance(value, str):
        return math.nan
    text = value.strip(_WHITESPACE)
    if not text:
        return 0.0
    radix = _RADIX.match(text)
    if radix:
        base, digits = next((b, d) for b, d in zip((16, 8, 2), radix.groups()) if d)
        return _as_double(int(digits, base))
    if _DECIMAL.match(text):
        return float(text)
    infinities = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
    return infinities.get(text, math.nan)


def _as_double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def integer_of(value: float) -> int:
    """The integer a double prints as: 1e17 + 8 is answered with the digits JavaScript prints."""
    return int(Decimal(number_text(value)))
