"""JSON text and the names in it; `orjson` decodes where it is installed, with `json`'s results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from customers_sdk._wire import deep
from customers_sdk.errors import ResponseFormatError

try:
    import orjson
except ImportError:
    FAST = False
else:
    # Before, deeply nested JSON may end the whole process.
    FAST = tuple(map(int, orjson.__version__.split(".")[:2])) >= (3, 10)


def loads(body: bytes) -> Any:
    """Decode the JSON text of a response (UTF-8; NaN and infinities are not JSON).

    With ``orjson`` installed it does the work, and `deep` what `orjson` refuses.
    """
    if FAST:
        try:
            return orjson.loads(body)
        except ValueError:
            pass
    try:
        return deep.loads(body.decode("utf-8-sig" if body[:1] == b"\xef" else "utf-8"))
    except ValueError as error:
        kind = type(error).__name__
    raise ResponseFormatError(f"the body is not JSON that can be read ({kind}, {len(body)} bytes)")


def restore_integers(value: Any) -> Any:
    """Make integers again of those that orjson has made floats: 64 bits and more.

    A JavaScript service writes such a number with the digits that ``repr`` gives, and from
    1e21 on with an exponent, which `json` reads as a float too. Rare: looking has to cost little.
    """
    waiting = [value]
    while waiting:
        node = waiting.pop()
        for item in node.values() if node.__class__ is dict else node:
            if item.__class__ is float:
                if 2.0**63 <= abs(item) < 1e21:
                    return deep.mapped(value, _integer)
            elif item.__class__ is dict or item.__class__ is list:
                waiting.append(item)
    return value


def _integer(item: Any) -> Any:
    if item.__class__ is float and 2.0**63 <= abs(item) < 1e21:
        return int(Decimal(repr(item)))
    return item


# Made once, where `json.dumps` makes one a call; what contains itself ends as too deep.
_dump = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
_dump_unescaped = json.JSONEncoder(
    check_circular=False, separators=(",", ":"), ensure_ascii=False
).encode


def encode(value: Any) -> bytes:
    """Encode as JSON text, in UTF-8 and on one line."""
    try:
        return deep.dumps(value, _dump_unescaped).encode()
    except UnicodeEncodeError:  # a lone surrogate travels escaped
        return deep.dumps(value, _dump).encode()


def to_text(value: Any, *, ascii_only: bool = True, indent: int | None = None) -> str:
    """Encode as JSON text for people; without an indent where `json` cannot recurse so deep."""
    try:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    except RecursionError:
        return deep.dumps(value, json.JSONEncoder(ensure_ascii=ascii_only).encode)


def encode_fast(value: Any) -> bytes | None:
    """Encode with ``orjson``; None if it cannot: deep nesting, long integers, lone surrogates."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return None


def wire_name(name: str) -> str:
    """``postal_code`` to ``postalCode``."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same mapping under wire names."""
    return {wire_name(name): value for name, value in fields.items()}


LARGEST_REQUEST = 1_048_576


def body(fields: Mapping[str, Any]) -> bytes:
    """Encode the fields of a request under their wire names; raises as `dumps` does."""
    return dumps(names(fields), "what would be sent")


def dumps(value: Any, name: str) -> bytes:
    """Encode a request's body.

    Raises:
        ValueError: it is larger than 1 MiB, which the service fails at (observed,
            recording ``create_body_1MiB_plus_1``).
    """
    body = encode(value)
    if len(body) > LARGEST_REQUEST:
        raise ValueError(
            f"{name} is too large: {len(body)} bytes of JSON, {LARGEST_REQUEST} at most"
        )
    return body
