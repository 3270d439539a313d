"""What a visitor is told when the payments service says no, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from customers_sdk import (
    AlreadyExistsError,
    CustomersError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)

log = logging.getLogger("shop")


class CustomersErrors:
    """Turns errors of the SDK into responses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on what comes."""
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> Any:
        """Respond to an error of the SDK; its text is for the log."""
        if not isinstance(error, CustomersError):
            return None
        log.error("%s", error)
        status, text = told(error)
        body = {"error": text, "request_id": error.request_id}
        response = JsonResponse(body, status=status)
        if status == 503:
            response["Retry-After"] = f"{getattr(error, 'retry_after', None) or 5:.0f}"
        return response


def told(error: CustomersError) -> tuple[int, str]:
    """The HTTP status and the sentence for the visitor. The order counts."""
    if isinstance(error, ValidationError) and error.setting is None:  # else our app id is wrong
        return 422, "; ".join(map(str, error.issues)) or error.message
    if isinstance(error, AlreadyExistsError):  # a ServerError too
        return 409, "this exists already"
    passes = isinstance(error, (TransportError, ServerError, RateLimitError))
    if passes or getattr(error, "database_down", False):
        return 503, "try again in a minute"
    return 500, "something is wrong on our side"
