"""JSON nested to any depth: read, written, copied and compared without recursion.

The service stores metadata nested thousands deep. Python's own `json`, `pickle` and ``==``
recurse, and stop at about a thousand levels (on some versions at fewer).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

# The service stores at most some 4,000 levels.
DEEPEST = 10_000


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_SCAN: Callable[[str, int], tuple[Any, int]] = vars(_DECODER)["scan_once"]
_BLANKS: Callable[[str, int], Any] = re.compile(r"[ \t\n\r]*").match


def _tokens(text: str) -> Iterator[tuple[str, Any]]:
    """The marks of JSON text; and for each string, number or constant an empty mark with it."""
    at = _BLANKS(text, 0).end()
    while at < len(text):
        mark, value = text[at], None
        if mark in "{}[],:":
            at += 1
        else:
            mark = ""
            try:
                value, at = _SCAN(text, at)
            except StopIteration:
                raise ValueError from None
        yield mark, value
        at = _BLANKS(text, at).end()


def loads(text: str) -> Any:
    """Decode JSON text; a ValueError says that it is not JSON, or nested too deeply."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        pass
    root: list[Any] = []
    node: Any = root
    name = ""
    parents: list[Any] = []
    expected = "value"
    for mark, scalar in _tokens(text):
        if mark in ("", "{", "[") and expected in ("value", "value or end"):
            value: Any = {} if mark == "{" else [] if mark else scalar
            _put(value, node, name)
            expected = "comma or end"
            if mark:
                _check_depth(len(parents))
                parents.append(node)
                node = value
                expected = "name or end" if mark == "{" else "value or end"
        elif scalar.__class__ is str and expected in ("name", "name or end"):
            name = scalar
            expected = "colon"
        elif mark == ":" and expected == "colon":
            expected = "value"
        elif parents and mark == "," and expected == "comma or end":
            expected = "name" if node.__class__ is dict else "value"
        elif parents and mark == ("}" if node.__class__ is dict else "]") and "end" in expected:
            node = parents.pop()
            expected = "comma or end"
        else:
            raise ValueError
    if parents or not root:
        raise ValueError
    return root[0]


def _put(value: Any, node: Any, name: str) -> None:
    if node.__class__ is dict:
        node[name] = value
    else:
        node.append(value)


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
        if one.__class__ is other.__class__ and isinstance(one, (list, tuple)):
            one, other = dict(enumerate(one)), dict(enumerate(other))
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            _check_depth(depth)
            if one.keys() != other.keys():
                return False
            pairs += [(value, other[name], depth + 1) for name, value in one.items()]
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
