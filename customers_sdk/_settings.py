"""What a client's settings must be, and the limits of its calls.

Every function says which setting is wrong and why, and never its value: one of them is the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Optional, SupportsIndex, Union
from urllib.parse import urlsplit

from customers_sdk._checks import CONTROL, kind_of
from customers_sdk.errors import ConfigurationError

Timeout = Union[float, "tuple[float, float]"]

_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
_KEY = re.compile(r"nr_(test|live)_(sk|pk)_[\x21-\x7e]+")
# Compiled when first used, as few clients ever do.
_LOOPBACK = r"(?i)localhost|127(\.[0-9]{1,3}){3}|::1|[^.]+\.localhost"

# Seconds; more than that was meant in milliseconds.
_LONGEST_TIMEOUT = 600
_LONGEST_DEADLINE = 3600

#: The environment variables that stand in for arguments that are not given.
VARIABLES = {name: f"NODERAILS_{name.upper()}" for name in ("api_key", "app_id", "base_url")}


class Secret(str):
    """A text that stays out of reports on errors, which show the variables of each frame.

    No ``repr`` shows it, nor its slices. It is for values that wait in variables: what is handed to
    `requests` is a plain `str` (``str(secret)``), the type that other tools expect in a request.
    """

    __slots__ = ()

    def __getitem__(self, index: Union[SupportsIndex, slice[Any, Any, Any]]) -> Secret:
        return Secret(super().__getitem__(index))

    def __repr__(self) -> str:
        return "'***'"


def _refusal(setting: str, problem: str, advice: str = "") -> ConfigurationError:
    """Build the error for a setting; ``advice`` is for callers of `Client` alone."""
    text = f"{setting} {problem}: {advice}" if advice else f"{setting} {problem}"
    return ConfigurationError(text, setting=setting, problem=problem)


def _word(value: object, setting: str) -> str:
    if not value:
        raise _refusal(setting, "is missing", f"pass it, or set {VARIABLES[setting]}")
    if not isinstance(value, str):
        raise _refusal(setting, f"must be a string, not {kind_of(value)}")
    if _BLANK_OR_CONTROL.search(value):
        raise _refusal(setting, "contains blanks or control characters")
    return value


def api_key(value: object) -> str:
    """A secret key, ``nr_test_sk_…`` or ``nr_live_sk_…``."""
    key = _word(value, "api_key")
    match = _KEY.fullmatch(key)
    if match is None:
        raise _refusal("api_key", "must look like nr_test_sk_… or nr_live_sk_…")
    if match.group(2) == "pk":
        raise _refusal("api_key", "is a public key (pk); the API takes a secret key (sk)")
    return key


def app_id(value: object) -> str:
    """The id of the app that new customers belong to."""
    return _word(value, "app_id")


def base_url(value: object, *, allow_http: bool) -> str:
    """The service's address, without a trailing slash."""
    if not isinstance(allow_http, bool):
        raise _refusal("allow_http", f"must be True or False, not {kind_of(allow_http)}")
    if not isinstance(value, str):
        raise _refusal("base_url", f"must be a string, not {kind_of(value)}")
    if _BLANK_OR_CONTROL.search(value) or "\\" in value:
        raise _refusal("base_url", "contains blanks, backslashes or control characters")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise _refusal("base_url", "must be an http or https URL with a host")
    if "@" in parts.netloc:
        raise _refusal("base_url", "must not hold a user name or a password")
    if parts.query or parts.fragment or value.endswith(("?", "#")):
        raise _refusal("base_url", "must not have a query or a fragment")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        advice = "use https, or pass allow_http=True"
        raise _refusal("base_url", "is plain http, which would send the key in the clear", advice)
    return value.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, to which a key may go in the clear."""
    return re.fullmatch(_LOOPBACK, host) is not None


def session(value: Any) -> Any:
    """A session of the caller's, or None."""
    import requests  # the client has it already; who only checks settings does without

    if value is None or isinstance(value, requests.Session):
        return value
    package = type(value).__module__.partition(".")[0]
    name = kind_of(value) if package == "builtins" else f"{package}.{kind_of(value)}"
    raise _refusal("session", f"must be a requests.Session, not {name}")


def observer(value: Any) -> Any:
    """What is told of each request, or None."""
    if value is not None and not callable(value):
        raise _refusal("on_attempt", f"must be callable, not {kind_of(value)}")
    return value


def header_setting(value: object, name: str) -> str | None:
    """An optional setting that travels as a header."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise _refusal(name, f"must be a string, not {kind_of(value)}")
    if not value.strip() or not value.isascii() or CONTROL.search(value):
        raise _refusal(name, "must be printable ASCII and not blank")
    return value.strip()


class Limits(NamedTuple):
    """How long a call may take and how often it may be tried."""

    timeout: tuple[float, float]  # seconds to connect, and seconds without a byte while reading
    deadline: float  # seconds for the whole call, every try and every wait
    max_retries: int  # after the first try

    def override(
        self, timeout: Optional[Timeout], deadline: Optional[float], max_retries: Optional[int]
    ) -> Limits:
        """These limits with the given ones in place; raises TypeError or ValueError."""
        if timeout is None and deadline is None and max_retries is None:
            return self
        return Limits(
            self.timeout if timeout is None else _checked("timeout", timeout),
            self.deadline if deadline is None else _checked("deadline", deadline),
            self.max_retries if max_retries is None else _checked("max_retries", max_retries),
        )


def limits(**given: Any) -> Limits:
    """The limits of a client, under their names."""
    return Limits(**{name: _checked(name, value, setting=True) for name, value in given.items()})


def _checked(name: str, value: Any, *, setting: bool = False) -> Any:
    """Check a limit of a call or, as its setting, of a client."""
    try:
        return _CHECKS[name](value)
    except (TypeError, ValueError) as error:
        kind, problem = type(error), str(error)
    raise _refusal(name, problem) if setting else kind(f"{name} {problem}")


# The texts of these lack a name: `_checked` puts it first.


def _timeout(value: Any) -> tuple[float, float]:
    if not isinstance(value, (tuple, list)):
        seconds = _wait(value)
        return (seconds, seconds)
    if len(value) != 2:
        raise ValueError("must be seconds, or a pair of connect and read seconds")
    return (_checked("(connect)", value[0]), _checked("(read)", value[1]))


def _wait(value: Any) -> float:
    return _seconds(value, _LONGEST_TIMEOUT)


def _seconds(value: Any, most: int = _LONGEST_DEADLINE) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"must be a number of seconds, not {kind_of(value)}")
    if not 0 < value <= most:  # nor is NaN
        problem = "it is in seconds, not in milliseconds" if value > most else "it must be positive"
        raise ValueError(f"must be more than 0 and at most {most} seconds: {problem}")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"must be an integer, not {kind_of(value)}")
    if not 0 <= value <= 100:
        raise ValueError("must be from 0 to 100")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "timeout": _timeout,
    "(connect)": _wait,
    "(read)": _wait,
    "deadline": _seconds,
    "max_retries": _count,
}
