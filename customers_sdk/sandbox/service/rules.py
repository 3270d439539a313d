"""The service's schemas: which input is refused, with which issues, in which order.

The service validates with zod 3, whose issues reach the caller as they are; the recordings of
``create``, ``list`` and ``wallets`` fix the texts and the order of the keys within an issue.
"""

from __future__ import annotations

import math
import operator
import re
from typing import Any, Callable, NamedTuple

from customers_sdk.sandbox.express import javascript
from customers_sdk.sandbox.service.answers import Refusal

Issue = dict[str, Any]

_MISSING = object()
_KINDS: dict[type, str] = {
    object: "undefined",
    type(None): "null",
    bool: "boolean",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE | re.ASCII
)
_EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)[A-Z0-9_'+\-.]*[A-Z0-9_+\-]@(?:[A-Z0-9][A-Z0-9\-]*\.)+[A-Z]{2,}\Z",
    re.IGNORECASE | re.ASCII,
)
_ADDRESSES = {
    "evm": re.compile(r"0x[0-9a-f]{40}\Z", re.ASCII),
    "solana": re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}\Z", re.ASCII),
    "sui": re.compile(r"(?:0x)?[0-9a-f]{1,64}\Z", re.ASCII),
}
FAMILIES = tuple(_ADDRESSES)
_FAMILY_NAMES = {"evm": "EVM", "solana": "Solana", "sui": "Sui"}
_ADDRESS_TEXT = (
    "Invalid wallet address — use EVM (0x + 40 hex), Solana base58, or Sui (0x + up to 64 hex)"
)
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


class _Rule(NamedTuple):
    """What breaks a rule, and the issue that this is; the field's path is still to be filled in."""

    broken_by: Callable[[Any], bool]
    issue: Issue


class _Field(NamedTuple):
    kind: str
    rules: tuple[_Rule, ...] = ()
    required: bool = False


def _bound(
    code: str, limit: int, text: str, broken_by: Callable[[Any], bool], *, inclusive: bool = True
) -> _Rule:
    kind = "string" if text.startswith("String") else "number"
    side = "maximum" if code == "too_big" else "minimum"
    issue = {"code": code, side: limit, "type": kind, "inclusive": inclusive, "exact": False}
    return _Rule(broken_by, {**issue, "message": text, "path": []})


def _at_most(longest: int) -> _Rule:
    text = f"String must contain at most {longest} character(s)"
    return _bound("too_big", longest, text, lambda value: javascript.utf16_length(value) > longest)


def _format(kind: str, pattern: re.Pattern[str]) -> _Rule:
    issue = {"validation": kind, "code": "invalid_string", "message": f"Invalid {kind}", "path": []}
    return _Rule(lambda value: not pattern.match(value), issue)


def _in_no_family(address: str) -> bool:
    return not any(one.match(_on(family, address)) for family, one in _ADDRESSES.items())


def _on(family: str, address: str) -> str:
    return address if family == "solana" else javascript.trim(address).lower()


_FRACTION = {"code": "invalid_type", "expected": "integer", "received": "float"}
_WHOLE = _Rule(
    lambda number: not number.is_integer(),
    {**_FRACTION, "message": "Expected integer, received float", "path": []},
)
_POSITIVE = _bound(
    "too_small", 0, "Number must be greater than 0", lambda number: number <= 0, inclusive=False
)
_UP_TO_100 = _bound("too_big", 100, "Number must be less than or equal to 100", lambda n: n > 100)
_NOT_EMPTY = _bound("too_small", 1, "String must contain at least 1 character(s)", operator.not_)
_OF_A_FAMILY = _Rule(_in_no_family, {"code": "custom", "message": _ADDRESS_TEXT, "path": []})

_APP_ID = _Field("string", (_format("uuid", _UUID),))
_ADDRESS = (_NOT_EMPTY, _at_most(66), _OF_A_FAMILY)
# Each in the order in which the service lists its issues.
_CUSTOMER_FIELDS = {
    **{name: _Field("string", (_at_most(longest),)) for name, longest in _LONGEST.items()},
    "email": _Field("string", (_format("email", _EMAIL), _at_most(_LONGEST["email"]))),
    "metadata": _Field("object"),
}
_CREATION_FIELDS = {"appId": _APP_ID._replace(required=True), **_CUSTOMER_FIELDS}
_WALLET_FIELDS = {
    "chainId": _Field("number", (_WHOLE, _POSITIVE), required=True),
    "walletAddress": _Field("string", _ADDRESS, required=True),
}
_LIST_PARAMETERS = {
    "appId": _APP_ID,
    "page": _Field("number", (_WHOLE, _POSITIVE)),
    "pageSize": _Field("number", (_WHOLE, _POSITIVE, _UP_TO_100)),
    "search": _Field("string", (_at_most(255),)),
}


def creation(body: Any) -> dict[str, Any]:
    """Return the known fields of a create; raise `Refusal` if its body breaks the schema."""
    return _object(body, _CREATION_FIELDS)


def change(body: Any) -> dict[str, Any]:
    """Return the known fields of an update; ``appId`` and unknown ones are dropped unchecked."""
    return _object(body, _CUSTOMER_FIELDS)


def wallet(body: Any) -> dict[str, Any]:
    """Return ``chainId`` and ``walletAddress``, both of which an add-wallet requires."""
    return _object(body, _WALLET_FIELDS)


def listing(query: dict[str, Any]) -> dict[str, Any]:
    """Return a list's parameters, numbers read as ``Number()`` does, with the defaults.

    Unknown parameters are ignored (recording ``list_unknown_param``).
    """
    numbers = {
        name: javascript.to_number(query[name]) for name in ("page", "pageSize") if name in query
    }
    return {"page": 1.0, "pageSize": 20.0, **_object({**query, **numbers}, _LIST_PARAMETERS)}


def normalised_address(family: str, address: str) -> str:
    """Return the address as it is stored on a chain of that family.

    Observed: EVM is trimmed and lowercased, Solana keeps its case, Sui is lowercased and gets its
    ``0x`` but no padding. Raises ``ValueError`` with the service's text for an address of another
    family.
    """
    address = _on(family, address)
    if not _ADDRESSES[family].match(address):
        raise ValueError(f"Invalid {_FAMILY_NAMES[family]} wallet address")
    return f"0x{address}" if family == "sui" and not address.startswith("0x") else address


def _object(value: Any, fields: dict[str, _Field]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid([_wrong_type("object", value)])
    issues: list[Issue] = []
    known: dict[str, Any] = {}
    for name, field in fields.items():
        item = value.get(name, _MISSING)
        if item is not _MISSING or field.required:
            known[name] = item
            issues += [{**issue, "path": [name]} for issue in _issues(item, field)]
    if issues:
        raise _invalid(issues)
    return known


def _invalid(issues: list[Issue]) -> Refusal:
    texts = (f"{'.'.join(issue['path'])}: {issue['message']}" for issue in issues)
    return Refusal(400, "; ".join(texts), details=issues)


def _issues(value: Any, field: _Field) -> list[Issue]:
    if _kind(value) != field.kind:
        return [_wrong_type(field.kind, value)]
    return [rule.issue for rule in field.rules if rule.broken_by(value)]


def _kind(value: Any) -> str:
    return "nan" if isinstance(value, float) and math.isnan(value) else _KINDS[type(value)]


def _wrong_type(expected: str, value: Any) -> Issue:
    received = _kind(value)
    text = "Required" if value is _MISSING else f"Expected {expected}, received {received}"
    issue = {"code": "invalid_type", "expected": expected, "received": received, "path": []}
    return {**issue, "message": text}
