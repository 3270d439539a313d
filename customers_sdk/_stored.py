"""What the service makes of a value: how it is stored, and whether a record holds what was sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from customers_sdk._checks import trimmed


def stored_text(text: str) -> str:
    """``text`` as the service stores it: a lone surrogate becomes U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def comparable_address(address: str) -> str:
    """A wallet address in the one form that all of its spellings share.

    The service lowercases EVM and Sui addresses and puts ``0x`` before a Sui address that has
    none; a Solana address never begins so. Solana's keep their case, but two that differ in
    case only cannot both be met in the response to one request.
    """
    return trimmed(stored_text(address)).lower().removeprefix("0x")


def same(sent: Any, stored: Any) -> bool:
    """Whether ``stored`` is what the service makes of ``sent``, however deeply nested."""
    pairs = [(sent, stored)]
    while pairs:
        sent, stored = pairs.pop()
        if isinstance(sent, Mapping):
            # `__proto__` is swallowed by a JavaScript service.
            names = {stored_text(key): value for key, value in sent.items() if key != "__proto__"}
            if not isinstance(stored, Mapping) or names.keys() != stored.keys() - {"__proto__"}:
                return False
            pairs += [(value, stored[name]) for name, value in names.items()]
        elif isinstance(sent, (list, tuple)):
            if not isinstance(stored, (list, tuple)) or len(sent) != len(stored):
                return False
            pairs += zip(sent, stored)
        elif not _same_scalar(sent, stored):
            return False
    return True


def _same_scalar(sent: Any, stored: Any) -> bool:
    if isinstance(sent, str):
        return isinstance(stored, str) and stored_text(sent) == stored
    if isinstance(sent, bool) or sent is None:
        return sent is stored
    # Numbers lose what a double cannot hold, and come back as null beyond its range.
    if stored is None:
        return bool(abs(sent) > sys.float_info.max)
    if isinstance(stored, bool) or not isinstance(stored, (int, float)):
        return False
    try:
        return float(sent) == float(stored)
    except OverflowError:
        return False


def differs(sent: Mapping[str, Any], record: object) -> str | None:
    """The first field of ``record`` that is not what was sent, allowing for storage, or None."""
    for name, value in sent.items():
        stored = getattr(record, name)
        if name == "metadata":
            # One that is not an object reads as {} and is kept here.
            stored = getattr(record, "extra", {}).get(name, stored)
        if name == "wallet_address":
            value, stored = comparable_address(value), comparable_address(stored)  # noqa: PLW2901
        if not same(value, stored):
            return name
    return None
