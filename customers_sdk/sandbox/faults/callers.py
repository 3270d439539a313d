"""Whoever waits for an answer, as the service sees them: there, or gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, NoReturn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CALLER = "customers_sdk.caller"


class NoCaller(Exception):  # noqa: N818 - a verdict
    """The request gets no answer; whatever carries it has to end the connection."""


class Caller:
    """A caller of whom nothing is known: one who waits as long as it takes."""

    def gone(self) -> bool:
        """Whether they have hung up."""
        return False

    def wait(self, seconds: float) -> None:
        """Lets time pass before the request is carried out."""
        time.sleep(seconds)

    def hold(self) -> NoReturn:
        """Lets them wait in vain."""
        raise NoCaller

    def drop(self) -> NoReturn:
        """Breaks the connection off without an answer."""
        raise NoCaller

    def settle(self, remember: Callable[[], None]) -> None:
        """Stores an answer under its idempotency key, once the request has ended."""
        remember()


def caller_of(environ: WSGIEnvironment) -> Caller:
    """The caller of a request."""
    found: Any = environ.get(_CALLER)
    return found if isinstance(found, Caller) else Caller()


def put_caller(environ: WSGIEnvironment, caller: Caller) -> None:
    """Says who calls; for what carries requests to the application."""
    environ[_CALLER] = caller
