"""Faults to inject: which request meets which, decided before it is carried out."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Optional

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_FIRST_ERROR, _LAST_STATUS = 400, 599


@dataclass
class Fault:
    """One fault that lies in wait.

    `times` is how many requests it meets (None: all until it is cleared), `after` how many it lets
    by before. `method` and `path` say whose turn it may be. What it does is in the other fields,
    all of them off by default: `delay` (seconds before the request is carried out), `status` (an
    error for an answer; `code` and `message` fill it, `html` makes it a page of a proxy,
    `retry_after` is in seconds), `held` (no answer, nothing done), `dropped` (done, no answer) and
    `database_down`.
    """

    name: str
    times: Optional[int] = 1
    after: int = 0
    method: Optional[str] = None
    path: Optional[str] = None
    delay: float = 0.0
    status: int = 0
    code: Optional[str] = None
    message: Optional[str] = None
    retry_after: Optional[int] = None
    html: bool = False
    held: bool = False
    dropped: bool = False
    database_down: bool = False
    number: int = field(default=0, init=False)
    passed: int = field(default=0, init=False)
    met: int = field(default=0, init=False)

    @property
    def ends(self) -> bool:
        """Whether the request it meets takes another course, and not just more time."""
        return bool(self.status or self.held or self.dropped or self.database_down)

    @property
    def spent(self) -> bool:
        """Whether it has met as many requests as it was to."""
        return self.times is not None and self.met >= self.times

    def concerns(self, method: str, path: str) -> bool:
        """Whether method and path are those it waits for."""
        return self.method in (None, method) and (
            self.path is None or _pattern(self.path).fullmatch(path) is not None
        )

    def to_dict(self) -> dict[str, Any]:
        """What ``/_sandbox/faults`` shows of it."""
        names = ("number", "times", "met", "method", "path", "after", "delay", "status")
        return {"fault": self.name, **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True)
class Fate:
    """What awaits one request: the seconds it takes, and the fault that ends it, if one does."""

    delay: float = 0.0
    fault: Optional[Fault] = None
    names: tuple[str, ...] = ()


class Faults:
    """The faults that lie in wait, in the order they were added; safe in threads."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._added = 0
        self._guard = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Adds one behind the others."""
        with self._guard:
            self._added += 1
            fault.number = self._added
            self._waiting.append(fault)

    def remove(self, number: int) -> bool:
        """Takes one away; whether it was there."""
        with self._guard:
            before = len(self._waiting)
            self._waiting = [fault for fault in self._waiting if fault.number != number]
            return len(self._waiting) < before

    def clear(self) -> None:
        """Takes all away."""
        with self._guard:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Those that are not spent."""
        with self._guard:
            return [fault.to_dict() for fault in self._waiting]

    def fate_of(self, method: str, path: str) -> Fate:
        """Decides what awaits a request: delays add up, the first fault that ends it does."""
        delay, ending, names = 0.0, None, []
        with self._guard:
            for fault in self._waiting:
                if (fault.ends and ending) or not fault.concerns(method, path):
                    continue
                if fault.passed < fault.after:
                    fault.passed += 1
                    continue
                fault.met += 1
                names.append(fault.name)
                delay += fault.delay
                ending = fault if fault.ends else ending
            self._waiting = [fault for fault in self._waiting if not fault.spent]
        return Fate(delay, ending, tuple(names))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, path.split("*"))))


def checked_method(method: Any) -> Optional[str]:
    """The method in upper case; None is any. ``ValueError`` for what is no method."""
    if method is None:
        return None
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    return method.upper()


def checked_path(path: Any) -> Optional[str]:
    """A path without a query; None is any. ``ValueError`` unless it begins with a slash."""
    if path is None:
        return None
    if not isinstance(path, str) or not path.startswith("/") or "?" in path:
        text = "path must begin with a slash and have no query, as in '/customers/*'"
        raise ValueError(f"{text}, not {path!r}")
    return path.rstrip("/") or "/"


def checked_count(value: Any, name: str, least: int = 1) -> int:
    """A whole number from `least` on; ``TypeError`` or ``ValueError`` naming the argument."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return value


def checked_times(value: Any) -> Optional[int]:
    """How many requests, from 1; None is all until the faults are cleared."""
    return None if value is None else checked_count(value, "times")


def checked_seconds(value: Any, name: str = "seconds") -> float:
    """Finite seconds, not negative; ``TypeError`` or ``ValueError`` naming the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} must be finite and not negative, not {value!r}")
    return float(value)


def checked_status(value: Any, least: int = _FIRST_ERROR) -> int:
    """An HTTP status from `least` to 599; ``TypeError`` or ``ValueError``."""
    status = checked_count(value, "status", least)
    if status > _LAST_STATUS:
        raise ValueError(f"status must be at most {_LAST_STATUS}, not {status}")
    return status
