"""JSON as JavaScript reads and writes it, however deeply it is nested.

Python's own reader and writer recurse and stop at about a thousand levels; the service does not.
"""

from __future__ import annotations

import json
import math
import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Callable

from customers_sdk.sandbox.express.javascript import is_array_index, number_text, well_formed

if TYPE_CHECKING:
    from collections.abc import Iterator

_HAS_VALUE = re.compile(r"[ \t\n\r]*[{\[]")
# Brackets, strings with the brackets in them, and what is between; JSON has no other N or I.
_PARTS = re.compile(r'[\[\]{}NI]|"[^"\\]*(?:\\.[^"\\]*)*"?|[^\[\]{}NI"]+', re.DOTALL)
_CONSTANTS = {True: "true", False: "false", None: "null"}
# What the service was observed to store: arrays of about 2,000 levels, objects of about 4,000.
_DEEPEST = 4000
# How many levels `json` reads in one go where it cannot read all.
_AT_ONCE = 100
_LEVELS = {"[": 2, "]": -2, "{": 1, "}": -1}


class UnstorableError(ValueError):
    """JSON that the service's database refuses: it responds with 500."""


def parse_body(text: str) -> Any:
    """Read a body as body-parser does in strict mode: an object or an array.

    Raises:
        ValueError: the text is not JSON, or has something else on top.
    """
    if not _HAS_VALUE.match(text):
        raise ValueError("the body is neither an object nor an array")
    return parse_json(text)


def parse_json(text: str) -> Any:
    """Read JSON; every number becomes a double, as in JavaScript.

    Raises:
        ValueError: the text is not JSON.
    """
    try:
        return json.loads(text, parse_int=float, parse_constant=_refuse_constant)
    except RecursionError:
        return _read_deep(text)


def load(text: str) -> Any:
    """Read JSON that this package has written, with Python's own numbers."""
    try:
        return json.loads(text)
    except RecursionError:
        return _read_deep(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _read_deep(text: str) -> Any:
    """Read `_AT_ONCE` levels at a time, without recursion: those furthest within come first."""
    opened: list[list[Any]] = [[]]
    depth = 0
    for part in _PARTS.findall(text):
        if part in ("[", "{"):
            depth += 1
            if depth % _AT_ONCE == 0:
                opened.append([])
        elif part in ("N", "I"):
            _refuse_constant(part)
        opened[-1].append(part)
        if part in ("]", "}"):
            if depth % _AT_ONCE == 0:
                value = _read_levels(opened.pop())
                opened[-1].append(value)
            depth -= 1
    [whole] = opened  # or ValueError: something is still open
    return _read_levels(whole)


def _read_levels(parts: list[Any]) -> Any:
    """Read some levels, in whose text NaN stands for each of the values further within."""
    values = (part for part in parts if not isinstance(part, str))
    text = "".join(part if isinstance(part, str) else "NaN" for part in parts)
    return json.loads(text, parse_int=float, parse_constant=lambda _: next(values))


def stored_json(value: Any) -> str:
    """Return the text that a value is answered as once PostgreSQL's ``jsonb`` has stored it.

    Names come in the order in which JavaScript reads them back: array indices by number, the others
    by length and bytes. ``__proto__`` is lost at every depth, infinities become null.

    Raises:
        UnstorableError: U+0000 or a lone surrogate in a name or a value, or nesting too deep.
    """
    written: list[str] = []
    waiting = [_written(value)]
    depth = 0
    while waiting:
        part = next(waiting[-1], None)
        if part is None:
            waiting.pop()
        elif isinstance(part, str):
            written.append(part)
            depth += _LEVELS.get(part, 0)
            if depth > _DEEPEST:
                raise UnstorableError("nested too deeply")
        else:
            waiting.append(part)
    return "".join(written)


def _written(value: Any) -> Iterator[str | Iterator[Any]]:
    """Yield the text of a value, with a generator like this one where a value is within."""
    if isinstance(value, dict):
        yield "{"
        names = (name for name in sorted(value, key=_order) if name != "__proto__")
        for number, name in enumerate(names):
            yield f"{',' if number else ''}{_scalar(name)}:"
            yield _written(value[name])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, item in enumerate(value):
            if number:
                yield ","
            yield _written(item)
        yield "]"
    else:
        yield _scalar(value)


def _order(name: str) -> tuple[int, int, bytes]:
    if is_array_index(name):
        return 0, int(name), b""
    encoded = name.encode("utf-8", "surrogatepass")
    return 1, len(encoded), encoded


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if "\0" in value or well_formed(value) != value:
            raise UnstorableError("U+0000 or a lone surrogate")
        return str(encode_basestring(value))
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    number = float(value)
    return number_text(number) if math.isfinite(number) else "null"


#: Write compact JSON of text, whole numbers, lists and objects of our own making.
compact: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode
