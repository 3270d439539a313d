"""What an argument must be, checked before any request is made.

Only what the service refuses as well is refused here (observed, recordings ``create_*``,
``list_*``, ``wallet_*``), so that nothing the service takes is out of reach. Every
function names the argument and says what was wrong with it, and none repeats its value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LARGEST_PAGE = 100
_INT32_MAX = 2**31 - 1
_INT64_MAX = 2**63 - 1
_LONGEST_INTEGER = 4096  # bits; Python itself stops at 4,300 digits

# What JavaScript trims.
_BLANKS = " \t\n\v\f\r\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def trimmed(value: str) -> str:
    """A string without the blanks around it that the service takes off an address."""
    return value.strip(_BLANKS)


def kind_of(value: object) -> str:
    """The name of a value's type, for an error's text."""
    return type(value).__name__


def utf16_length(value: str) -> int:
    """The length the service counts in: UTF-16 units (recording ``create_name_128_emoji``)."""
    return len(value) + sum(character > "\uffff" for character in value)


def segment(value: object, name: str) -> str:
    """An id, percent-encoded as one path segment.

    An empty one would turn a retrieval into a list (observed, ``trailing_slash_list``).
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string, not {kind_of(value)}")  # noqa: TRY004
    if not value.strip():
        raise ValueError(f"{name} is empty or blank")
    if value in (".", ".."):
        raise ValueError(f"{name} is a dot segment, which is not a valid id")
    if CONTROL.search(value):
        raise ValueError(f"{name} contains control characters")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise ValueError(f"{name} contains a lone surrogate") from None


def path(value: object) -> str:
    """A path below the base URL, for routes that have no method of their own."""
    if not isinstance(value, str):
        raise ValueError(f"path must be a string, not {kind_of(value)}")  # noqa: TRY004
    if not value.startswith("/"):
        raise ValueError("path must start with a slash")
    if CONTROL.search(value) or any(character in value for character in "?#\\"):
        raise ValueError("path contains control characters, '?', '#' or a backslash")
    for part in value[1:].split("/"):
        if not part.strip():
            raise ValueError("path has an empty segment: an empty id would ask for a list")
        if part.lower().replace("%2e", ".") in (".", ".."):
            raise ValueError("path has a dot segment")
    try:
        return quote(value, safe="/%:@!$&'()*+,;=~")
    except UnicodeEncodeError:
        raise ValueError("path contains a lone surrogate") from None


def text(value: object, name: str, longest: int | None = None) -> str:
    """A string the service can store, of at most ``longest`` UTF-16 units."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {kind_of(value)}")
    if "\0" in value:
        raise ValueError(f"{name} contains a NUL character, which the service cannot store")
    if longest is not None and (len(value) > longest or utf16_length(value) > longest):
        raise ValueError(f"{name} is longer than {longest} characters")
    return value


def sought(value: object, name: str) -> str:
    """A text that something can be looked up by, such as an external id."""
    checked = text(value, name, 255)
    if not checked.strip():
        raise ValueError(f"{name} is empty or blank")
    return checked


def member_names(value: object, name: str) -> frozenset[str]:
    """Names of members of an object; one string is not several names."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a list of names, not {kind_of(value)}")
    names = tuple(value)
    for each in names:
        if not isinstance(each, str):
            raise TypeError(f"{name} must hold strings, not {kind_of(each)}")
    return frozenset(names)


def idempotency_key(value: object) -> str | None:
    """A caller's idempotency key; it is hashed before it is sent."""
    if value is None:
        return None
    checked = sought(value, "idempotency_key")
    if CONTROL.search(checked):
        raise ValueError("idempotency_key contains control characters")
    return checked


def flag(value: object, name: str) -> None:
    """True or False, and nothing that is taken for one of them."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {kind_of(value)}")


def integer(value: object, name: str, *, least: int = 1, most: int) -> int:
    """An integer in a range; True and False are not integers."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {kind_of(value)}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}")
    return value


def chain_id(value: object) -> int:
    """A chain's number; beyond 32 bits the service fails (``wallet_chainId_over_int32``)."""
    return integer(value, "chain_id", most=_INT32_MAX)


def wallet_address(value: object) -> str:
    """A wallet address; which family it must be of is the service's to say."""
    checked = text(value, "wallet_address")
    length = len(trimmed(checked))
    if not length:
        raise ValueError("wallet_address is empty or blank")
    if length > 66:
        raise ValueError("wallet_address is longer than 66 characters")
    return checked


def page(value: object, page_size: int) -> int:
    """A page number, from 1; an offset beyond 64 bits the service fails at."""
    return integer(value, "page", most=_INT64_MAX // page_size)


def metadata(value: object, name: str = "metadata") -> dict[str, Any]:
    """The metadata of a customer, copied: a JSON object that is stored as it is sent.

    The service's database takes an object with a ``$type`` of its own for a tagged value and
    stores something else, and fails at a lone surrogate (both observed).
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, not {kind_of(value)}")
    checked: dict[str, Any] = json_value(value, name, surrogates=False)
    if checked.get("$type") in _TAGS:
        raise ValueError(
            f"{name} has a '$type' of {checked['$type']!r} at its top level, which the service "
            "does not store as it is: use another name, or put it one level deeper"
        )
    return checked


# Types of tagged values in the service's database layer.
_TAGS = ["BigInt", "Bytes", "DateTime", "Decimal", "Enum", "FieldRef", "Json", "Param", "Raw"]
_DEEPEST = 1000


def json_value(value: object, name: str, *, surrogates: bool = True) -> Any:
    """What JSON can carry, copied, so that what is sent is what was checked.

    That is mappings with string keys, lists, tuples, strings, numbers, True, False and None, up
    to 1,000 levels deep. Strings may hold lone ``surrogates`` or not.
    """
    # No recursion, which would end at a few hundred levels. For each open container: where in
    # it we are; and its copy with what is left of it.
    root: dict[str, Any] = {}
    place: list[Any] = [name]
    opened: list[tuple[Any, Iterator[tuple[Any, Any]]]] = [(root, iter([(name, value)]))]
    while opened:
        holder, rest = opened[-1]
        for key, item in rest:
            copy, members = item, None
            if isinstance(holder, dict):
                _check_key(key, place, surrogates=surrogates)
            place[-1] = key
            if isinstance(item, Mapping):
                copy, members = {}, iter(item.items())
            elif isinstance(item, (list, tuple)):
                copy, members = [], enumerate(item)
            else:
                _check_scalar(item, place, surrogates=surrogates)
            if isinstance(holder, dict):
                holder[key] = copy
            else:
                holder.append(copy)
            if members is not None:
                if len(place) > _DEEPEST:
                    most = f"{_DEEPEST} levels at most"
                    raise ValueError(f"{name} is nested too deeply, or contains itself: {most}")
                place.append(None)
                opened.append((copy, members))
                break
        else:
            place.pop()
            opened.pop()
    return root[name]


def _where(place: list[Any]) -> str:
    """A place in an argument, at most 200 characters long and printable: ``metadata.a[0]``."""
    name, *steps = place
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps]
    text = f"{name}{''.join(steps)}".encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 200 else f"{text[:100]}…{text[-99:]}"


def _check_scalar(value: object, place: list[Any], *, surrogates: bool = True) -> None:
    if isinstance(value, str):
        if flaw := _flaw(value, surrogates=surrogates):
            raise ValueError(f"{_where(place)} contains {flaw}, which the service cannot store")
    elif isinstance(value, int):
        if value.bit_length() > _LONGEST_INTEGER:
            raise ValueError(f"{_where(place)} is an integer too long to be written")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{_where(place)} is {value}, which JSON cannot carry")
    elif value is not None:
        raise TypeError(f"{_where(place)} is of type {kind_of(value)}, which JSON cannot carry")


def _check_key(key: object, place: list[Any], *, surrogates: bool) -> None:
    if not isinstance(key, str):
        whose = _where(place[:-1])
        raise TypeError(f"{whose} has a key of type {kind_of(key)}; keys must be strings")
    if flaw := _flaw(key, surrogates=surrogates):
        raise ValueError(f"{_where(place[:-1])} has a key with {flaw}, which cannot be stored")


def _flaw(value: str, *, surrogates: bool) -> str | None:
    """What the service cannot store of a string."""
    if "\0" in value:
        return "a NUL character"
    try:
        if not surrogates:
            value.encode()
    except UnicodeEncodeError:
        return "a lone surrogate"
    return None


# The longest the service takes, in UTF-16 units (documented; recordings ``create_*_256``).
_LONGEST = {
    "external_id": 255,
    "email": 255,
    "name": 255,
    "address": 500,
    "city": 255,
    "state": 255,
    "country": 255,
    "postal_code": 50,
}
CUSTOMER_FIELDS = (*_LONGEST, "metadata")


def customer_fields(fields: Mapping[str, Any], absent: object = ...) -> dict[str, Any]:
    """The fields of a customer to send, but those that are ``absent``; None is sent as null."""
    return {
        name: value
        if value is None
        else metadata(value)
        if name == "metadata"
        else text(value, name, _LONGEST[name])
        for name, value in fields.items()
        if value is not absent
    }


# --- requests to any route -------------------------------------------------------------------

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OURS = {"x-api-key", "x-request-id", "idempotency-key", "content-type"}
_OURS |= {"host", "content-length", "transfer-encoding", "connection"}
# Compiled when first used, as few clients ever do.
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"


def method(value: object) -> str:
    """An HTTP method, upper case."""
    upper = value.upper() if isinstance(value, str) else value
    if upper not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(_METHODS)}")
    return str(upper)


def query(params: object) -> str:
    """Encode query parameters; one that is None is left out, a list is repeated."""
    if params is None:
        return ""
    if not isinstance(params, Mapping):
        raise TypeError(f"params must be a mapping, not {kind_of(params)}")
    pairs = []
    for name, value in params.items():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if item is None:
                continue
            if not isinstance(name, str) or not isinstance(item, (str, int, float)):
                raise TypeError(f"params must map strings to strings and numbers: {name!r}")
            place = f"params[{text(name, 'a name in params')!r}]"
            _check_scalar(item, [place])
            written = str(item).lower() if isinstance(item, bool) else str(item)
            pairs.append((name, text(written, place)))
    return urlencode(pairs, quote_via=quote, errors="replace")


def headers(value: object) -> dict[str, str]:
    """A caller's own headers; those that carry the key and frame the request are ours."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"headers must be a mapping, not {kind_of(value)}")
    for name, content in value.items():
        if not isinstance(name, str) or not re.fullmatch(_HEADER_NAME, name):
            raise ValueError("headers has a name that is not an HTTP token")
        if name.lower() in _OURS:
            raise ValueError(f"headers must not set {name}")
        if not isinstance(content, str) or not content.isascii() or CONTROL.search(content):
            raise ValueError(f"headers[{name!r}] must be printable ASCII")
    return dict(value)
