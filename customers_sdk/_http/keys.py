"""Idempotency keys: drawn, and scoped.

The service's keys are global and need no authentication (recordings
``idem_no_api_key_same_key`` and ``idem_other_path_same_key``): any caller who
sends a key that was used before is handed the first response, also under another API key and on
another route. So no key goes out as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os


def draw() -> str:
    """A new random key, 128 bits in hexadecimal."""
    return os.urandom(16).hex()


def scope(
    api_key: str, app_id: str | None, method: str, path: str, key: str, generation: int = 0
) -> str:
    """The header for ``key``: the same in every process, and worth nothing to others.

    Args:
        api_key: the secret that makes the header unguessable. A rotated key changes it.
        app_id, method, path: where the key is used; the same key elsewhere is another. An
            ``app_id`` of None is for a key that clients of all apps share.
        key: the caller's key, or a drawn one.
        generation: how often the header was given up because a rate limit's response is
            stored under it.

    Returns:
        64 hexadecimal digits of HMAC-SHA256.
    """
    parts: list[str | int | None] = [app_id, method, path, key]
    if generation:
        parts.append(generation)
    message = json.dumps(parts, separators=(",", ":")).encode()
    return hmac.new(api_key.encode(), message, hashlib.sha256).hexdigest()
