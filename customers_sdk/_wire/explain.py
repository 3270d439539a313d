"""What is wrong with a value that a reader refused, said by place and never by value."""

from __future__ import annotations

from typing import Any

import attrs

from customers_sdk._wire import scalars
from customers_sdk._wire.fields import Field, fields_of

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
    if data.__class__ is not dict:
        return mismatch(path, "an object", data)
    for field in fields_of(cls):
        place = f"{path}.{field.wire_name}"
        if field.wire_name in data:
            wrong = _explain_field(data[field.wire_name], field, place)
        else:
            wrong = None if field.nullable else f"{place}: missing"
        if wrong:
            return wrong
    return None


def _explain_field(value: Any, field: Field, place: str) -> str | None:
    if field.is_free or (value is None and field.nullable):
        return None
    if field.is_list:
        if value.__class__ is not list:
            return mismatch(place, "a list", value)
        wrong = (_explain_value(item, field, f"{place}[{i}]") for i, item in enumerate(value))
        return next(filter(None, wrong), None)
    return _explain_value(value, field, place)


def _explain_value(value: Any, field: Field, place: str) -> str | None:
    if attrs.has(field.kind):
        return explain(value, field.kind, place)
    try:
        (scalars.digits if field.digits else scalars.RULES[field.kind])(value, None)
    except (TypeError, ValueError, AttributeError, IndexError):
        expected = scalars.EXPECTED_DIGITS if field.digits else scalars.EXPECTED[field.kind]
        return mismatch(place, expected, value)
    return None


def mismatch(path: str, expected: str, value: Any) -> str:
    """The text for a value of the wrong kind."""
    kind = type(value).__name__
    got = _JSON_NAMES.get(kind, kind)
    return f"{path}: expected {expected}, got {'another one' if got == expected else got}"
