"""What the fields of an attrs class are on the wire: names, types, and the rule of each type.

Wire names are derived, never listed: ``external_id`` ↔ ``externalId``. What neither the
rule nor the type says, a class states in the metadata of its field (`wire`).
"""

from __future__ import annotations

import functools
import re
import sys
import typing
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import attrs

from customers_sdk._wire.codec import wire_name

_WIRE = "customers_sdk.wire"


class Digits(int):
    """The type of an integer that travels as a string of digits."""


def wire(*, name: str | None = None, digits: bool = False, omit: bool = False) -> dict[str, Any]:
    """Field metadata for what the naming rule and the type do not say.

    With ``digits`` an integer travels as a string of digits; with ``omit`` None means that the
    member is absent, not null.
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


# --- the rule of each type that is not a class: how it is read, written and described ---------

# Returns the value or raises. The second argument is the type, which cattrs passes.
Rule = Callable[..., Any]


def _exactly(kind: type) -> Rule:
    def rule(value: Any, _: Any = None) -> Any:
        if value.__class__ is not kind:
            raise TypeError
        return value

    return rule


def _matching(pattern: str, make: Callable[[str], Any]) -> Rule:
    def rule(value: Any, _: Any = None) -> Any:
        if not re.fullmatch(pattern, value):
            raise ValueError
        return make(value)

    return rule


# The zone of what the service writes, spelled out where `fromisoformat` does not know "Z".
_CANONICAL = "v" if sys.version_info >= (3, 11) else "v[:23] + '+00:00'"

# The expression that reads the text ``v``. The service writes ``2026-11-22T20:17:22.071Z``.
ISO_TEXT = f"fromisoformat({_CANONICAL}) if v[23:] == 'Z' else read_instant(v)"

# Hour, separator, minute, second, fraction; the separator comes again or not at all.
_TIME = r"([01]\d|2[0-3])(?:(:?)([0-5]\d)(?:\%d([0-5]\d)(?:[.,](\d+))?)?)?"
_DATE = r"(\d{4})(-?)(?:(\d\d)\2(\d\d)|W(\d\d)(?:\2(\d))?)"
_ISO_8601 = f"{_DATE}[T ]{_TIME % 8}(Z|([+-]){_TIME % 15})"


def read_instant(text: Any, _: Any = None) -> datetime:
    """An instant in any form of ISO 8601, alike on every Python; without a zone it is not one.

    `datetime.fromisoformat` reads three or six digits of a fraction before Python 3.11, and
    no ``+0000``; later ones read malformed text as well.
    """
    found = re.fullmatch(_ISO_8601, text, re.ASCII)
    if not found:
        raise ValueError
    year, _, month, day, week, weekday, *rest = found.groups()
    date = f"{year}-{month}-{day}"
    if week:
        first = datetime.fromisocalendar(int(year), int(week), int(weekday or 1))
        date = first.date().isoformat()
    zone = "+00:00" if rest[5] == "Z" else rest[6] + _time(*rest[7:])
    return datetime.fromisoformat(f"{date}T{_time(*rest[:5])}{zone}")


def _time(hour: str, _: str, minute: str, second: str, fraction: str) -> str:
    return f"{hour}:{minute or '00'}:{second or '00'}.{(fraction or '')[:6]:0<6}"


def write_instant(moment: datetime) -> str:
    """An instant as the service writes it; microseconds only where there are any."""
    if moment.tzinfo is not timezone.utc:
        moment = moment.astimezone(timezone.utc)
    unit = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat("T", unit)[:-6] + "Z"


#: For each type how it is read, and what is expected of it.
RULES: dict[type, tuple[Rule, str]] = {
    str: (_exactly(str), "a string"),
    bool: (_exactly(bool), "true or false"),
    int: (_exactly(int), "an integer"),
    Digits: (_matching(r"-?[0-9]{1,400}", int), "an integer in a string"),
    dict: (_exactly(dict), "an object"),
    datetime: (read_instant, "an ISO 8601 instant with a zone"),
    # Decimal itself would take "NaN", "1_0" and a JSON number too.
    Decimal: (
        _matching(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", Decimal),
        "a decimal number in a string",
    ),
}
WRITERS: dict[type, Callable[[Any], str]] = {datetime: write_instant, Decimal: "{:f}".format}
