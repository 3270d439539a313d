"""Answers as Express sends them: compact JSON, weak ETags, 304 for what the caller has already."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Optional

from flask import Request, Response

from customers_sdk.sandbox.express.javascript import answer_text

JSON_TYPE = "application/json; charset=utf-8"
REPLAY_TYPE = "text/html; charset=utf-8"

_NO_CACHE = re.compile(r"(?:^|,)\s*?no-cache\s*?(?:,|$)")


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A request the service answers with an error; `error` is the envelope's ``error`` object."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(status, error)
        self.status = status
        self.error = error


def refusal(status: int, code: str, message: str, details: Optional[list[Any]] = None) -> Refusal:
    """An error with a ``code``, and ``details`` only where a schema failed."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details is not None:
        error["details"] = details
    return Refusal(status, error)


def typed_refusal(status: int, kind: str, message: str) -> Refusal:
    """One of the three errors that have a ``type`` and no ``code`` (recording ``version_bad``)."""
    return Refusal(status, {"type": kind, "message": message})


def not_found(kind: str, identifier: str) -> Refusal:
    """The 404 of a row that is not there."""
    return refusal(404, "NOT_FOUND", f"{kind} with id {identifier} not found")


def internal_error() -> Refusal:
    """The 500 that says nothing, which the service gives for many a client's mistake."""
    return refusal(500, "INTERNAL_ERROR", "Internal server error")


def etag(body: bytes) -> str:
    """Express's weak ETag: the length in hexadecimal and the SHA-1 without padding (observed)."""
    digest = (
        base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode().rstrip("=")
    )
    return f'W/"{len(body):x}-{digest}"'


def data_answer(status: int, data: Any, **more: Any) -> Response:
    """A success in its envelope; `more` are further members of it (``pagination``)."""
    return text_answer(status, answer_text({"success": True, "data": data, **more}))


def error_answer(error: Refusal) -> Response:
    """The refusal in its envelope."""
    return text_answer(error.status, answer_text({"success": False, "error": error.error}))


def text_answer(status: int, text: str, content_type: str = JSON_TYPE) -> Response:
    """JSON text with its ETag."""
    body = text.encode("utf-8", "replace")
    answer = Response(body, status, content_type=content_type)
    answer.headers["ETag"] = etag(body)
    return answer


def empty_answer(status: int) -> Response:
    """A status without body, type or ETag."""
    answer = Response(b"", status)
    answer.headers.pop("Content-Type", None)
    return answer


def unless_known(request: Request, answer: Response) -> Response:
    """A 304 in place of a 2xx answer to GET or HEAD that the caller has already (observed)."""
    if request.method not in ("GET", "HEAD") or answer.status_code // 100 != 2:
        return answer
    if not _is_known(request, answer.headers.get("ETag", "")):
        return answer
    short = empty_answer(304)
    short.headers["ETag"] = answer.headers["ETag"]
    return short


def _is_known(request: Request, tag: str) -> bool:
    wanted = request.headers.get("If-None-Match")
    if not wanted or request.headers.get("If-Modified-Since"):
        return False
    if _NO_CACHE.search(request.headers.get("Cache-Control", "")):
        return False
    opaque = tag[2:]
    return wanted == "*" or any(item.strip() in (tag, opaque) for item in wanted.split(","))
