"""Query strings as Express 4 reads them: repeated names make lists, brackets make objects.

Express leaves this to ``qs`` 6.14. Its rules are kept to the letter, since callers see them in the
texts of a refused list ("Expected string, received array").
"""

from __future__ import annotations

import re
from typing import Any, Union
from urllib.parse import unquote_to_bytes

_BAD_PERCENT = re.compile("%(?![0-9a-fA-F]{2})")
_ENCODED_BRACKET = re.compile("%5[BbDd]")
_GROUP = re.compile(r"\[[^\[\]]*\]")
_INDEX = re.compile(r"\[(?:0|[1-9][0-9]*)\]\Z", re.ASCII)
_MOST_PAIRS = 1000
_MOST_ITEMS = 20
_DEEPEST = 5


class _Overflow(dict[str, Any]):
    """A list that grew beyond `_MOST_ITEMS` and became an object; `last` is its highest index."""

    last = 0

    def append(self, item: Any) -> None:
        """Add an item behind the last."""
        self.last += 1
        self[str(self.last)] = item


# What `qs` calls a sparse array: items by index. `parse_query` turns it into a list at the end.
class _Items(dict[int, Any]):
    def append(self, item: Any) -> None:
        """Add an item behind the last."""
        self[self.length] = item

    @property
    def length(self) -> int:
        """The highest index and one."""
        return max(self, default=-1) + 1


_Container = Union[_Overflow, _Items, dict[str, Any]]


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
    parameters: dict[str, Any] = {}
    for name in sorted(pairs, key=_enumeration_order):
        if name:
            _merge_members(parameters, _nested(_segments(name), pairs[name]))
    return {name: _compact(value) for name, value in parameters.items()}


def _enumeration_order(name: str) -> float:
    """JavaScript enumerates integer names first, in numeric order."""
    return int(name) if name.isascii() and name.isdigit() and str(int(name)) == name else 2.0**64


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
    leaf = value
    for segment in reversed(segments):
        if segment == "[]":
            leaf = leaf if isinstance(leaf, _Overflow) else _combined(_Items(), leaf)
            continue
        name = segment[1:-1] if segment[0] == "[" and segment[-1] == "]" else segment
        if _INDEX.match(segment) and int(name) < _MOST_ITEMS:
            leaf = _Items({int(name): leaf})
        elif _INDEX.match(segment):
            leaf = _overflow({name: leaf}, int(name))
        else:
            leaf = {} if name == "__proto__" else {name: leaf}
    return leaf


def _combined(first: Any, second: Any) -> Any:
    """Join two values of one name into a list, or an object where there are too many."""
    if isinstance(first, _Overflow):
        first.append(second)
        return first
    items = _Items(_placed(first))
    behind = items.length
    items.update({behind + at: item for at, item in _placed(second).items()})
    if items.length > _MOST_ITEMS:
        return _overflow(_named(items), items.length - 1)
    return items


def _placed(value: Any) -> dict[int, Any]:
    return value if isinstance(value, _Items) else {0: value}


def _overflow(members: dict[str, Any], last: int) -> _Overflow:
    made = _Overflow(members)
    made.last = last
    return made


def _merged(target: Any, source: Any) -> Any:
    """Merge what one name gives into what an earlier one gave (``a=1&a[x]=2``)."""
    if isinstance(source, (str, bool)):
        return _with_text(target, source) if source else target
    if isinstance(target, (str, bool)):
        return _behind(target, source)
    if isinstance(target, _Items) and isinstance(source, _Items):
        for at, item in source.items():
            earlier = target.get(at)
            if isinstance(earlier, dict) and isinstance(item, dict):
                target[at] = _merged(earlier, item)
            elif at in target:
                target.append(item)
            else:
                target[at] = item
        return target
    return _merge_members(_named(target), source)


def _with_text(target: Any, text: Any) -> Any:
    if isinstance(target, (str, bool)):
        return _Items({0: target, 1: text})
    if isinstance(target, _Items) and target.length > _MOST_ITEMS:
        return _overflow({**_named(target), str(target.length): text}, target.length)
    if isinstance(target, (_Items, _Overflow)):
        target.append(text)
    else:
        target[text] = True
    return target


def _behind(first: Any, source: Any) -> Any:
    """Put a container's items behind a single value that came first."""
    if isinstance(source, _Overflow):
        shifted = {"0": first, **{str(int(at) + 1): item for at, item in source.items()}}
        return _overflow(shifted, source.last + 1)
    return _combined(first, source)


def _named(items: _Container) -> dict[str, Any]:
    if not isinstance(items, _Items):
        return items
    return {str(at): item for at, item in items.items()}


def _merge_members(target: dict[str, Any], source: _Container) -> dict[str, Any]:
    for name, value in _named(source).items():
        target[name] = _merged(target[name], value) if name in target else value
    if isinstance(source, _Overflow) and not isinstance(target, _Overflow):
        return _overflow(target, source.last)
    return target


def _compact(value: Any) -> Any:
    """Turn items into lists, without the places that no index filled."""
    if isinstance(value, _Items):
        return [_compact(value[at]) for at in sorted(value)]
    if isinstance(value, dict):
        return {name: _compact(item) for name, item in value.items()}
    return value
