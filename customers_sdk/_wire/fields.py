"""What the fields of an attrs class are on the wire: names, types, exceptions.

Wire names are derived, never listed: ``external_id`` ↔ ``externalId``. What neither the
rule nor the type says, a class states in the metadata of its field (`wire`).
"""

from __future__ import annotations

import functools
import typing
from typing import Any

import attrs

from customers_sdk._wire.codec import wire_name
from customers_sdk._wire.scalars import Digits

_WIRE = "customers_sdk.wire"


def wire(*, name: str | None = None, digits: bool = False, omit: bool = False) -> dict[str, Any]:
    """Field metadata for what the naming rule and the type do not say.

    Args:
        name: the wire name, where the rule would give another.
        digits: an integer that travels as a string of digits.
        omit: a field whose None means that the member is absent, not null.
    """
    return {_WIRE: (name, digits, omit)}


class Field:
    """A field of a class, as it is on the wire."""

    def __init__(self, field: attrs.Attribute[Any], hint: Any) -> None:
        name, digits, omit = field.metadata.get(_WIRE, (None, False, False))
        self.name = field.name
        self.wire_name: str = name or wire_name(field.name)
        self.omit: bool = omit  # None is written as an absent member
        arguments = typing.get_args(hint)
        self.nullable = type(None) in arguments  # and then it may be absent, too
        if self.nullable:
            (hint,) = (argument for argument in arguments if argument is not type(None))
        self.is_list = typing.get_origin(hint) is tuple
        if self.is_list:
            hint = typing.get_args(hint)[0]
        if digits:
            hint = Digits
        # The type of the value, or of an item if it is a list.
        self.kind: type = hint if typing.get_origin(hint) is None else dict
        self.is_free = self.kind is dict and not self.is_list  # free-form JSON


@functools.cache
def fields_of(cls: type) -> list[Field]:
    """The fields of an attrs class, except ``extra``."""
    fields = [field for field in attrs.fields(cls) if field.name != "extra"]
    hints = {field.name: field.type for field in fields}
    if any(isinstance(hint, str) for hint in hints.values()):
        hints = typing.get_type_hints(cls)  # which is slow
    return [Field(field, hints[field.name]) for field in fields]
