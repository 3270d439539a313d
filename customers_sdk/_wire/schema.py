"""The wire schema: camelCase JSON to attrs classes and back.

It works for any frozen, slotted attrs class with a field ``extra``, where members of the
JSON object that the class does not name stay. A ``cattrs`` converter holds the rule of each
type, and its hooks for classes are generated: `readers`, `writers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import attrs
import cattrs

from customers_sdk._wire import codec, readers, writers
from customers_sdk._wire.fields import RULES, WRITERS, fields_of
from customers_sdk.errors import ResponseFormatError

T = TypeVar("T")
R = TypeVar("R")

_REFUSALS = (TypeError, ValueError, KeyError, AttributeError, IndexError)
_JSON_NAMES = {
    "NoneType": "null",
    "str": "a string",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "list": "a list",
    "dict": "an object",
}


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter(
        detailed_validation=False, unstruct_collection_overrides={tuple: list}
    )
    for kind, (rule, _) in RULES.items():
        converter.register_structure_hook(kind, rule)
    for kind, write in WRITERS.items():
        converter.register_unstructure_hook(kind, write)
    converter.register_structure_hook_factory(
        attrs.has, lambda cls: readers.make_reader(cls, converter.get_structure_hook)
    )
    converter.register_unstructure_hook_factory(
        attrs.has, lambda cls: writers.make_writer(cls, _writers, converter.unstructure)
    )
    return converter


class ByClass(dict[type, R]):
    """What is made once for each class, on first use."""

    def __init__(self, make: Callable[[Any], R]) -> None:
        self._make = make

    def __missing__(self, cls: type) -> R:
        made = self[cls] = self._make(cls)
        return made


_converter = _make_converter()
_readers: ByClass[readers.Reader] = ByClass(_converter.get_structure_hook)
_free_names = ByClass(lambda cls: [f.wire_name for f in fields_of(cls) if f.is_free])
_writers: ByClass[Callable[[Any], dict[str, Any]]] = ByClass(_converter.get_unstructure_hook)
_text_writers: ByClass[Callable[[Any], str]] = ByClass(
    lambda cls: writers.make_text_writer(cls, _text_writers, _whole)
)


def structure(data: Any, cls: type[T], path: str = "data") -> T:
    """Read a decoded JSON object into an instance of a frozen, slotted attrs class.

    Raises:
        ResponseFormatError: a required field is missing, or a field has another type
            than the class says; the text names its place under ``path``, never its value.
    """
    try:
        value: T = _readers[cls](data)
    except _REFUSALS:
        pass
    else:
        return value
    raise ResponseFormatError(explain(data, cls, path) or f"{path}: not a {cls.__name__}")


def structure_list(data: Any, cls: type[T], path: str = "data") -> tuple[T, ...]:
    """Read a decoded JSON list of objects; otherwise like `structure`."""
    if data.__class__ is not list:
        raise ResponseFormatError(mismatch(path, "a list", data))
    read = _readers[cls]
    try:
        return tuple([read(item) for item in data])
    except _REFUSALS:
        pass
    return tuple(structure(item, cls, f"{path}[{index}]") for index, item in enumerate(data))


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
    rule, expected = RULES[kind]
    try:
        rule(value)
    except _REFUSALS:
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
    return f"{path}: expected {expected}, got {_JSON_NAMES.get(kind, kind)}"


def unstructure(value: Any) -> dict[str, Any]:
    """Write an instance of an attrs class as the JSON object it came from."""
    return _writers[value.__class__](value)


def _whole(record: Any) -> str:
    return codec.encode(unstructure(record)).decode()


def encode(record: Any) -> bytes:
    """Encode a record; with ``orjson`` a number may look different: 1e16 and not 1e+16."""
    fast = codec.encode_fast(unstructure(record)) if codec.FAST else None
    if fast is not None:
        return fast
    try:
        return _text_writers[record.__class__](record).encode()
    except UnicodeEncodeError:  # a lone surrogate travels escaped
        return codec.encode(unstructure(record))


def encode_all(records: tuple[Any, ...]) -> bytes:
    """Encode several records as a JSON list."""
    return b"[%s]" % b",".join(map(encode, records))


def misfit(record: Any) -> str | None:
    """The wire name of a free-form value that is not an object, and so stays in ``extra``."""
    extra = record.extra
    if not extra:
        return None
    return next((name for name in _free_names[record.__class__] if name in extra), None)


def unwrap(body: Any) -> tuple[Any, Any]:
    """Take the envelope off a success: its ``data``, and its ``pagination`` or None."""
    if body.__class__ is not dict:
        raise ResponseFormatError(mismatch("the body", "an object", body))
    if body.get("success") is not True:
        raise ResponseFormatError("the body does not say success: true")
    if "data" not in body:
        raise ResponseFormatError("the body has no data")
    return body["data"], body.get("pagination")
