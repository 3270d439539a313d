"""Query strings as Express 4 reads them: repeated names make lists, brackets make objects."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

_BAD_PERCENT = re.compile("%(?![0-9a-fA-F]{2})")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_MOST_PAIRS = 1000


def decode_component(text: str) -> str:
    """Undoes percent-encoding as ``decodeURIComponent``; ``ValueError`` where that throws."""
    if _BAD_PERCENT.search(text):
        raise ValueError("a percent sign without two hexadecimal digits")
    return unquote_to_bytes(text).decode("utf-8")


def parse_query(query: str) -> dict[str, Any]:
    """The query's parameters: each a string, a list (repeated) or a dict (``name[key]=``).

    A value that cannot be decoded stays as it was sent (recording ``list_search_bad_percent``). Of
    nested brackets only the first level is kept: no parameter of this API has a second.
    """
    parameters: dict[str, Any] = {}
    for pair in query.split("&")[:_MOST_PAIRS]:
        if pair:
            name, _, value = pair.partition("=")
            _add(parameters, _decode(name), _decode(value))
    return parameters


def _decode(text: str) -> str:
    spaced = text.replace("+", " ")
    try:
        return decode_component(spaced)
    except ValueError:
        return spaced


def _add(parameters: dict[str, Any], name: str, value: str) -> None:
    bracket = _BRACKETS.search(name)
    if bracket is None or bracket.start() == 0:
        earlier = parameters.get(name)
        if earlier is None:
            parameters[name] = value
        else:
            parameters[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        return
    parent, key = name[: bracket.start()], bracket.group(1)
    held = parameters.get(parent)
    if not key or key.isdigit():
        earlier_items = held if isinstance(held, list) else [] if held is None else [held]
        parameters[parent] = [*earlier_items, value]
    else:
        parameters[parent] = {**(held if isinstance(held, dict) else {}), key: value}
