"""The service's schemas: which input is refused, with which issues, in which order.

The service validates with zod 3, whose issues reach the caller as they are; the recordings of
``create``, ``list`` and ``wallets`` fix the texts and the order of the keys within an issue.
"""

from __future__ import annotations

import math
import re
from typing import Any, Callable

from customers_sdk.sandbox.express import javascript

Issue = dict[str, Any]
Check = Callable[[Any, str], list[Issue]]

_MISSING = object()
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE | re.ASCII
)
_EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)[A-Z0-9_'+\-.]*[A-Z0-9_+\-]@(?:[A-Z0-9][A-Z0-9\-]*\.)+[A-Z]{2,}\Z",
    re.IGNORECASE | re.ASCII,
)
_EVM = re.compile(r"0x[0-9a-f]{40}\Z", re.ASCII)
_SUI = re.compile(r"(?:0x)?[0-9a-f]{1,64}\Z", re.ASCII)
_SOLANA = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}\Z", re.ASCII)
_ADDRESS_TEXT = (
    "Invalid wallet address — use EVM (0x + 40 hex), Solana base58, or Sui (0x + up to 64 hex)"
)
_FAMILY_NAMES = {"evm": "EVM", "solana": "Solana", "sui": "Sui"}

FAMILIES = tuple(_FAMILY_NAMES)
_LONGEST_ADDRESS = 66
# The longest of each, in UTF-16 units.
_LONGEST = {
    "externalId": 255,
    "email": 255,
    "name": 255,
    "address": 500,
    "city": 255,
    "state": 255,
    "country": 255,
    "postalCode": 50,
}


class Invalid(Exception):  # noqa: N818 - reads as a verdict
    """Input that breaks the schema; `issues` go into the answer's ``details``."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__(issues)
        self.issues = issues

    @property
    def message(self) -> str:
        """The issues as the service joins them: ``path: text; path: text``."""
        return "; ".join(f"{'.'.join(issue['path'])}: {issue['message']}" for issue in self.issues)


def creation(body: Any) -> dict[str, Any]:
    """Return the known fields of a create; raise `Invalid` if its body breaks the schema."""
    return _object(body, {"appId": (_uuid, True), **_customer_fields()})


def change(body: Any) -> dict[str, Any]:
    """Return the known fields of an update; ``appId`` and unknown ones are dropped unchecked."""
    return _object(body, _customer_fields())


def wallet(body: Any) -> dict[str, Any]:
    """Return ``chainId`` and ``walletAddress``, both of which an add-wallet requires."""
    return _object(body, {"chainId": (_chain_id, True), "walletAddress": (_wallet_address, True)})


def listing(query: dict[str, Any]) -> dict[str, Any]:
    """Return a list's parameters, numbers read as ``Number()`` does, with the defaults.

    Unknown parameters are ignored (recording ``list_unknown_param``).
    """
    numbers = {
        name: javascript.to_number(query[name]) for name in ("page", "pageSize") if name in query
    }
    fields: dict[str, tuple[Check, bool]] = {
        "appId": (_uuid, False),
        "page": (_positive(), False),
        "pageSize": (_positive(maximum=100), False),
        "search": (_text(255), False),
    }
    return {"page": 1.0, "pageSize": 20.0, **_object({**query, **numbers}, fields)}


def normalised_address(family: str, address: str) -> str:
    """Return the address as it is stored on a chain of that family.

    Observed: EVM is trimmed and lowercased, Solana keeps its case, Sui is lowercased and gets its
    ``0x`` but no padding. Raises ``ValueError`` with the service's text for an address of another
    family.
    """
    lowered = javascript.trim(address).lower()
    if family == "evm" and _EVM.match(lowered):
        return lowered
    if family == "solana" and _SOLANA.match(address):
        return address
    if family == "sui" and _SUI.match(lowered):
        return lowered if lowered.startswith("0x") else f"0x{lowered}"
    raise ValueError(f"Invalid {_FAMILY_NAMES[family]} wallet address")


def _customer_fields() -> dict[str, tuple[Check, bool]]:
    fields: dict[str, tuple[Check, bool]] = {
        name: (_text(longest, email=name == "email"), False) for name, longest in _LONGEST.items()
    }
    fields["metadata"] = (_metadata, False)
    return fields


def _object(value: Any, fields: dict[str, tuple[Check, bool]]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid([_wrong_type("object", value, None)])
    issues: list[Issue] = []
    known: dict[str, Any] = {}
    for name, (check, required) in fields.items():
        item = value.get(name, _MISSING)
        if item is not _MISSING or required:
            issues += check(item, name)
            known[name] = item
    if issues:
        raise Invalid(issues)
    return known


def _kind(value: Any) -> str:
    if value is _MISSING:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _wrong_type(expected: str, value: Any, name: str | None) -> Issue:
    received = _kind(value)
    message = "Required" if value is _MISSING else f"Expected {expected}, received {received}"
    path = [] if name is None else [name]
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": path,
        "message": message,
    }


def _bound(
    code: str, limit: int, kind: str, message: str, name: str, *, inclusive: bool = True
) -> Issue:
    side = "maximum" if code == "too_big" else "minimum"
    return {
        "code": code,
        side: limit,
        "type": kind,
        "inclusive": inclusive,
        "exact": False,
        "message": message,
        "path": [name],
    }


def _too_long(limit: int, name: str) -> Issue:
    return _bound(
        "too_big", limit, "string", f"String must contain at most {limit} character(s)", name
    )


def _bad_format(kind: str, name: str) -> Issue:
    return {
        "validation": kind,
        "code": "invalid_string",
        "message": f"Invalid {kind}",
        "path": [name],
    }


def _uuid(value: Any, name: str) -> list[Issue]:
    if not isinstance(value, str):
        return [_wrong_type("string", value, name)]
    return [] if _UUID.match(value) else [_bad_format("uuid", name)]


def _text(maximum: int, *, email: bool = False) -> Check:
    def check(value: Any, name: str) -> list[Issue]:
        if not isinstance(value, str):
            return [_wrong_type("string", value, name)]
        issues = [_bad_format("email", name)] if email and not _EMAIL.match(value) else []
        if javascript.utf16_length(value) > maximum:
            issues.append(_too_long(maximum, name))
        return issues

    return check


def _metadata(value: Any, name: str) -> list[Issue]:
    return [] if isinstance(value, dict) else [_wrong_type("object", value, name)]


def _positive(*, maximum: int | None = None) -> Check:
    def check(value: Any, name: str) -> list[Issue]:
        if not isinstance(value, float) or math.isnan(value):
            return [_wrong_type("number", value, name)]
        issues: list[Issue] = []
        if not value.is_integer():
            text = "Expected integer, received float"
            issues.append(
                {
                    "code": "invalid_type",
                    "expected": "integer",
                    "received": "float",
                    "message": text,
                    "path": [name],
                }
            )
        if value <= 0:
            text = "Number must be greater than 0"
            issues.append(_bound("too_small", 0, "number", text, name, inclusive=False))
        if maximum is not None and value > maximum:
            text = f"Number must be less than or equal to {maximum}"
            issues.append(_bound("too_big", maximum, "number", text, name))
        return issues

    return check


_chain_id = _positive()


def _wallet_address(value: Any, name: str) -> list[Issue]:
    if not isinstance(value, str):
        return [_wrong_type("string", value, name)]
    issues: list[Issue] = []
    if not value:
        text = "String must contain at least 1 character(s)"
        issues.append(_bound("too_small", 1, "string", text, name))
    if javascript.utf16_length(value) > _LONGEST_ADDRESS:
        issues.append(_too_long(_LONGEST_ADDRESS, name))
    if not _in_some_family(value):
        issues.append({"code": "custom", "message": _ADDRESS_TEXT, "path": [name]})
    return issues


def _in_some_family(address: str) -> bool:
    lowered = javascript.trim(address).lower()
    return bool(_EVM.match(lowered) or _SUI.match(lowered) or _SOLANA.match(address))
