"""Query strings as Express 4 reads them: repeated names make lists, brackets make objects.

Express leaves this to ``qs`` 6.14. Its rules are kept to the letter, since callers see them in the
texts of a refused list ("Expected string, received array").
"""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from customers_sdk.sandbox.express.javascript import is_array_index

_BAD_PERCENT = re.compile("%(?![0-9a-fA-F]{2})")
_ENCODED_BRACKET = re.compile("%5[BbDd]")
_GROUP = re.compile(r"\[[^\[\]]*\]")
_INDEX = re.compile(r"\[(?:0|[1-9][0-9]*)\]\Z", re.ASCII)
_MOST_PAIRS = 1000
_MOST_ITEMS = 20
_DEEPEST = 5


class _Members(dict[str, Any]):
    """A ``"list"`` by its indices, an ``"object"``, or a list too long for one: an ``"overflow"``.

    `last` is the highest index of a list or an overflow.
    """

    def __init__(self, kind: str, members: dict[str, Any] | None = None) -> None:
        super().__init__(members or {})
        self.kind = kind
        self.last = -1

    def put(self, index: int, item: Any) -> None:
        self[str(index)] = item
        self.last = max(self.last, index)

    def append(self, item: Any) -> None:
        self.put(self.last + 1, item)


def decode_component(text: str) -> str:
    """Undo percent-encoding as ``decodeURIComponent``; ``ValueError`` where that throws."""
    if "%" not in text:
        return text
    if _BAD_PERCENT.search(text):
        raise ValueError("a percent sign without two hexadecimal digits")
    return unquote_to_bytes(text).decode("utf-8")


def parse_query(query: str) -> dict[str, Any]:
    """Return the query's parameters: each a string, a list (repeated) or a dict (``name[key]=``).

    A value that cannot be decoded stays as it was sent.
    """
    if not query:
        return {}
    query = _ENCODED_BRACKET.sub(lambda found: "[" if found[0] in "%5B%5b" else "]", query)
    pairs: dict[str, Any] = {}
    for pair in query.split("&")[:_MOST_PAIRS]:
        name, value = _split(pair)
        pairs[name] = _combined(pairs[name], value) if name in pairs else value
    parameters = _Members("object")
    for name in sorted(pairs, key=lambda name: int(name) if is_array_index(name) else math.inf):
        if name:
            _merged(parameters, _nested(_segments(name), pairs[name]))
    found: dict[str, Any] = _compact(parameters)
    return found


def _split(pair: str) -> tuple[str, str]:
    """Split at the sign after a closing bracket if there is one, else at the first sign."""
    at = pair.find("]=")
    at = pair.find("=") if at < 0 else at + 1
    return (_decode(pair), "") if at < 0 else (_decode(pair[:at]), _decode(pair[at + 1 :]))


def _decode(text: str) -> str:
    spaced = text.replace("+", " ")
    try:
        return decode_component(spaced)
    except ValueError:
        return spaced


def _segments(name: str) -> list[str]:
    """Split ``a[b][c]`` into ``a``, ``[b]``, ``[c]``; beyond five brackets the rest is one name."""
    groups = list(_GROUP.finditer(name))
    parent = name[: groups[0].start()] if groups else name
    segments = [parent] if parent else []
    segments += [group[0] for group in groups[:_DEEPEST]]
    if len(groups) > _DEEPEST:
        segments.append(f"[{name[groups[_DEEPEST].start() :]}]")
    return segments


def _nested(segments: list[str], value: Any) -> Any:
    """Wrap a value in the containers that its name asks for."""
    for segment in reversed(segments):
        name = segment[1:-1] if segment[0] == "[" and segment[-1] == "]" else segment
        if segment == "[]":
            value = value if _kind(value) == "overflow" else _combined(_Members("list"), value)
        elif _INDEX.match(segment):
            item, value = value, _Members("list" if int(name) < _MOST_ITEMS else "overflow")
            value.put(int(name), item)
        else:
            value = _Members("object", {} if name == "__proto__" else {name: value})
    return value


def _kind(value: Any) -> str:
    return value.kind if isinstance(value, _Members) else "text"


def _combined(first: Any, second: Any) -> _Members:
    """Join two values of one name into a list, or an object where there are too many."""
    joined: _Members = first if _kind(first) in ("list", "overflow") else _list_of(first)
    if joined.kind == "list" and _kind(second) == "list":
        behind = joined.last + 1
        for at, item in second.items():
            joined.put(behind + int(at), item)
    else:
        joined.append(second)
    if joined.last >= _MOST_ITEMS:
        joined.kind = "overflow"
    return joined


def _list_of(*items: Any) -> _Members:
    made = _Members("list")
    for item in items:
        made.append(item)
    return made


def _merged(target: Any, source: Any) -> Any:
    """Merge what one name gives into what an earlier one gave (``a=1&a[x]=2``)."""
    kinds = (_kind(target), _kind(source))
    if kinds[1] == "text":
        return _with_text(target, source) if source else target
    if kinds == ("text", "overflow"):
        shifted = _Members("overflow", {"0": target})
        for at, item in source.items():
            shifted.put(int(at) + 1, item)
        return shifted
    if kinds[0] == "text":
        return _combined(target, source)
    if kinds == ("list", "list"):
        return _with_items(target, source)
    if kinds[1] == "overflow":
        last = target.last if kinds[0] == "overflow" else -1
        target.kind, target.last = "overflow", max(last, source.last)
    elif kinds[0] == "list":
        target.kind = "object"
    for name, value in source.items():
        target[name] = _merged(target[name], value) if name in target else value
    return target


def _with_text(target: Any, text: Any) -> Any:
    if _kind(target) == "text":
        return _list_of(target, text)
    if target.kind == "object":
        target[text] = True
    else:
        target.kind = "overflow" if target.last >= _MOST_ITEMS else target.kind
        target.append(text)
    return target


def _with_items(target: _Members, source: _Members) -> _Members:
    for at, item in source.items():
        if at not in target:
            target.put(int(at), item)
        elif "text" in (_kind(target[at]), _kind(item)):
            target.append(item)
        else:
            target[at] = _merged(target[at], item)
    return target


def _compact(value: Any) -> Any:
    """Turn lists by index into lists, without the places that no index filled."""
    if not isinstance(value, _Members):
        return value
    members = {name: _compact(item) for name, item in value.items()}
    return [members[at] for at in sorted(members, key=int)] if value.kind == "list" else members
