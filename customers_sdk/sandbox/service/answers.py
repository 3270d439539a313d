"""The service's envelopes: successes with data, and errors."""

from __future__ import annotations

from typing import Any

from customers_sdk.sandbox.express.exchange import Response, text_response
from customers_sdk.sandbox.express.jsontext import compact


class Refusal(Exception):  # noqa: N818 - it is a response
    """A request that the service answers with an error; `error` is the envelope's ``error``."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(status, error)
        self.status = status
        self.error = error


def refusal(status: int, code: str, message: str, details: list[Any] | None = None) -> Refusal:
    """Return an error with a ``code``, and ``details`` only where a schema failed."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details is not None:
        error["details"] = details
    return Refusal(status, error)


def not_found(kind: str, identifier: str) -> Refusal:
    """Return the 404 of a row that is not there."""
    return refusal(404, "NOT_FOUND", f"{kind} with id {identifier} not found")


def no_route() -> Refusal:
    """Return the 404 of a path or a method that the service does not have."""
    return refusal(404, "NOT_FOUND", "Route not found")


def internal_error() -> Refusal:
    """Return the 500 that says nothing, which the service gives for many a client's mistake."""
    return refusal(500, "INTERNAL_ERROR", "Internal server error")


def data_response(status: int, data: str, more: str = "") -> Response:
    """Return a success in its envelope.

    Args:
        status: 200 or 201.
        data: JSON text.
        more: further members of the envelope, as JSON text that begins with a comma.
    """
    return text_response(status, f'{{"success":true,"data":{data}{more}}}')


def error_response(error: Refusal) -> Response:
    """Return the refusal in its envelope."""
    return text_response(error.status, compact({"success": False, "error": error.error}))
