"""What is wrong with a value that a reader refused, said by place and never by value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from customers_sdk._wire import scalars
from customers_sdk._wire.fields import fields_of

_JSON_NAMES = {
    "NoneType": "null",
    "str": "a string",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "list": "a list",
    "dict": "an object",
}


def explain(data: Any, cls: type, path: str) -> str | None:
    """Say what is wrong with ``data``: the first place that breaks a rule, or None."""
    return next(_faults(data, cls, path), None)


def _faults(value: Any, kind: type, place: str) -> Iterator[str]:
    if attrs.has(kind):
        if value.__class__ is dict:
            yield from _member_faults(value, kind, place)
        else:
            yield mismatch(place, "an object", value)
        return
    rule, expected = scalars.RULES[kind]
    try:
        rule(value)
    except (TypeError, ValueError, AttributeError, IndexError):
        yield mismatch(place, expected, value)


def _member_faults(data: dict[str, Any], cls: type, path: str) -> Iterator[str]:
    for field in fields_of(cls):
        place = f"{path}.{field.wire_name}"
        value = data.get(field.wire_name)
        if field.wire_name not in data and not field.nullable:
            yield f"{place}: missing"
        elif field.is_free or (value is None and field.nullable):
            continue
        elif not field.is_list:
            yield from _faults(value, field.kind, place)
        elif value.__class__ is not list:
            yield mismatch(place, "a list", value)
        else:
            for index, item in enumerate(value):
                yield from _faults(item, field.kind, f"{place}[{index}]")


def mismatch(path: str, expected: str, value: Any) -> str:
    """The text for a value of the wrong kind."""
    kind = type(value).__name__
    got = _JSON_NAMES.get(kind, kind)
    return f"{path}: expected {expected}, got {'another one' if got == expected else got}"
