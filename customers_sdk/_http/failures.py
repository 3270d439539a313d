"""What a failure to get a response says: was the request sent, and may it have been carried out.

The rule: **after a byte was sent, the default is doubt.** What proves the contrary is listed in
`_never_sent`. An exception of `requests` or urllib3 holds the URL, whose query may name a person,
and the request with the key in it. So none is passed on: what is kept of one is its class of
failure and the innermost error of the operating system or TLS.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import requests
import urllib3

from customers_sdk._http.retry import Failure

if TYPE_CHECKING:
    from customers_sdk._http.session import Watch


class NoAnswer(NamedTuple):
    """No whole response came.

    Attributes:
        failure: what that allows.
        cause: the innermost error of the operating system or TLS, free of whatever
            could hold the URL or the request, or None.
        by_proxy: whether it was a proxy that could not be reached or refused.
        status: the status, if it was a success whose body did not come; otherwise 0.
        raised: the class of an error that is neither `requests`' nor the system's, or "".
        hooks_own: what a hook of the session raised for the caller, or None.
        resent: whether the session, or its adapter, sent the request more than once.
    """

    failure: Failure
    cause: Optional[OSError] = None
    by_proxy: bool = False
    status: int = 0
    raised: str = ""
    resent: bool = False
    hooks_own: Optional[Exception] = None


_NETWORK = (
    requests.Timeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    urllib3.exceptions.HTTPError,
)
_KNOWN = (*_NETWORK, requests.RequestException, http.client.HTTPException, OSError)


def forget(handled: BaseException | None, error: BaseException) -> None:
    """Cut off from an error what the caller was handling when it made the call.

    Python makes that the context of each error raised meanwhile, and it is not about the call.
    """
    for link in _chain(error):
        if link.__context__ is handled:
            link.__context__ = None


def unprepared(error: BaseException) -> NoAnswer:
    """Say what an error means that came while the request was prepared: nothing was sent."""
    return NoAnswer(Failure.FINAL, _bare([*_chain(error)]), raised=_foreign(error))


def unread(error: BaseException) -> NoAnswer:
    """Say what an error means that came while the response was read, by us or by a hook."""
    chain = [*_chain(error)]
    if not isinstance(error, _KNOWN):
        return NoAnswer(Failure.SESSION, raised=_foreign(error))
    # urllib3 1.26 lets the standard library's own timeout through.
    late = _has(chain, requests.Timeout, urllib3.exceptions.TimeoutError, socket.timeout)
    return NoAnswer(Failure.TIMED_OUT if late else Failure.DROPPED, _bare(chain))


def after_response(error: Exception) -> NoAnswer:
    """Say what an error means that the session raised when the response was there."""
    if isinstance(error, _NETWORK):  # most likely it has read the body
        return unread(error)
    known = isinstance(error, (*_KNOWN, UnicodeError))
    own = None if known or ("requests.hooks", "dispatch_hook") not in _places(error) else error
    cause = None if own else _bare([*_chain(error)])
    return NoAnswer(Failure.SESSION, cause, raised=_name(error), hooks_own=own)


def is_for(prepared: requests.PreparedRequest, request: Any) -> bool:
    """Whether a request is the one that was prepared, or a copy of it."""
    return request is prepared or (
        isinstance(request, requests.PreparedRequest)
        and (request.method, request.url) == (prepared.method, prepared.url)
    )


def unanswered(error: BaseException, prepared: requests.PreparedRequest, watch: Watch) -> NoAnswer:
    """Say what an error means that came while the request was sent and its response awaited."""
    chain = [*_chain(error)]
    # A request that the session's own code made besides proves nothing of this one.
    ours = not watch.awaited and not any(_of_another(link, prepared) for link in chain)
    never_sent = ours and _never_sent(error, chain, watch.sends)
    cause = _bare(chain)  # and by then nothing has its frames any more
    if watch.sends > 1 or _has(chain, requests.exceptions.RetryError):
        # The last failure says nothing about the tries before it.
        return NoAnswer(Failure.EXHAUSTED, cause, resent=True)
    by_proxy = _has(chain, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
    if ours and _has(chain, *_NOT_CONNECTED):
        return NoAnswer(Failure.NOT_SENT, cause, by_proxy)
    if never_sent:
        return NoAnswer(Failure.FINAL, cause, by_proxy)
    if _has(chain, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, socket.timeout):
        return NoAnswer(Failure.TIMED_OUT, cause)
    raised = _foreign(error)
    return NoAnswer(Failure.SESSION if raised else Failure.DROPPED, cause, raised=raised)


def _of_another(error: BaseException, prepared: requests.PreparedRequest) -> bool:
    """Whether an error is about another request than the one that was prepared."""
    request = getattr(error, "request", None)
    # Ours is given to `Session.send`, and never goes through `Session.request`.
    return (request is not None and not is_for(prepared, request)) or (
        ("requests.sessions", "request") in _places(error)
    )


_NOT_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
)
_NEVER_SENT = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)
_BROKEN_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_TRAFFIC = frozenset({"read", "recv_into", "send", "sendall", "write"})


def _never_sent(error: BaseException, chain: list[BaseException], sends: int) -> bool:
    """Whether it is proved that no byte of the request was sent, and that none can be."""
    if _has(chain, *_NEVER_SENT) or any(map(_refused_tunnel, chain)):
        return True
    if _has(chain, ssl.SSLError, requests.exceptions.SSLError):
        return not _has(chain, *_BROKEN_TLS) and not any(map(_tls_traffic, chain))
    # `requests` looks for the files of certificates before it hands over to urllib3.
    return sends == 0 and [*_places(error)][-1:] == [("requests.adapters", "cert_verify")]


def _refused_tunnel(error: BaseException) -> bool:
    """Whether it was raised for a proxy's refusal to make a tunnel (`http.client`, urllib3)."""
    return type(error) is OSError and [name for _, name in _places(error)][-1:] == ["_tunnel"]


def _tls_traffic(error: BaseException) -> bool:
    """Whether TLS failed while data went over it: by then the request may have arrived."""
    return isinstance(error, ssl.SSLError) and any(
        module == "ssl" and function in _TRAFFIC for module, function in _places(error)
    )


def _places(error: BaseException) -> Iterator[tuple[Any, str]]:
    """The module and the function of each frame that an error went through, outermost first."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        yield frame.f_globals.get("__name__"), frame.f_code.co_name


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of, outermost first."""
    waiting: list[Any] = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < 50:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            yield current
            reason = getattr(current, "reason", None)
            waiting += [reason, *current.args, current.__cause__, current.__context__]


def _has(chain: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(link, kinds) for link in chain)


def _foreign(error: BaseException) -> str:
    """The class of an error that neither `requests` nor the system has raised, or ""."""
    return "" if isinstance(error, _KNOWN) else _name(error)


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _bare(chain: list[BaseException]) -> OSError | None:
    """The innermost error that holds neither the URL nor the request nor a frame of theirs."""
    for link in reversed(chain):
        if isinstance(link, OSError) and not isinstance(link, requests.RequestException):
            return _clean(link)
    return None


_STANDARD = ("builtins", "socket", "ssl")
_THEIRS = frozenset({"customers_sdk", "http", "requests", "socket", "socks", "ssl", "urllib3"})


def _clean(error: OSError) -> OSError:
    """An error without what code of the session has written into it.

    Such code may put the URL or the headers into its text. What the system, the standard library
    and `requests` raise holds neither.
    """
    raised_in = [str(module).partition(".")[0] for module, _ in _places(error)]
    if raised_in and raised_in[-1] in _THEIRS:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    kind = next(each for each in type(error).__mro__ if each.__module__ in _STANDARD)
    number = error.errno
    if kind.__module__ == "builtins" and number is not None and number in errno.errorcode:
        return OSError(number, os.strerror(number))
    plain: OSError = kind()
    return plain
