"""JSON nested to any depth: read, written, copied and compared without recursion.

The service stores metadata nested thousands deep. Python's own `json`, `pickle` and ``==``
recurse, and stop at about a thousand levels (on some versions at fewer).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

# The service stores at most some 4,000 levels.
DEEPEST = 10_000


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_SCAN: Callable[[str, int], tuple[Any, int]] = vars(_DECODER)["scan_once"]
_STRING: Callable[[str, int], tuple[str, int]] = vars(_DECODER)["parse_string"]
_BLANKS = re.compile(r"[ \t\n\r]*")


class _Text:
    """JSON text that is read from left to right; ``at`` is the position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def take(self, *marks: str) -> str:
        """The next character after blanks if it is one of these, otherwise nothing."""
        self.at = _BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]
        mark = self.text[self.at : self.at + 1]
        if mark not in marks:
            return ""
        self.at += 1
        return mark

    def scalar(self) -> Any:
        """A string, number or constant."""
        try:
            value, self.at = _SCAN(self.text, self.at)
        except StopIteration:
            raise ValueError from None
        return value

    def name(self) -> str:
        """The name of a member, and its colon."""
        if self.take('"'):
            name, self.at = _STRING(self.text, self.at)
            if self.take(":"):
                return name
        raise ValueError


def loads(text: str) -> Any:
    """Decode JSON text; NaN and infinities are not JSON.

    Raises:
        ValueError: it is not JSON, or nested deeper than 10,000 levels.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        pass
    source = _Text(text)
    root: list[Any] = []
    node: Any = root
    name = ""
    parents: list[Any] = []
    while True:
        opened = source.take("{", "[")
        value: Any = {} if opened == "{" else [] if opened else source.scalar()
        if node.__class__ is dict:
            node[name] = value
        else:
            node.append(value)
        if opened:
            _check_depth(len(parents))
            parents.append(node)
            node = value
            if not source.take(_closing(node)):
                name = source.name() if opened == "{" else ""
                continue
            node = parents.pop()
        while parents and not source.take(","):
            if not source.take(_closing(node)):
                raise ValueError
            node = parents.pop()
        if not parents:
            if not _BLANKS.fullmatch(text, source.at):
                raise ValueError
            return root[0]
        name = source.name() if node.__class__ is dict else ""


def _closing(node: Any) -> str:
    return "}" if node.__class__ is dict else "]"


def _check_depth(depth: int) -> None:
    if depth >= DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels, or contains itself")


def dumps(value: Any, dump: Callable[[Any], str]) -> str:
    """Encode as JSON text; ``dump`` is `json.dumps`, for what is not nested deeply."""
    try:
        return dump(value)
    except RecursionError:
        pass
    pieces: list[str] = []
    # What is still to be written, the last first: text, or a value and its depth.
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth < 0:
            pieces.append(item)
            continue
        if isinstance(item, dict):
            members = [(dump({name: 0})[1:-2], value) for name, value in item.items()]
        elif isinstance(item, (list, tuple)):
            members = [("", value) for value in item]
        else:
            pieces.append(dump(item))
            continue
        _check_depth(depth)
        opening, closing = "{}" if isinstance(item, dict) else "[]"
        pieces.append(opening)
        waiting.append((closing, -1))
        for index, (name, member) in reversed(list(enumerate(members))):
            waiting += [(member, depth + 1), (("," if index else "") + name, -1)]
    return "".join(pieces)


def mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """A copy in which every mapping is a dict, every sequence a list, and the rest ``leaf``'s."""
    root = [value]
    places: list[tuple[Any, Any, int]] = [(root, 0, 0)]
    while places:
        holder, key, depth = places.pop()
        item = holder[key]
        if isinstance(item, Mapping):
            _check_depth(depth)
            holder[key] = copy = dict(item)
            places += [(copy, name, depth + 1) for name in copy]
        elif isinstance(item, (list, tuple)):
            _check_depth(depth)
            holder[key] = items = list(item)
            places += [(items, index, depth + 1) for index in range(len(items))]
        else:
            holder[key] = leaf(item)
    return root[0]


def equal(one: Any, other: Any) -> bool:
    """Compare as ``==`` does."""
    pairs = [(one, other, 0)]
    while pairs:
        one, other, depth = pairs.pop()
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            _check_depth(depth)
            if one.keys() != other.keys():
                return False
            pairs += [(value, other[name], depth + 1) for name, value in one.items()]
        elif one.__class__ is other.__class__ and isinstance(one, (list, tuple)):
            _check_depth(depth)
            if len(one) != len(other):
                return False
            pairs += [(a, b, depth + 1) for a, b in zip(one, other)]
        elif one != other:
            return False
    return True


def is_deeper(value: Any, levels: int) -> bool:
    """Whether JSON is nested deeper than so many levels."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if item.__class__ is dict or item.__class__ is list:
            if depth == levels:
                return True
            waiting += [(i, depth + 1) for i in (item.values() if item.__class__ is dict else item)]
    return False
