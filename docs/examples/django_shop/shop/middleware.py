"""What a visitor is told when the payments service says no, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from customers_sdk import ApiError, CustomersError, ValidationError

log = logging.getLogger("shop")


class CustomersErrors:
    """Turns errors of the SDK into answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on what comes."""
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> Any:
        """Answer 422 to what the service refuses, 503 to the rest; the log gets the text."""
        if isinstance(error, ValidationError):
            return JsonResponse({"error": [str(issue) for issue in error.issues]}, status=422)
        if not isinstance(error, CustomersError):
            return None
        log.error("%s", error)
        waits = error.retry_after if isinstance(error, ApiError) else None
        body = {"error": "try again later", "request_id": error.request_id}
        return JsonResponse(body, status=503, headers={"Retry-After": f"{waits or 5:.0f}"})
