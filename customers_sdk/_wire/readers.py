"""Readers: one generated function for each class, which checks and fills every field.

A reader is generated when its class is first read, as straight code without loops over fields.
It raises without saying why, and `schema.explain` then looks again, by the same rules.

A frozen attrs ``__init__`` sets each field through ``object.__setattr__``: a call a field,
which is most of the price of a model. Measured on a page of 100 customers, against
``json.loads`` of it: 2.41 with the frozen ``__init__``, 1.75 with the `__class__` step.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from datetime import datetime
from typing import Any

from customers_sdk._wire import codec
from customers_sdk._wire.fields import ISO_TEXT, Field, fields_of, read_instant

Reader = Callable[..., Any]

# Checked in place, without a call, and stored as they are: what is wrong with the value ``v``.
_INLINE = {
    str: "v.__class__ is not str",
    bool: "v is not True and v is not False",
    int: "v.__class__ is not int",
}


def make_reader(cls: type, reader_of: Callable[[type], Reader]) -> Reader:
    """Generate the function that reads a JSON object into ``cls``.

    Members without a field stay in ``extra``. So does a value that should be free-form JSON
    and is not an object: the field is then empty.
    """
    fields = fields_of(cls)
    named = {field.wire_name: field for field in fields}
    scope: dict[str, Any] = {
        "cls": cls,
        "twin": _unfrozen_twin(cls),
        "fromisoformat": datetime.fromisoformat,
        "read_instant": read_instant,
        "restore_integers": codec.restore_integers,
        "nulls": {f.wire_name: None for f in fields if f.nullable and not f.omit},
        "unnamed": lambda data: _unnamed(data, named),
    }
    lines = [f"size = {len([field for field in fields if not field.omit])}"]
    for field in fields:
        reading = _reading(field, scope, reader_of)
        if field.omit:
            reading = _indented(f"if {field.wire_name!r} in d:", "size += 1", *reading)
            reading.append(f"else: o.{field.name} = None")
        lines += reading
    body = "\n        ".join(lines)
    source = f"""\
def read(d, _=None, complete=False):
    if d.__class__ is not dict: raise TypeError
    o = twin()
    text = cls  # equal to nothing that JSON can hold, null included
    try:
        {body}
    except KeyError:
        if complete: raise
        return read({{**nulls, **d}}, None, True)
    o.extra = {{}} if len(d) == size else unnamed(d)
    o.__class__ = cls
    return o
"""
    exec(compile(source, f"<reader of {cls.__name__}>", "exec"), scope)  # noqa: S102
    return typing.cast("Reader", scope["read"])


def _unfrozen_twin(cls: type) -> type:
    """A class of the same layout with plain assignment.

    Python allows assigning ``__class__`` between equal layouts: the same bases and the same
    slots. (``__weakref__`` has to be a slot of a common base, or they would differ.)
    """
    plain = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    slots = {"__slots__": cls.__dict__["__slots__"]}
    return type(f"_Unfrozen{cls.__name__}", cls.__bases__, {**slots, **plain})


def _unnamed(data: dict[str, Any], named: dict[str, Field]) -> dict[str, Any]:
    """The members without a field, and free-form JSON that is not an object."""
    extra = {}
    for name, value in data.items():
        field = named.get(name)
        if field is None or (
            field.is_free and value.__class__ is not dict and not (value is None and field.nullable)
        ):
            extra[name] = value
    return codec.restore_integers(extra) if codec.FAST else extra


def _indented(head: str, *lines: str) -> list[str]:
    return [head, *(f"    {line}" for line in lines)]


def _reading(field: Field, scope: dict[str, Any], reader_of: Callable[[type], Reader]) -> list[str]:
    """The lines that check the value of a field and store it."""
    wrong = None if field.is_list else _INLINE.get(field.kind)
    if wrong:
        if field.nullable:
            wrong += " and v is not None"
        return [f"o.{field.name} = v = d[{field.wire_name!r}]", f"if {wrong}: raise TypeError"]
    lines = _converting(field, scope, reader_of)
    if field.nullable:
        lines = [f"if v is None: o.{field.name} = None", *_indented("else:", *lines)]
    return [f"v = d[{field.wire_name!r}]", *lines]


def _converting(
    field: Field, scope: dict[str, Any], reader_of: Callable[[type], Reader]
) -> list[str]:
    """The lines that check and store a value ``v`` that is not stored as it is."""
    store = f"o.{field.name} ="
    if field.kind is datetime and not field.is_list:
        # A record that was never changed has one instant twice.
        return [*_indented("if v != text:", "text = v", f"moment = {ISO_TEXT}"), f"{store} moment"]
    if field.is_free:
        # orjson's loss of long integers can only show where the content is free.
        value = "restore_integers(v) if v else v" if codec.FAST else "v"
        checks = _indented("if v.__class__ is not dict:", "v = {}", "size = -1")
        return [*checks, f"{store} {value}"]
    rule = f"rule_{field.name}"

    def first(value: Any) -> Any:
        # Many responses have no payments: their reader is generated when one is met.
        scope[rule] = reader_of(field.kind)
        return scope[rule](value)

    scope[rule] = first
    if field.is_list:
        return [
            "if v.__class__ is not list: raise TypeError",
            f"{store} tuple([{rule}(i) for i in v]) if v else ()",
        ]
    return [f"{store} {rule}(v)"]
