"""The service's envelopes: successes with data, and errors."""

from __future__ import annotations

from typing import Any

from customers_sdk.sandbox.express.exchange import Response, text_response
from customers_sdk.sandbox.express.jsontext import compact

#: The code that goes with a status.
CODES: dict[int, str] = {
    400: "VALIDATION_ERROR",
    401: "AUTHENTICATION_ERROR",
    403: "AUTHORIZATION_ERROR",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
}


class Refusal(Exception):  # noqa: N818 - it is a response
    """A request that the service answers with an error, under the code that goes with a status."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(status, message)
        self.status = status
        self.error: dict[str, Any] = {"code": CODES[status], "message": message, **more}


def internal_error() -> Refusal:
    """Return the 500 that says nothing, which the service gives for many a client's mistake."""
    return Refusal(500, "Internal server error")


def data_response(status: int, data: str, more: str = "") -> Response:
    """Return JSON text as a success; `more` is further members of the envelope, after a comma."""
    return text_response(status, f'{{"success":true,"data":{data}{more}}}')


def error_response(status: int, error: dict[str, Any]) -> Response:
    """Return an error in its envelope."""
    return text_response(status, compact({"success": False, "error": error}))
