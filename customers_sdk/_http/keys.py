"""Idempotency: keys, made, scoped and checked, and creations whose outcome is in doubt.

The service's keys are global and need no authentication (recordings
``idem_no_api_key_same_key`` and ``idem_other_path_same_key``): whoever sends a key
that was used before is handed the first answer, whatever they ask and whoever they
are. So no key goes out as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from customers_sdk._checks import trimmed
from customers_sdk.errors import ConflictError, CustomersError, ServerError, TransportError

T = TypeVar("T")


def draw() -> str:
    """A new random key, 128 bits in hexadecimal."""
    return os.urandom(16).hex()


def scope(api_key: str, app_id: str, method: str, path: str, key: str, generation: int = 0) -> str:
    """The header for ``key``: the same in every process, and worth nothing to others.

    Args:
        api_key: the secret that makes the header unguessable. A rotated key changes it.
        app_id, method, path: where the key is used; the same key elsewhere is another.
        key: the caller's key, or a drawn one.
        generation: how often the header was given up because a rate limit's answer is
            stored under it.

    Returns:
        64 hexadecimal digits of HMAC-SHA256.
    """
    parts: list[str | int] = [app_id, method, path, key]
    if generation:
        parts.append(generation)
    message = json.dumps(parts, separators=(",", ":")).encode()
    return hmac.new(api_key.encode(), message, hashlib.sha256).hexdigest()


_LONE_SURROGATE = "[\ud800-\udfff]"


def stored_text(text: str) -> str:
    """``text`` as the service stores it: a lone surrogate becomes U+FFFD."""
    return re.sub(_LONE_SURROGATE, "\ufffd", text)


def stored_address(address: str) -> str:
    """A wallet address in the one form that all of its spellings share.

    EVM and Sui addresses are lowercased by the service; Solana's keep their case, but
    two that differ in case only cannot both be met in the answer to one request.
    """
    return trimmed(stored_text(address)).lower()


def same(sent: Any, stored: Any) -> bool:
    """Whether ``stored`` is what the service makes of ``sent``."""
    # A list of pairs and no recursion: metadata may be nested as deeply as JSON is read.
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
    """The first field of ``record`` that is not what was sent, allowing for storage, or None.

    Args:
        sent: fields by name.
        record: the model that the answer was read into.
    """
    for name, value in sent.items():
        stored = getattr(record, name)
        if name == "wallet_address":
            value, stored = stored_address(value), stored_address(stored)  # noqa: PLW2901
        if not same(value, stored):
            return name
    return None


def made_or_found(
    make: Callable[[], T], find: Callable[[], T | None]
) -> tuple[T, CustomersError | None]:
    """Create a customer, or find the one that an attempt came too late for, or has made.

    Args:
        make: creates them.
        find: looks them up.

    Returns:
        The customer. If they were found, with the error that made it necessary: somebody
        else has just taken the id, or the answer was lost.

    Raises:
        CustomersError: as ``make``, where nobody is found or the outcome is in no doubt.
    """
    try:
        return make(), None
    except (ServerError, ConflictError, TransportError) as error:
        if not isinstance(error, ConflictError) and not error.outcome_unknown:
            raise
        found = None
        with contextlib.suppress(CustomersError):
            found = find()
        if found is None:
            raise
        return found, error
