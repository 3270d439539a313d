"""The exception tree, and how a response of the service becomes one of its members.

Every error can be pickled and copied: it is built from one positional text, and everything
else lives in its ``__dict__``. No error text of ours holds a key, a URL's query, or a value the
caller sent; what the service itself wrote is kept in ``message`` and ``details``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple


class CustomersError(Exception):
    """The root of every error this package raises for itself.

    Attributes:
        request_id: the ``x-request-id`` of the last try, or None if none was made.
        idempotency_key: for a write, the key in the caller's own form. Passing it again
            within 24 hours gives the first response again, except after a timeout, when the
            service has dropped the key: then a creation without ``external_id`` may be
            carried out twice.
        outcome_unknown: True if no valid response came and the write may have been carried out.
        attempts: the number of requests that were made.
        elapsed: the time they took together, in seconds.
        reference: the code with which the text ends, such as ``E44``; the documentation's page
            about errors says under it what to do.
    """

    reference: ClassVar[str] = "E01"

    def __init__(
        self,
        text: str = "",
        *,
        request_id: str | None = None,
        idempotency_key: str | None = None,
        outcome_unknown: bool = False,
        attempts: int = 0,
        elapsed: float = 0.0,
    ) -> None:
        super().__init__(text)
        self.request_id = request_id
        self.idempotency_key = idempotency_key
        self.outcome_unknown = outcome_unknown
        self.attempts = attempts
        self.elapsed = elapsed

    def __str__(self) -> str:
        return f"{self.args[0]} ({self.reference})"


class ConfigurationError(CustomersError, ValueError):
    """A setting of the client is missing or wrong; the text names it.

    Attributes:
        setting: the argument of `Client` it is about (``base_url``), or None if about none.
        problem: what is wrong, to be read after the setting's name (``is missing``), or "".
    """

    reference = "E10"

    def __init__(
        self, text: str = "", *, setting: str | None = None, problem: str = "", **context: Any
    ) -> None:
        super().__init__(text, **context)
        self.setting = setting
        self.problem = problem


class ApiError(CustomersError):
    """The service responded with an error.

    Attributes:
        status: the HTTP status.
        code: the service's own ``code``, or its ``type`` where that came instead;
            None if the body was not the service's (a proxy's page of HTML).
        message: the service's own message.
        details: the service's list of issues, or None.
        replayed: True if this is the stored response to an earlier request under the
            same idempotency key. It is up to 24 hours old, and nothing was tried now.
        retry_after: the seconds to wait before the next request, or None.
        earlier_try_unknown: True if an earlier try of the same call may have been
            carried out; a 500 may then mean that it was.
    """

    reference = "E40"

    def __init__(
        self,
        text: str = "",
        *,
        status: int = 0,
        code: str | None = None,
        message: str = "",
        details: Any = None,
        replayed: bool = False,
        retry_after: float | None = None,
        earlier_try_unknown: bool = False,
        **context: Any,
    ) -> None:
        super().__init__(text, **context)
        self.status = status
        self.earlier_try_unknown = earlier_try_unknown
        self.code = code
        self.message = message
        self.details = details
        self.replayed = replayed
        self.retry_after = retry_after

    @property
    def setting(self) -> str | None:
        """The setting that is wrong (``base_url``, ``app_id``), or None if it is another thing."""
        return _wrong_setting(self.status, self.message)


class ValidationIssue(NamedTuple):
    """One problem that the service found in a request.

    Attributes:
        path: where, in the names of the wire: ``("email",)``.
        message: what is wrong, in the service's words.
        code: the kind of problem (``too_big``, ``invalid_type`` …), or None.
    """

    path: tuple[str | int, ...]
    message: str
    code: str | None = None

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}"


class ValidationError(ApiError):
    """400 or 422: the service refuses the request."""

    reference = "E41"

    @property
    def issues(self) -> tuple[ValidationIssue, ...]:
        """The problems by field; empty if the service gave no details."""
        if not isinstance(self.details, list):
            return ()
        return tuple(
            ValidationIssue(
                tuple(path) if isinstance(path := issue.get("path"), list) else (),
                str(issue.get("message", "")),
                code if isinstance(code := issue.get("code"), str) else None,
            )
            for issue in self.details
            if isinstance(issue, dict)
        )


class AuthenticationError(ApiError):
    """401: the key is unknown, inactive or expired, or the service's database is down."""

    reference = "E42"

    @property
    def database_down(self) -> bool:
        """Whether the service's own database is down, so that the key may be right."""
        return self.message == _DATABASE_DOWN


class PermissionDeniedError(ApiError):
    """403: the record is another merchant's, or the organisation is suspended."""

    reference = "E43"


class NotFoundError(ApiError):
    """404: there is no such record, app or route."""

    reference = "E44"


class ConflictError(ApiError):
    """409: the request conflicts with what is stored."""

    reference = "E45"


class RateLimitError(ApiError):
    """429: too many requests; ``retry_after`` is how many seconds to wait, if known."""

    reference = "E47"


class ServerError(ApiError):
    """5xx. The service also responds with 500 to an external id or wallet that exists."""

    reference = "E50"


class AlreadyExistsError(ConflictError, ServerError):
    """What was to be created exists already: an external id, or a customer's wallet.

    The service responds with 500, and the client looked it up. The write was not carried out.

    Attributes:
        existing: the `~customers_sdk.Customer` who has the external id, or the
            `~customers_sdk.Wallet`.
    """

    reference = "E46"

    def __init__(self, text: str = "", *, existing: Any = None, **context: Any) -> None:
        super().__init__(text, **context)
        self.existing = existing


class AmbiguousCustomerError(CustomersError):
    """Several customers could be the one that is meant; nothing was written.

    Attributes:
        candidates: the `~customers_sdk.CustomerSummary` of each, the newest first.
    """

    reference = "E60"

    def __init__(self, text: str = "", *, candidates: tuple[Any, ...] = (), **context: Any) -> None:
        super().__init__(text, **context)
        self.candidates = candidates


class TransportError(CustomersError):
    """No response came: the connection failed, broke, or was refused by TLS."""

    reference = "E20"


class RequestTimeoutError(TransportError):
    """No response came in time."""

    reference = "E21"


class ResponseFormatError(CustomersError):
    """A response is malformed; the text names the place.

    Attributes:
        status: the HTTP status of that response, or 0 if it did not come over HTTP.
    """

    reference = "E30"

    def __init__(self, text: str = "", *, status: int = 0, **context: Any) -> None:
        super().__init__(text, **context)
        self.status = status


class IdempotencyError(CustomersError):
    """The stored response to an idempotency key belongs to a different request."""

    reference = "E31"


_BY_STATUS: dict[int, type[ApiError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitError,
}

# Observed (recording outage_db_down_list): a wrong key is told so in other words.
_DATABASE_DOWN = "Authentication required"
# Observed (recording unknown_route, and among the sequences).
_WRONG_SETTINGS = {
    (404, "Route not found"): "base_url",
    (404, "App with id "): "app_id",
    (400, ": Invalid uuid"): "app_id",  # the only member that has to be one
}


def error_code(body: Any) -> str | None:
    """The service's ``code`` in the body of an error, or its ``type`` where that came."""
    said = (_inner(body).get("code"), _inner(body).get("type"))
    return next((code for code in said if isinstance(code, str)), None)


def _wrong_setting(status: int, message: str) -> str | None:
    for (wrong, text), name in _WRONG_SETTINGS.items():
        if status == wrong and text in message:
            return name
    return None


def _inner(body: Any) -> Mapping[str, Any]:
    inner = body.get("error") if isinstance(body, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def error_from_response(
    status: int,
    body: Any,
    *,
    hint: str = "",
    tail: str = "",
    reason: str = "",
    replayed: bool = False,
    retry_after: float | None = None,
    **context: Any,
) -> ApiError:
    """Build the error for a response that is not a success.

    Args:
        status, replayed, retry_after, context: as the error has them.
        body: the decoded JSON body, or None if it was not JSON.
        hint: what else may explain it.
        tail: what the text ends with: tries, route and request id.
        reason: the reason phrase, for a response without a message of the service's.
    """
    code = error_code(body)
    message = _inner(body).get("message")
    hints = [hint] if hint else []
    if not isinstance(message, str):
        message = reason or "no reason given"
        hints.append("the body is not one of the service's errors")
    if 300 <= status < 400:
        hints.append("redirects are never followed: check base_url")
    if status == 401:
        hints.append(
            "the service also responds with 401 while its database is down"
            if message == _DATABASE_DOWN
            else "check api_key, and that base_url is the service that it is for"
        )
    if wrong := _wrong_setting(status, message):
        hints.append(f"check {wrong}")
    if replayed:
        hints.append(
            "this is the stored response to an earlier request under the same idempotency key, "
            "up to 24 hours old: nothing was tried now; use a new key to retry"
        )
    if retry_after is not None:
        hints.append(f"retry after {math.ceil(retry_after)} s")
    head = f"{status} {code}" if code else str(status)
    kind = _BY_STATUS.get(status) or (ServerError if 500 <= status < 600 else ApiError)
    return kind(
        "; ".join([f"{head}: {message}", *hints]) + tail,
        status=status,
        code=code,
        message=message,
        details=_inner(body).get("details"),
        replayed=replayed,
        retry_after=retry_after,
        **context,
    )
