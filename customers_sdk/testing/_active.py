"""The active mocks: what they patch, in a stack that may end in any order.

Two things are patched: the environment, and ``HTTPAdapter.send``, which all of `requests` uses.
Each `Activation` keeps what it found. If it ends below another one, it passes this on to it, so the
last to end restores what was there before the first.

A request goes to the innermost mock that began in the same context (thread or task). A thread of
the code under test began none: the newest mock responds, if all active mocks are nested.
"""

from __future__ import annotations

import os
import re
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable

from requests.adapters import HTTPAdapter

from customers_sdk._http import retry
from customers_sdk.testing._carrier import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest, Response

    from customers_sdk.testing._fake import MockCustomers
    from customers_sdk.testing._mock import mock_customers

_guard = threading.Lock()
_active: list[Activation] = []
_begun_here: ContextVar[Activation | None] = ContextVar("_begun_here", default=None)
_patched: Any = HTTPAdapter


def quick_backoff(number: int, cap: float) -> float:
    """Return a thousandth of the usual wait: tests are quick, and a busy key makes no busy loop."""
    return retry.backoff(number, cap) / 1000


class Activation:
    """One use of a mock, which lets requests to other hosts out to URLs that match `prefixes`."""

    def __init__(
        self, mock: mock_customers, fake: MockCustomers, prefixes: list[re.Pattern[str]]
    ) -> None:
        self.mock = mock
        self.fake = fake
        self.prefixes = prefixes
        self.ended = False
        self.around = next(_begun_in_this_context(), None)
        with _guard:
            self.found = {name: os.environ.get(name) for name in fake.environment}
            self.outside: Any = _living(_patched.send)
            os.environ.update(fake.environment)
            _patched.send = _sender(self)
            retry.BACKOFFS.append(quick_backoff)
            _active.append(self)
        _begun_here.set(self)

    def end(self) -> None:
        """Restore what was there before."""
        if _begun_here.get() is self:
            _begun_here.set(self.around)
        with _guard:
            self.ended = True
            retry.BACKOFFS.remove(quick_backoff)
            above = _active[_active.index(self) + 1 :]
            _active.remove(self)
            if above:
                above[0].found = self.found
            else:
                for name, value in self.found.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
            for other in above:  # hold on to no mock that has ended
                other.outside = _living(other.outside)
            _patched.send = _living(_patched.send)
        self.fake.close()

    def concerns_us(self) -> bool:
        """Whether this mock may respond to requests from this context."""
        begun = list(_begun_in_this_context())
        return not self.ended and (not begun or self in begun)


def _sender(own: Activation) -> Callable[..., Response]:
    """Make the replacement of ``HTTPAdapter.send``."""

    def send(
        adapter: HTTPAdapter, request: PreparedRequest, *args: Any, **options: Any
    ) -> Response:
        if own.concerns_us():
            carrier = own.fake.carrier
            if carrier.concerns(request):
                if _is_ambiguous():
                    raise refused(
                        request,
                        "several mocks of customers_sdk.testing are active, and this thread began "
                        "none of them: use a client of one, mock.client()",
                    )
                timeout = options.get("timeout", args[1] if args[1:] else None)
                return adapter.build_response(request, carrier.answer(request, timeout))
            let_out = any(prefix.match(str(request.url)) for prefix in own.prefixes)
            if not (let_out or _decides(own.outside)):
                raise refused(request, "a mock of customers_sdk.testing lets no other host through")
        elif own.ended:
            # Another library patched on top of this one, and has restored it since.
            with _guard:
                _patched.send = _living(_patched.send)
        onward: Response = own.outside(adapter, request, *args, **options)
        return onward

    send.activation = own  # type: ignore[attr-defined]
    return send


def _outwards(activation: Activation | None) -> Iterator[Activation]:
    """Yield a mock and those around it, as far as they are active."""
    while activation is not None:
        if not activation.ended:
            yield activation
        activation = activation.around


def _begun_in_this_context() -> Iterator[Activation]:
    """Yield the active mocks that began in this thread or task, innermost first."""
    return _outwards(_begun_here.get())


def newest(mock: mock_customers) -> Activation:
    """Return the last use of a mock that began in this thread or task, or else anywhere."""
    candidates = [*_begun_in_this_context(), *reversed(_active)]
    return next(each for each in candidates if each.mock is mock)


def _is_ambiguous() -> bool:
    """Whether no mock began in this context, and several active ones may be meant."""
    if next(_begun_in_this_context(), None):
        return False
    with _guard:
        return len(_active) > 1 and len(_active) > len(list(_outwards(_active[-1])))


def _living(send: Any) -> Any:
    """Return a sender, or what it would call if its mock has ended."""
    while getattr(send, "activation", None) is not None and send.activation.ended:
        send = send.activation.outside
    return send


def _decides(send: Any) -> bool:
    """Whether this sender is a mock's, of any library, for this context."""
    while getattr(send, "activation", None) is not None and not send.activation.concerns_us():
        send = send.activation.outside
    return bool(send.__module__ != HTTPAdapter.__module__)
