"""One HTTP exchange: prepare, send, read, classify. Its outcome is a value, not an exception."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Optional, Union

import requests
import urllib3

from customers_sdk._http import failures
from customers_sdk._http.call import Call
from customers_sdk._http.deadline import Deadline, watch
from customers_sdk._http.failures import NoAnswer
from customers_sdk._http.session import Sender, Watch
from customers_sdk.errors import CustomersError

LARGEST_BODY = 32 * 1024 * 1024
_PIECE = 64 * 1024


class Answer(NamedTuple):
    """A response: status and headers, and its body as far as it could be had.

    Attributes:
        flaw: why the body is missing, or None.
        resent: whether the session, or its adapter, sent the request more than once.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    flaw: Optional[str] = None
    resent: bool = False


def exchange(
    sender: Sender,
    call: Call,
    headers: Mapping[str, str],
    ends: float,
    clock: Callable[[], float],
) -> Union[Answer, NoAnswer]:
    """Send a call's request once, with these headers too, and read its response.

    Connect and read timeouts are cut to what is left until ``ends``.

    Raises:
        ConfigurationError: the proxies of the environment cannot be read.
    """
    connect, read = call.limits.timeout
    target = f"{call.path}?{call.query}" if call.query else call.path
    handled = sys.exc_info()[1]
    try:
        prepared = sender.prepare(call.method, target, headers, call.body)
    except (CustomersError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a session's own code may raise anything
        failures.forget(handled, error)
        return failures.unprepared(error)
    left = max(ends - clock(), 0.001)
    until = Deadline(ends, clock, min(read, left))
    limits = Watch(min(connect, left), min(read, left), left, until)
    response = None
    try:
        response = sender.send(prepared, limits)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a session's own code may raise anything
        failures.forget(handled, error)
        response = limits.response
        found = getattr(error, "response", None)
        if isinstance(found, requests.Response) and failures.is_for(prepared, found.request):
            response = found  # raised for the status, by an adapter or a hook
        if response is None:
            return failures.unanswered(error, prepared, limits)
        failed = failures.after_response(error)
        if failed.hooks_own is not None or response.status_code < 300:
            _close(response)
            return failed._replace(status=response.status_code, resent=limits.sends > 1)
    outcome = _response(response, until)
    return outcome._replace(resent=True) if limits.sends > 1 else outcome


def _close(response: requests.Response) -> None:
    with suppress(Exception):  # a stand-in may raise anything
        response.close()


def _response(response: requests.Response, until: Deadline) -> Union[Answer, NoAnswer]:
    """Read a response and close it."""
    handled = sys.exc_info()[1]
    try:
        return _read(response, until)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a stand-in may raise anything
        failures.forget(handled, error)
        outcome = failures.unread(error)
    finally:
        _close(response)
    if response.status_code >= 300:
        # What matters of an error is its status and headers.
        return _answer(response, flaw="the body did not come whole")
    return outcome._replace(status=response.status_code)


def _read(response: requests.Response, until: Deadline) -> Answer:
    """Read the body in pieces, none waiting longer than the deadline allows."""
    if getattr(response, "_content", False) is not False:  # a hook or a mock has it already
        return _answer(response, response.content)
    if response.status_code < 200:
        # 103 and its like, which `http.client` takes for the response: the response is still
        # to come, and the next request on this connection must not be given it.
        raise http.client.BadStatusLine("an interim status")
    if response.status_code == 204 and _announces_body(response.headers):
        return _answer(response)  # unread, so the connection is closed
    timed = watch(getattr(response.raw, "_fp", None), until)
    pieces = []
    size = 0
    for piece in _pieces(response):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_BODY:
            return _answer(response, flaw="the body is larger than 32 MiB")
        if not timed and until.passed:
            raise requests.ReadTimeout
    return _answer(response, pieces[0] if len(pieces) == 1 else b"".join(pieces))


def _announces_body(headers: Mapping[str, str]) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _answer(response: requests.Response, body: bytes = b"", flaw: str | None = None) -> Answer:
    return Answer(response.status_code, response.reason or "", response.headers, body, flaw)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body, decoded, piece by piece as it comes."""
    raw: Any = response.raw
    source = getattr(raw, "_fp", None)
    if not isinstance(raw, urllib3.HTTPResponse) or not isinstance(
        source, http.client.HTTPResponse
    ):
        # A stand-in has what `requests` itself needs, and no more.
        yield from response.iter_content(_PIECE)
        return
    encoded = "content-encoding" in raw.headers
    if not hasattr(raw, "read1"):
        yield from _pieces_before_2(raw, source, encoded=encoded)
        return
    while piece := raw.read1(_PIECE, decode_content=encoded):
        yield piece
        if raw.length_remaining == 0 and not encoded:
            return


def _pieces_before_2(
    raw: Any, source: http.client.HTTPResponse, *, encoded: bool
) -> Iterator[bytes]:
    """The same with urllib3 1.26, which has no ``read1``."""
    while True:
        piece = raw.read(_PIECE, decode_content=True) if encoded else source.read1(_PIECE)
        if not piece:
            break
        yield piece
    if not encoded and getattr(source, "length", None):
        raise http.client.IncompleteRead(b"")
    # Closed first: a connection whose response is open refuses the next request.
    source.close()
    raw.release_conn()
