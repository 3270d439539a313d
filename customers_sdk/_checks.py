"""What an argument must be, checked before any request is made.

Only what the service refuses as well is refused here (observed, recordings ``create_*``,
``list_*``, ``wallet_*``), so that nothing the service takes is out of reach. Every
function names the argument and says what was wrong with it, and none repeats its value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Union
from urllib.parse import quote, urlencode, urlsplit

from customers_sdk.errors import ConfigurationError

Timeout = Union[float, "tuple[float, float]"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
_KEY = re.compile(r"nr_(test|live)_(sk|pk)_[\x21-\x7e]+")
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1|[^.]+\.localhost", re.IGNORECASE)
_LONGEST_KEY = 255
_INT32_MAX = 2**31 - 1
_INT64_MAX = 2**63 - 1
_LONGEST_INTEGER = 4096  # bits; Python itself stops at 4,300 digits


def utf16_length(value: str) -> int:
    """The length the service counts in: UTF-16 units (recording ``create_name_128_emoji``)."""
    return len(value) + sum(character > "\uffff" for character in value)


# --- settings of a client ----------------------------------------------------------------


def api_key(value: object) -> str:
    """A secret key, ``nr_test_sk_…`` or ``nr_live_sk_…``."""
    if not value:
        raise ConfigurationError("api_key is missing: pass it, or set NODERAILS_API_KEY")
    if not isinstance(value, str):
        raise ConfigurationError(f"api_key must be a string, not {_kind(value)}")
    if _BLANK_OR_CONTROL.search(value):
        raise ConfigurationError("api_key contains blanks or control characters")
    match = _KEY.fullmatch(value)
    if match is None:
        raise ConfigurationError("api_key must look like nr_test_sk_… or nr_live_sk_…")
    if match.group(2) == "pk":
        raise ConfigurationError("api_key is a public key (pk); the API takes a secret key (sk)")
    return value


def app_id(value: object) -> str:
    """The id of the app that new customers belong to."""
    if not value:
        raise ConfigurationError("app_id is missing: pass it, or set NODERAILS_APP_ID")
    if not isinstance(value, str):
        raise ConfigurationError(f"app_id must be a string, not {_kind(value)}")
    if _BLANK_OR_CONTROL.search(value):
        raise ConfigurationError("app_id contains blanks or control characters")
    return value


def base_url(value: object, *, allow_http: bool) -> str:
    """The service's address, without a trailing slash."""
    if not isinstance(allow_http, bool):
        raise ConfigurationError(f"allow_http must be True or False, not {_kind(allow_http)}")
    if not isinstance(value, str):
        raise ConfigurationError(f"base_url must be a string, not {_kind(value)}")
    if _BLANK_OR_CONTROL.search(value) or "\\" in value:
        raise ConfigurationError("base_url contains blanks, backslashes or control characters")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError("base_url must be an http or https URL with a host")
    if "@" in parts.netloc:
        raise ConfigurationError("base_url must not hold a user name or a password")
    if parts.query or parts.fragment or value.endswith(("?", "#")):
        raise ConfigurationError("base_url must not have a query or a fragment")
    if parts.scheme == "http" and not allow_http and not _LOOPBACK.fullmatch(host):
        raise ConfigurationError(
            "base_url is plain http, which would send the key in the clear: use https "
            "(allow_http=True overrides this)"
        )
    return value.rstrip("/")


def session(value: Any) -> Any:
    """A session of the caller's: whatever can prepare and send as `requests` does."""
    if value is None:
        return None
    if isinstance(value, type) or not (hasattr(value, "send") and hasattr(value, "prepare_request")):
        raise ConfigurationError(f"session must be a requests.Session, not {_kind(value)}")
    return value


def header_setting(value: object, name: str) -> str | None:
    """An optional setting that travels as a header."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a string, not {_kind(value)}")
    if not value.strip() or not value.isascii() or _CONTROL.search(value):
        raise ConfigurationError(f"{name} must be printable ASCII and not blank")
    return value.strip()


class Limits(NamedTuple):
    """How long a call may take and how often it may be tried.

    Attributes:
        timeout: seconds to connect, and seconds without a byte while reading.
        deadline: seconds for the whole call, every try and every wait.
        max_retries: tries beyond the first.
    """

    timeout: tuple[float, float]
    deadline: float
    max_retries: int

    def override(
        self,
        timeout: Optional[Timeout],
        deadline: Optional[float],
        max_retries: Optional[int],
    ) -> Limits:
        """These limits with the given ones in place; raises TypeError or ValueError."""
        if timeout is None and deadline is None and max_retries is None:
            return self
        return Limits(
            self.timeout if timeout is None else _timeout(timeout),
            self.deadline if deadline is None else _seconds(deadline, "deadline"),
            self.max_retries if max_retries is None else _count(max_retries, "max_retries"),
        )


def limits(timeout: Any, deadline: Any, max_retries: Any) -> Limits:
    """The limits of a client."""
    try:
        return Limits(
            _timeout(timeout), _seconds(deadline, "deadline"), _count(max_retries, "max_retries")
        )
    except (TypeError, ValueError) as error:
        text = str(error)
    raise ConfigurationError(text)


def _timeout(value: Any) -> tuple[float, float]:
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError("timeout must be seconds, or a pair of connect and read seconds")
        return (_seconds(value[0], "timeout (connect)"), _seconds(value[1], "timeout (read)"))
    seconds = _seconds(value, "timeout")
    return (seconds, seconds)


def _seconds(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {_kind(value)}")
    if not 0 < value <= 86_400:  # nor is NaN
        raise ValueError(f"{name} must be more than 0 seconds and at most a day")
    return float(value)


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {_kind(value)}")
    if not 0 <= value <= 100:
        raise ValueError(f"{name} must be from 0 to 100")
    return value


# --- arguments of a call -------------------------------------------------------------------


def segment(value: object, name: str) -> str:
    """An id, percent-encoded as one path segment.

    An empty one would turn a retrieval into a list (observed, ``trailing_slash_list``).
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string, not {_kind(value)}")  # noqa: TRY004
    if not value.strip():
        raise ValueError(f"{name} is empty or blank")
    if value in (".", ".."):
        raise ValueError(f"{name} is a dot segment, which is no id")
    if _CONTROL.search(value):
        raise ValueError(f"{name} contains control characters")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise ValueError(f"{name} contains a lone surrogate") from None


def path(value: object) -> str:
    """A path below the base URL, for routes that have no method of their own."""
    if not isinstance(value, str):
        raise ValueError(f"path must be a string, not {_kind(value)}")  # noqa: TRY004
    if not value.startswith("/"):
        raise ValueError("path must start with a slash")
    if _CONTROL.search(value) or any(character in value for character in "?#\\"):
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
        raise TypeError(f"{name} must be a string, not {_kind(value)}")
    if "\0" in value:
        raise ValueError(f"{name} contains a NUL character, which the service cannot store")
    if longest is not None and (len(value) > longest or utf16_length(value) > longest):
        raise ValueError(f"{name} is longer than {longest} characters")
    return value


def external_id(value: object) -> str:
    """An external id that can be looked up."""
    checked = text(value, "external_id", 255)
    if not checked.strip():
        raise ValueError("external_id is empty or blank")
    return checked


def idempotency_key(value: object) -> str | None:
    """A caller's idempotency key; it is hashed before it is sent."""
    if value is None:
        return None
    checked = text(value, "idempotency_key", _LONGEST_KEY)
    if not checked.strip():
        raise ValueError("idempotency_key is empty or blank")
    if _CONTROL.search(checked):
        raise ValueError("idempotency_key contains control characters")
    return checked


def integer(value: object, name: str, *, least: int = 1, most: int) -> int:
    """An integer in a range; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {_kind(value)}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}")
    return value


def chain_id(value: object) -> int:
    """A chain's number; beyond 32 bits the service fails (``wallet_chainId_over_int32``)."""
    return integer(value, "chain_id", most=_INT32_MAX)


def wallet_address(value: object) -> str:
    """A wallet address; which family it must be of is the service's to say."""
    checked = text(value, "wallet_address")
    trimmed = checked.strip().strip("\ufeff")
    if not trimmed:
        raise ValueError("wallet_address is empty or blank")
    if len(trimmed) > 66:
        raise ValueError("wallet_address is longer than 66 characters")
    return checked


def page(value: object, page_size: int) -> int:
    """A page number, from 1; an offset beyond 64 bits the service fails at."""
    return integer(value, "page", most=_INT64_MAX // page_size)


def json_object(value: object, name: str) -> dict[str, Any]:
    """A JSON object: a mapping of strings to what JSON can carry, at any depth."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, not {_kind(value)}")
    return {key: json_value(item, f"{name}.{key}") for key, item in _members(value, name)}


def json_value(value: object, name: str) -> Any:
    """What JSON can carry, copied, so that what is sent is what was checked."""
    try:
        return _json(value, name)
    except RecursionError:
        pass
    raise ValueError(f"{name.partition('.')[0]} is nested too deeply, or contains itself")


def _json(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, name)
    if isinstance(value, int):
        if value.bit_length() > _LONGEST_INTEGER:
            raise ValueError(f"{name} is an integer too long to be written")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}, which JSON cannot carry")
        return value
    if isinstance(value, Mapping):
        return {key: _json(item, f"{name}.{key}") for key, item in _members(value, name)}
    if isinstance(value, (list, tuple)):
        return [_json(item, f"{name}[{index}]") for index, item in enumerate(value)]
    raise TypeError(f"{name} is of type {_kind(value)}, which JSON cannot carry")


def _members(value: Mapping[Any, Any], name: str) -> Any:
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"{name} has a key of type {_kind(key)}; keys must be strings")
        if "\0" in key:
            raise ValueError(f"{name} has a key with a NUL character, which cannot be stored")
        yield key, item


def _kind(value: object) -> str:
    return type(value).__name__


# --- requests to any route -------------------------------------------------------------------

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OURS = frozenset(
    {"x-api-key", "idempotency-key", "host", "content-length", "transfer-encoding", "connection"}
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


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
        raise TypeError(f"params must be a mapping, not {_kind(params)}")
    pairs = []
    for name, value in params.items():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if item is None:
                continue
            if not isinstance(name, str) or not isinstance(item, (str, int, float)):
                raise TypeError(f"params must map strings to strings and numbers: {name!r}")
            place = f"params[{text(name, 'a name in params')!r}]"
            checked = _json(item, place)
            written = str(checked).lower() if isinstance(checked, bool) else str(checked)
            pairs.append((name, text(written, place)))
    return urlencode(pairs, quote_via=quote, errors="replace")


def headers(value: object) -> dict[str, str]:
    """A caller's own headers; those that carry the key and frame the request are ours."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"headers must be a mapping, not {_kind(value)}")
    for name, content in value.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ValueError("headers has a name that is not an HTTP token")
        if name.lower() in _OURS:
            raise ValueError(f"headers must not set {name}")
        if not isinstance(content, str) or not content.isascii() or _CONTROL.search(content):
            raise ValueError(f"headers[{name!r}] must be printable ASCII")
    return dict(value)
