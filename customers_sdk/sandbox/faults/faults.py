"""Faults to inject, and which request gets which, decided before it is carried out."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from typing import Any, NamedTuple

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LAST_OWN = 500  # the status of an error that the service itself makes, and no proxy


@dataclass
class Fault:
    """One fault that waits for requests; its name is that of the method of `Controls` that adds it.

    It lets `after` requests pass, and then concerns `times` of them, or all if that is None.
    """

    name: str
    times: int | None = 1
    after: int = 0
    method: str | None = None
    path: str | None = None
    delay: float = 0.0
    status: int = 0
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None
    number: int = 0  # in the order in which they were added
    passed: int = 0
    met: int = 0

    @property
    def ends(self) -> bool:
        """Whether it changes the response, and not just the time."""
        return self.name not in ("slow_next", "latency")

    @property
    def by_proxy(self) -> bool:
        """Whether the proxy in front responds: nothing is stored under the idempotency key."""
        return self.name == "html_next" or self.status > _LAST_OWN

    def concerns(self, method: str, path: str) -> bool:
        """Tell whether method and path are those that it waits for."""
        if self.method not in (None, method):
            return False
        pattern = "[^/]+".join(map(re.escape, (self.path or "").split("*")))
        return self.path is None or re.fullmatch(pattern, path) is not None

    def to_dict(self) -> dict[str, Any]:
        """Return what ``/_sandbox/faults`` shows of it."""
        names = ("number", "times", "met", "method", "path", "after", "delay", "status")
        return {"fault": self.name, **{name: getattr(self, name) for name in names}}


class Injected(NamedTuple):
    """What one request gets: seconds of delay, and the fault that changes its response."""

    delay: float = 0.0
    fault: Fault | None = None
    names: tuple[str, ...] = ()


class Faults:
    """The faults that wait for requests, in the order they were added; safe in threads."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._added = 0
        self._guard = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Add one behind the others."""
        with self._guard:
            self._added += 1
            fault.number = self._added
            self._waiting.append(fault)

    def remove(self, number: int) -> bool:
        """Remove one; tell whether it was there."""
        with self._guard:
            before = len(self._waiting)
            self._waiting = [fault for fault in self._waiting if fault.number != number]
            return len(self._waiting) < before

    def clear(self) -> None:
        """Remove all."""
        with self._guard:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Return those that still wait."""
        with self._guard:
            return [fault.to_dict() for fault in self._waiting]

    def take(self, method: str, path: str) -> Injected:
        """Return what a request gets: all delays, and the first fault that changes the response."""
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
            self._waiting = [
                fault for fault in self._waiting if fault.times is None or fault.met < fault.times
            ]
        return Injected(delay, ending, tuple(names))


def checked_method(method: Any) -> str | None:
    """Return the method in upper case, None for any; ``ValueError`` if it is not a method."""
    if method is None:
        return None
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    return method.upper()


def checked_path(path: Any) -> str | None:
    """Return a path without a query, None for any; ``ValueError`` if it lacks its first slash."""
    if path is None:
        return None
    if not isinstance(path, str) or not path.startswith("/") or "?" in path:
        text = "path must begin with a slash and have no query, as in '/customers/*'"
        raise ValueError(f"{text}, not {path!r}")
    return path.rstrip("/") or "/"


def checked_count(value: Any, name: str, least: int = 1, most: float = math.inf) -> int:
    """Return a whole number in these limits; ``TypeError`` or ``ValueError`` with the name."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    if value > most:
        raise ValueError(f"{name} must be at most {most}, not {value}")
    return value


def optional_count(value: Any, name: str, least: int = 1) -> int | None:
    """Return None, or a whole number as `checked_count` does."""
    return None if value is None else checked_count(value, name, least)


def checked_seconds(value: Any) -> float:
    """Return seconds that a thread can sleep; ``TypeError`` or ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"seconds must be a number of seconds, not {value!r}")
    if not 0 <= value <= threading.TIMEOUT_MAX:
        raise ValueError(f"seconds must be from 0 to {threading.TIMEOUT_MAX:.0f}, not {value!r}")
    return float(value)
