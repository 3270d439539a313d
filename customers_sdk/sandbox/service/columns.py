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
_ANY = re.compile("")
_MISSING = object()


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
        value = read(value.get("value", _MISSING))
    return stored_json(value)


def _refused(_: Any) -> Any:
    raise UnstorableError("a tag that does not fit a JSON column")


def _raw(value: Any) -> Any:
    if value is _MISSING:
        raise UnstorableError("a tag without a value")
    return value


def _json(value: Any) -> Any:
    if value is None:
        raise UnstorableError("a tag without a value")
    try:
        return parse_json(value) if isinstance(value, str) else _raw(value)
    except ValueError as error:
        raise UnstorableError(str(error)) from error


def _decimal(value: Any) -> Any:
    number = float(_matching(_DECIMAL, value).replace("_", ""))
    return number if math.isfinite(number) else None


def _big_integer(value: Any) -> Any:
    number = int(_matching(_INTEGER, value))
    if not -(2**63) <= number < 2**63:
        raise UnstorableError("more than 64 bits")
    return str(number)


def _bytes(value: Any) -> Any:
    text = _matching(_ANY, value)
    try:
        canonical = base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except ValueError as error:
        raise UnstorableError(str(error)) from error
    if canonical != text:
        raise UnstorableError("base64 with bits to spare")
    return text


def _instant(value: Any) -> Any:
    found = _INSTANT.match(_matching(_INSTANT, value))
    day, second, fraction, offset = found.groups("") if found else ("",) * 4
    offset = "Z" if offset[1:] in ("", "00:00") else offset
    try:
        # A leap second is one that Python does not have.
        datetime.fromisoformat(f"{day}T{second}".replace(":60", ":59") + offset.rstrip("Z"))
    except ValueError as error:
        raise UnstorableError(str(error)) from error
    return f"{day}T{second}.{fraction.ljust(3, '0')[:3]}{offset}"


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.match(value):
        raise UnstorableError("a tag with an ill-formed value")
    return value


_TAGS: dict[str, Callable[[Any], Any]] = {
    "Raw": _raw,
    "Json": _json,
    "Decimal": _decimal,
    "BigInt": _big_integer,
    "Bytes": _bytes,
    "DateTime": _instant,
    **dict.fromkeys(("Enum", "FieldRef", "Param"), _refused),
}
