"""The wire schema: camelCase JSON to attrs classes and back.

This is where it is known how a wire name is spelled, and none is known by
heart: names are turned by rule (``external_id`` ↔ ``externalId``), and a class states
its exceptions in field metadata (`wire`). It works for any attrs class with a
field ``extra``, where members of the JSON object that the class does not name stay.

A ``cattrs`` converter holds the rule for each type and writes classes back. What it
reads a class with is generated once per class, on first use: one straight function
that checks and fills every field. When that function refuses, the value is read again
slowly, by the same rules, to say where it was wrong; good messages so cost nothing.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn, Optional, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from customers_sdk._wire import codec
from customers_sdk.errors import ResponseFormatError

T = TypeVar("T")

_NAME = "customers_sdk.wire.name"
_DIGITS = "customers_sdk.wire.digits"
_OMIT = "customers_sdk.wire.omit"


def wire(*, name: str | None = None, digits: bool = False, omit: bool = False) -> dict[str, Any]:
    """Field metadata for what the naming rule and the type do not say.

    Args:
        name: the wire name, where the rule would give another.
        digits: an integer that travels as a string of digits.
        omit: a field whose None means that the member is absent, not null.
    """
    return {_NAME: name, _DIGITS: digits, _OMIT: omit}


def wire_name(name: str) -> str:
    """``postal_code`` to ``postalCode``."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same mapping under wire names."""
    return {wire_name(name): value for name, value in fields.items()}


# --- the rule of each type: raise, or return the value; the type itself is cattrs' to pass


def _text(value: Any, _: Any = None) -> Any:
    if value.__class__ is not str:
        raise TypeError
    return value


def _flag(value: Any, _: Any = None) -> Any:
    if value.__class__ is not bool:
        raise TypeError
    return value


def _integer(value: Any, _: Any = None) -> Any:
    if value.__class__ is not int:
        raise TypeError
    return value


def _object(value: Any, _: Any = None) -> Any:
    if value.__class__ is not dict:
        raise TypeError
    return value


_DIGIT_STRING = r"-?[0-9]{1,400}"
_DECIMAL_STRING = r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?"


def _digits(value: Any, _: Any = None) -> int:
    if not re.fullmatch(_DIGIT_STRING, value):
        raise ValueError
    return int(value)


def _money(value: Any, _: Any = None) -> Decimal:
    # Decimal itself would take "NaN", "1_0" and a JSON number too.
    if not re.fullmatch(_DECIMAL_STRING, value):
        raise ValueError
    return Decimal(value)


# What Z means has to be spelled out before Python 3.11.
_ISO_TEXT = "v" if sys.version_info >= (3, 11) else "v[:-1] + '+00:00' if v[-1:] == 'Z' else v"


def _instant(value: Any, _: Any = None) -> datetime:
    """An instant of ISO 8601; one without a zone is no instant."""
    if value.__class__ is not str:
        raise TypeError
    if value[-1:] == "Z":
        value = value[:-1] + "+00:00"
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _write_instant(moment: datetime) -> str:
    moment = moment.astimezone(timezone.utc)
    unit = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=unit)[:-6] + "Z"


def _write_money(amount: Decimal) -> str:
    return format(amount, "f")


_EXPECTED = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    datetime: "an ISO 8601 instant with a zone",
    Decimal: "a decimal number in a string",
    dict: "an object",
    _digits: "an integer in a string",
}

# Checked in place, without a call, and stored as they are: what is wrong with the value ``v``.
_INLINE = {
    str: "v.__class__ is not str",
    bool: "v is not True and v is not False",
    int: "v.__class__ is not int",
}


class _Spec(NamedTuple):
    """What a field is on the wire."""

    name: str
    wire_name: str
    kind: type
    is_list: bool
    nullable: bool
    omit: bool
    digits: bool

    def rule(self) -> Callable[[Any], Any]:
        if self.digits:
            return _digits
        return typing.cast("Callable[[Any], Any]", _converter.get_structure_hook(self.kind))


def _hints(cls: type) -> dict[str, Any]:
    """The types of a class's fields; `typing` takes long, and is only asked where it must be."""
    hints = {field.name: field.type for field in attrs.fields(cls)}
    return hints if all(map(_is_evaluated, hints.values())) else typing.get_type_hints(cls)


def _is_evaluated(hint: Any) -> bool:
    arguments = typing.get_args(hint)
    if arguments:
        return all(map(_is_evaluated, arguments))
    return isinstance(hint, type) or hint is Any or hint is ...


def _specs(cls: type) -> list[_Spec]:
    hints = _hints(cls)
    specs = []
    for field in attrs.fields(cls):
        if field.name == "extra":
            continue
        kind = hints[field.name]
        arguments = typing.get_args(kind)
        nullable = type(None) in arguments
        if nullable:
            (kind,) = (argument for argument in arguments if argument is not type(None))
        is_list = typing.get_origin(kind) is tuple
        if is_list:
            kind = typing.get_args(kind)[0]
        specs.append(
            _Spec(
                field.name,
                field.metadata.get(_NAME) or wire_name(field.name),
                dict if typing.get_origin(kind) is not None else kind,
                is_list,
                nullable,
                field.metadata.get(_OMIT, False),
                field.metadata.get(_DIGITS, False),
            )
        )
    return specs


class _Nothing(dict[str, Any]):
    """The empty object that all models share: most have no ``extra`` and no metadata."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a model cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[()]]:
        return dict, ()


NOTHING: Mapping[str, Any] = _Nothing()


# --- reading -----------------------------------------------------------------------------


def _thawed(cls: type) -> type:
    """A twin of a frozen class whose instances can be filled by plain assignment.

    A frozen attrs ``__init__`` sets each field through ``object.__setattr__``: a call a
    field, which is most of the price of a model. The twin has the same base and the
    same slots, and so the same layout, and its ``__setattr__`` is ``object``'s: an
    instance of it is filled at full speed, and then made one of the frozen class by
    assigning ``__class__``, which Python allows between equal layouts. Nobody ever
    sees an instance of the twin. (``__weakref__`` has to live in a common base, or the
    layouts would differ.)
    """
    slots = cls.__dict__["__slots__"]
    return type(
        f"_Thawed{cls.__name__}",
        cls.__bases__,
        {
            "__slots__": slots,
            "__init__": object.__init__,
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
        },
    )


def _reader(cls: type) -> Callable[..., Any]:
    """Generate the function that reads a JSON object into ``cls``."""
    specs = _specs(cls)
    scope: dict[str, Any] = {
        "cls": cls,
        "thawed": _thawed(cls),
        "fromisoformat": datetime.fromisoformat,
        "free": codec.restore_integers if codec.FAST else lambda value: value,
        "nothing": NOTHING,
        "known": frozenset(spec.wire_name for spec in specs),
        "nulls": {s.wire_name: None for s in specs if s.nullable and not s.omit},
    }
    lines = [f"size = {len([spec for spec in specs if not spec.omit])}"]
    for spec in specs:
        reading = [f"v = d[{spec.wire_name!r}]", *_reading(spec, scope)]
        if spec.omit:
            reading = _indented(f"if {spec.wire_name!r} in d:", "size += 1", *reading)
            reading.append(f"else: o.{spec.name} = None")
        lines += reading
    body = "\n        ".join(lines)
    source = f"""\
def read(d, _=None, complete=False):
    if d.__class__ is not dict: raise TypeError
    o = thawed()
    text = cls  # equal to nothing that JSON can hold, null included
    try:
        {body}
    except KeyError:
        if complete: raise
        return read({{**nulls, **d}}, None, True)
    o.extra = nothing if len(d) == size else free({{k: d[k] for k in d if k not in known}})
    o.__class__ = cls
    return o
"""
    exec(compile(source, f"<reader of {cls.__name__}>", "exec"), scope)  # noqa: S102
    return typing.cast("Callable[..., Any]", scope["read"])


def _reading(spec: _Spec, scope: dict[str, Any]) -> list[str]:
    """The lines that check the value ``v`` of a field and store it."""
    wrong = None if spec.is_list or spec.digits else _INLINE.get(spec.kind)
    if wrong:
        if spec.nullable:
            wrong += " and v is not None"
        return [f"if {wrong}: raise TypeError", f"o.{spec.name} = v"]
    *lines, value = _turning(spec, scope)
    lines.append(f"o.{spec.name} = {value}")
    if spec.nullable:
        return [f"if v is None: o.{spec.name} = None", *_indented("else:", *lines)]
    return lines


def _indented(head: str, *lines: str) -> list[str]:
    return [head, *(f"    {line}" for line in lines)]


def _turning(spec: _Spec, scope: dict[str, Any]) -> list[str]:
    """The lines that check the value ``v`` of a field, and then the expression to store."""
    if spec.kind is datetime and not spec.is_list:
        # A record that was never changed has one instant twice.
        return [
            "if v != text:",
            "    text = v",
            f"    moment = fromisoformat({_ISO_TEXT})",
            "    if moment.tzinfo is None: raise ValueError",
            "moment",
        ]
    if spec.kind is dict and not spec.is_list:
        # orjson's loss of long integers can only show where the content is free.
        return ["if v.__class__ is not dict: raise TypeError", "free(v) if v else nothing"]
    rule = f"rule_{spec.name}"

    def first(value: Any) -> Any:
        # Many answers have no payments: their reader is generated when one is met.
        scope[rule] = spec.rule()
        return scope[rule](value)

    scope[rule] = first
    if spec.is_list:
        return [
            "if v.__class__ is not list: raise TypeError",
            f"tuple([{rule}(i) for i in v]) if v else ()",
        ]
    return [f"{rule}(v)"]


def _write_digits(value: Optional[int]) -> Optional[str]:
    return None if value is None else str(value)


def _plain(value: Any) -> Any:
    """A copy of free-form JSON, which must not run out of stack where sending it did not."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if value.__class__ is list:
        return [_plain(item) for item in value]
    return _converter.unstructure(value)


def _writer(cls: type) -> Callable[[Any], dict[str, Any]]:
    options: dict[str, Any] = {
        spec.name: override(
            rename=spec.wire_name,
            omit_if_default=spec.omit,
            unstruct_hook=_write_digits if spec.digits else _plain if spec.kind is dict else None,
        )
        for spec in _specs(cls)
    }
    write: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn(
        cls, _converter, extra=override(omit=True), **options
    )
    return lambda value: {**write(value), **_plain(value.extra)}


_converter = cattrs.Converter(
    detailed_validation=False, unstruct_collection_overrides={tuple: list}
)
for _kind, _rule in (
    (str, _text),
    (bool, _flag),
    (int, _integer),
    (dict, _object),
    (datetime, _instant),
    (Decimal, _money),
):
    _converter.register_structure_hook(_kind, _rule)
_converter.register_unstructure_hook(datetime, _write_instant)
_converter.register_unstructure_hook(Decimal, _write_money)
_converter.register_structure_hook_factory(attrs.has, _reader)
_converter.register_unstructure_hook_factory(attrs.has, _writer)


class _Readers(dict[type, Callable[..., Any]]):
    def __missing__(self, cls: type) -> Callable[..., Any]:
        read = self[cls] = _converter.get_structure_hook(cls)
        return read


_readers = _Readers()


def structure(data: Any, cls: type[T], path: str = "data") -> T:
    """Read a decoded JSON object into an instance of an attrs class.

    Args:
        data: what `codec.loads` gave.
        cls: a frozen, slotted attrs class.
        path: where ``data`` stands in the answer, for the error.

    Raises:
        ResponseFormatError: a required field is missing, or a field has another type
            than the class says; the text names its path and never its value.
    """
    try:
        value: T = _readers[cls](data)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError):
        pass
    else:
        return value
    raise ResponseFormatError(_explain(data, cls, path) or f"{path}: not a {cls.__name__}")


def structure_list(data: Any, cls: type[T], path: str = "data") -> tuple[T, ...]:
    """Read a decoded JSON list of objects; otherwise like `structure`."""
    if data.__class__ is not list:
        raise ResponseFormatError(_mismatch(path, "a list", data))
    read = _readers[cls]
    try:
        return tuple([read(item) for item in data])
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError):
        pass
    return tuple(structure(item, cls, f"{path}[{index}]") for index, item in enumerate(data))


def _explain(data: Any, cls: type, path: str) -> str | None:
    """Say what is wrong with ``data``: the first place that breaks a rule, or None."""
    if data.__class__ is not dict:
        return _mismatch(path, "an object", data)
    for spec in _specs(cls):
        place = f"{path}.{spec.wire_name}"
        if spec.wire_name in data:
            wrong = _explain_field(data[spec.wire_name], spec, place)
        else:
            wrong = None if spec.nullable else f"{place}: missing"
        if wrong:
            return wrong
    return None


def _explain_field(value: Any, spec: _Spec, place: str) -> str | None:
    if value is None and spec.nullable:
        return None
    if spec.is_list:
        if value.__class__ is not list:
            return _mismatch(place, "a list", value)
        wrong = (_explain(item, spec.kind, f"{place}[{i}]") for i, item in enumerate(value))
        return next(filter(None, wrong), None)
    if attrs.has(spec.kind):
        return _explain(value, spec.kind, place)
    try:
        spec.rule()(value)
    except (TypeError, ValueError, AttributeError, IndexError):
        return _mismatch(place, _EXPECTED[_digits if spec.digits else spec.kind], value)
    return None


_JSON_NAMES = {
    "NoneType": "null",
    "str": "a string",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "list": "a list",
    "dict": "an object",
}


def _mismatch(path: str, expected: str, value: Any) -> str:
    kind = type(value).__name__
    got = _JSON_NAMES.get(kind, kind)
    return f"{path}: expected {expected}, got {'another one' if got == expected else got}"


def unstructure(value: Any) -> dict[str, Any]:
    """Write an instance of an attrs class as the JSON object it came from."""
    return typing.cast("dict[str, Any]", _converter.unstructure(value))


def unwrap(body: Any) -> tuple[Any, Any]:
    """Take the envelope off a success: its ``data``, and its ``pagination`` or None.

    Raises:
        ResponseFormatError: it is not an envelope of success, or has no data.
    """
    if body.__class__ is not dict:
        raise ResponseFormatError(_mismatch("the body", "an object", body))
    if body.get("success") is not True:
        raise ResponseFormatError("the body does not say success: true")
    if "data" not in body:
        raise ResponseFormatError("the body has no data")
    return body["data"], body.get("pagination")
