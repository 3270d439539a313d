"""The caller who waits for a response, as the service sees them: there, or gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, NoReturn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CALLER = "customers_sdk.caller"


class NoResponseError(Exception):
    """The request gets no response; the server has to close the connection."""


class Caller:
    """A caller of whom nothing is known, so that they are taken to wait as long as it takes."""

    def gone(self) -> bool:
        """Tell whether they have hung up."""
        return False

    def wait(self, seconds: float) -> None:
        """Let time pass before the request is carried out."""
        time.sleep(seconds)

    def hold(self) -> NoReturn:
        """Keep them waiting, and never respond."""
        raise NoResponseError

    def drop(self) -> NoReturn:
        """Close the connection without a response."""
        raise NoResponseError

    def keep_response(self, remember: Callable[[], None]) -> None:
        """Call `remember`, which keeps the response under its idempotency key."""
        remember()


def caller_of(environ: WSGIEnvironment) -> Caller:
    """Return the caller of a request."""
    found: Any = environ.get(_CALLER)
    return found if isinstance(found, Caller) else Caller()


def put_caller(environ: WSGIEnvironment, caller: Caller) -> None:
    """Set the caller of a request, before the application gets it."""
    environ[_CALLER] = caller
