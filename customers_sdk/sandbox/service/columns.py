"""What the service's database makes of the fields that it is given."""

from __future__ import annotations

import base64
import math
import re
from datetime import datetime
from typing import Any, Callable

from customers_sdk.sandbox.express.javascript import well_formed
from customers_sdk.sandbox.express.jsontext import UnstorableError, parse_json, stored_json

COLUMNS = {
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

_DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-][0-9]{2}:[0-9]{2}))\Z"
)
_ANY = re.compile(r".*\Z", re.DOTALL)


def stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a customer for the fields of a request.

    Raises:
        UnstorableError: the service responds with 500 to such a value.
    """
    return {
        column: metadata(fields[name]) if name == "metadata" else text(fields[name])
        for name, column in COLUMNS.items()
        if fields.get(name) is not None
    }


def text(value: str) -> str:
    """Return text as it is stored: lone surrogates become U+FFFD, U+0000 is refused."""
    if "\0" in value:
        raise UnstorableError("U+0000")
    return well_formed(value)


def metadata(value: Any) -> str:
    """Return metadata as JSON text.

    The service's database layer takes an object whose own ``$type`` is one of its tags for a value
    of that type, and stores the value in place of the object. Below the top level ``$type`` is a
    name like any other.
    """
    tag = value.get("$type")
    read = _TAGS.get(tag) if isinstance(tag, str) else None
    if read is not None:
        try:
            value = read(value["value"])
        except (KeyError, ValueError) as error:
            raise UnstorableError(f"{tag} with a value that it cannot have: {error}") from error
    return stored_json(value)


def _refused(_: Any) -> Any:
    raise ValueError("no JSON column takes it")


def _json(value: Any) -> Any:
    if value is None:
        raise ValueError("null is not JSON text")
    return parse_json(value) if isinstance(value, str) else value


def _decimal(value: Any) -> float | None:
    number = float(_matched(_DECIMAL, value)[0].replace("_", ""))
    return number if math.isfinite(number) else None


def _big_integer(value: Any) -> str:
    number = int(_matched(_INTEGER, value)[0])
    if not -(2**63) <= number < 2**63:
        raise ValueError("more than 64 bits")
    return str(number)


def _bytes(value: Any) -> str:
    text = _matched(_ANY, value)[0]
    if base64.b64encode(base64.b64decode(text, validate=True)).decode() != text:
        raise ValueError("base64 with bits to spare")
    return text


def _instant(value: Any) -> str:
    day, second, fraction, offset = _matched(_INSTANT, value).groups("")
    offset = "Z" if offset[1:] in ("", "00:00") else offset
    # A leap second is one that Python does not have.
    datetime.fromisoformat(f"{day}T{second}".replace(":60", ":59") + offset.rstrip("Z"))
    return f"{day}T{second}.{fraction.ljust(3, '0')[:3]}{offset}"


def _matched(pattern: re.Pattern[str], value: Any) -> re.Match[str]:
    found = pattern.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("ill-formed")
    return found


_TAGS: dict[str, Callable[[Any], Any]] = {
    "Raw": lambda value: value,
    "Json": _json,
    "Decimal": _decimal,
    "BigInt": _big_integer,
    "Bytes": _bytes,
    "DateTime": _instant,
    **dict.fromkeys(("Enum", "FieldRef", "Param"), _refused),
}
