"""JSON as JavaScript reads and writes it, however deeply it is nested.

Python's own reader and writer recurse and stop at about a thousand levels; the service does not.
"""

from __future__ import annotations

import json
import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.encoder import encode_basestring
from typing import Any, NoReturn

from customers_sdk.sandbox.express.javascript import (
    has_surrogate,
    is_array_index,
    number_text,
)

_HAS_VALUE = re.compile(r"[ \t\n\r]*[{\[]")
_TOKEN = re.compile(
    r"[ \t\n\r]*(?:([\[\]{}:,\"])|(true|false|null)"
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))",
    re.ASCII,
)
_WORDS = {"true": True, "false": False, "null": None}
_CONSTANTS = {value: word for word, value in _WORDS.items()}
# What the service was observed to store: arrays of about 2,000 levels, objects of about 4,000.
_DEEPEST = 4000
_ARRAY_LEVEL, _OBJECT_LEVEL = 2, 1


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
        return _DeepReader(text).read()


def load(text: str) -> Any:
    """Read JSON that this package has written, with Python's own numbers."""
    try:
        return json.loads(text)
    except RecursionError:
        return _DeepReader(text).read()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class _DeepReader:
    """The same without recursion, ten times slower: for what is nested too deeply."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._root: list[Any] = []
        # What is open, each with the name that its next value gets.
        self._open: list[tuple[list[Any] | dict[str, Any], str]] = [(self._root, "")]

    def read(self) -> Any:
        """Return the value."""
        self._value(self._token())
        while len(self._open) > 1:
            mark = self._token()
            container = self._open[-1][0]
            if mark == ("]" if isinstance(container, list) else "}"):
                self._open.pop()
            elif mark == "," and container:
                self._member(self._token())
            elif not container:
                self._member(mark)
            else:
                self._fail()
        if self._text[self._at :].strip(" \t\n\r"):
            self._fail()
        return self._root[0]

    def _member(self, mark: Any) -> None:
        container = self._open[-1][0]
        if isinstance(container, dict):
            if mark != '"':
                self._fail()
            self._open[-1] = container, self._string()
            if self._token() != ":":
                self._fail()
            mark = self._token()
        self._value(mark)

    def _value(self, mark: Any) -> None:
        if mark == '"':
            mark = self._string()
        elif mark == "[":
            mark = []
        elif mark == "{":
            mark = {}
        elif isinstance(mark, str):
            self._fail()
        container, name = self._open[-1]
        if isinstance(container, dict):
            container[name] = mark
        else:
            container.append(mark)
        if isinstance(mark, (list, dict)):
            self._open.append((mark, ""))

    def _token(self) -> Any:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            self._fail()
        self._at = found.end()
        sign, word, number = found.groups()
        return sign or (_WORDS[word] if word else float(number))

    def _string(self) -> str:
        text, self._at = scanstring(self._text, self._at, True)  # noqa: FBT003 - its one form
        return str(text)

    def _fail(self) -> NoReturn:
        raise ValueError(f"not JSON at character {self._at}")


class _Text(str):
    """Text to write as it stands."""

    __slots__ = ()


def stored_json(value: Any) -> str:
    """Return the text that a value is answered as once PostgreSQL's ``jsonb`` has stored it.

    Names come in the order in which JavaScript reads them back: array indices by number, the others
    by length and bytes. ``__proto__`` is lost at every depth, infinities become null.

    Raises:
        UnstorableError: U+0000 or a lone surrogate in a name or a value, or nesting too deep.
    """
    parts: list[str] = []
    waiting: list[Any] = [value]
    depth = 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            depth += _OBJECT_LEVEL
            parts.append("{")
            waiting.append((_OBJECT_LEVEL, "}"))
            waiting.extend(reversed(_members(item)))
        elif isinstance(item, list):
            depth += _ARRAY_LEVEL
            parts.append("[")
            waiting.append((_ARRAY_LEVEL, "]"))
            waiting.extend(reversed(_separated(item)))
        elif isinstance(item, tuple):
            depth -= item[0]
            parts.append(item[1])
        else:
            parts.append(item if isinstance(item, _Text) else _scalar(item))
        if depth > _DEEPEST:
            raise UnstorableError("nested too deeply")
    return "".join(parts)


def _members(value: dict[str, Any]) -> list[Any]:
    out: list[Any] = []
    for name in sorted(value, key=_order):
        if name != "__proto__":
            out += [_Text(f",{_scalar(name)}:" if out else f"{_scalar(name)}:"), value[name]]
    return out


def _separated(items: list[Any]) -> list[Any]:
    out: list[Any] = []
    for item in items:
        out += [_Text(","), item] if out else [item]
    return out


def _order(name: str) -> tuple[int, int, bytes]:
    if is_array_index(name):
        return 0, int(name), b""
    encoded = name.encode("utf-8", "surrogatepass")
    return 1, len(encoded), encoded


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if "\0" in value or has_surrogate(value):
            raise UnstorableError("U+0000 or a lone surrogate")
        return str(encode_basestring(value))
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    number = float(value)
    return number_text(number) if math.isfinite(number) else "null"


def compact(value: Any) -> str:
    """Return compact JSON of text, whole numbers, lists and objects of our own making."""
    return _encode(value)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
