"""`mock_customers`, and the handle it yields."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import AsyncIterator, Generator, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union
from unittest import mock

import responses
from requests.adapters import HTTPAdapter

from customers_sdk import _settings
from customers_sdk._http import retry
from customers_sdk.client import DEFAULT_BASE_URL, Client
from customers_sdk.models import CustomerSummary
from customers_sdk.sandbox.backend import Backend
from customers_sdk.sandbox.faults.controls import Controls
from customers_sdk.sandbox.seeding import Seeding
from customers_sdk.testing._carrier import Carrier, Unfinished

if TYPE_CHECKING:
    from types import TracebackType

    from requests import PreparedRequest

    from customers_sdk.sandbox.faults.faults import Faults
    from customers_sdk.sandbox.faults.requestlog import RequestLog, SentRequest
    from customers_sdk.sandbox.service.store import Store

Prefix = Union[str, "re.Pattern[str]"]
F = TypeVar("F", bound=Callable[..., Any])

# A thousandth of what it is: tests do not wait, and yet a busy key makes no busy loop.
_BACKOFF_BASE = retry.BACKOFF_BASE / 1000


class MockCustomers(Seeding, Controls):
    """The service behind a `mock_customers`.

    Its methods seed it (``add_customer``, ``add_payment_intent``, ``add_invoice``, ``add_chain``
    and the others of `customers_sdk.sandbox.seeding.Seeding`) and inject faults (``fail_next`` and
    the others of `customers_sdk.sandbox.faults.controls.Controls`).

    Attributes:
        base_url: the address that is answered in process.
        api_key: a secret key of the fake's own merchant.
        app_id: the fake's own app.
    """

    def __init__(self, base_url: str, sleep: Callable[[float], None]) -> None:
        self._backend = Backend(db=":memory:", most_requests=None)
        self._unfinished = Unfinished()
        self._carrier = Carrier(self._backend.application, base_url, self._unfinished, sleep)
        self._clients: list[Client] = []
        self._ended = False
        self.base_url: str = base_url
        self.api_key: str = self._backend.api_key
        self.app_id: str = self._backend.app_id
        self.store: Store = self._backend.store
        self.faults: Faults = self._backend.faults
        self.log: RequestLog = self._backend.log

    def __repr__(self) -> str:
        """Where it is; never the key."""
        return f"<MockCustomers {self.base_url}>"

    @property
    def requests(self) -> tuple[SentRequest, ...]:
        """The requests that were sent, oldest first; each try of a call is one."""
        self._unfinished.finish(everything=True)
        return self.log.entries()

    @property
    def customers(self) -> tuple[CustomerSummary, ...]:
        """All customers that are stored, of every app, in the order they were stored.

        Raises ``RuntimeError`` once the mock has ended.
        """
        if self._ended:
            raise RuntimeError("the mock has ended: look at its customers while it is active")
        self._unfinished.finish(everything=True)
        return tuple(map(CustomerSummary.from_dict, self.stored()))

    def client(self, **overrides: Any) -> Client:
        """Makes a client of the fake, closed when the mock ends.

        Args:
            overrides: arguments of `customers_sdk.Client` to use in place of the fake's.
        """
        settings = {"api_key": self.api_key, "app_id": self.app_id, "base_url": self.base_url}
        made = Client(**{**settings, **overrides})
        self._clients.append(made)
        return made

    def answers(self, request: PreparedRequest) -> bool:
        """Whether a request is the service's, and not another host's."""
        return self._carrier.matches(request)[0]

    def answer_in(self, rsps: Any) -> None:
        """Lets another mock of `responses` answer the service's requests from this fake too.

        For a test that activates `responses` itself after the mock has begun, as one decorated with
        ``@responses.activate`` does that uses the fixture: ``customers_mock.answer_in(responses)``.

        Args:
            rsps: the module `responses`, or a `responses.RequestsMock`.
        """
        rsps.add(self._carrier)

    def reset(self) -> None:
        """Empties the fake: its own app, key and the documented chains alone stay.

        Faults that wait and the log of requests go too.
        """
        self._unfinished.clear()
        self._backend.reset()

    def _end(self) -> None:
        self._ended = True
        for client in self._clients:
            client.close()
        self._unfinished.clear()
        self._backend.close()


class mock_customers:  # noqa: N801 - used like a function
    """Answers the client's requests in process while it is active: a fake for your tests.

    Use it in a ``with`` statement, which yields a `MockCustomers`, or as a decorator of a function,
    a coroutine function, a method, or a class, of which it decorates the methods whose names begin
    with ``test``; what is decorated gets no argument. Each use starts with an empty fake.
    Meanwhile ``NODERAILS_API_KEY``, ``NODERAILS_APP_ID`` and ``NODERAILS_BASE_URL`` are set to the
    fake's, so that a ``Client()`` of your own reaches it, and the client does not wait between its
    tries (it still heeds ``Retry-After``). A mock within another hides it until it ends.

    Args:
        passthrough: what becomes of requests to other hosts. False refuses them with a
            ``requests.ConnectionError``, as `responses` does; True lets them through to the
            network; a prefix of their URLs, a compiled pattern, or several of them in a list, let
            these through. If another mock of `responses` is active already, it decides.
        base_url: the address to answer at, if your code sets another one than the default.
        sleep: what is called with the seconds of `latency` and `slow_next` where the caller's
            read timeout is longer.

    Raises:
        ConfigurationError: ``base_url`` is none.
        TypeError: ``passthrough`` is none of these.
    """

    def __init__(
        self,
        *,
        passthrough: Union[bool, Prefix, Iterable[Prefix]] = False,
        base_url: str = DEFAULT_BASE_URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._prefixes = _prefixes(passthrough)
        self._base_url = _settings.base_url(base_url, allow_http=True)
        self._sleep = sleep
        self._active: list[tuple[MockCustomers, list[Any]]] = []

    def __enter__(self) -> MockCustomers:
        """Begins; the handle is the fake's."""
        handle = MockCustomers(self._base_url, self._sleep)
        rsps = responses.RequestsMock(assert_all_requests_are_fired=False)
        handle.answer_in(rsps)
        settings = {
            "NODERAILS_API_KEY": handle.api_key,
            "NODERAILS_APP_ID": handle.app_id,
            "NODERAILS_BASE_URL": handle.base_url,
        }
        parts: list[Any] = [
            mock.patch.dict("os.environ", settings),
            mock.patch.object(retry, "BACKOFF_BASE", _BACKOFF_BASE),
        ]
        outside = HTTPAdapter.send
        for part in (*parts, rsps):
            part.__enter__()
        letting = mock.patch.object(HTTPAdapter, "send", self._let_others_by(handle, outside))
        letting.start()
        parts += [rsps, letting]
        self._active.append((handle, parts))
        return handle

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Ends, and puts back what was before."""
        handle, parts = self._active.pop()
        for part in reversed(parts):
            part.__exit__(kind, error, trace)
        handle._end()  # noqa: SLF001 - the handle is of this module

    def __call__(self, function: F) -> F:
        """Decorates a function, a coroutine function, a generator, a method or a class."""
        if isinstance(function, type):
            for name, member in list(vars(function).items()):
                if name.startswith("test") and inspect.isfunction(member):
                    setattr(function, name, self(member))
            return function
        decorated: F = _decorated(function, self._fresh)
        return decorated

    def _let_others_by(self, handle: MockCustomers, outside: Any) -> Callable[..., Any]:
        """What sends: other hosts' requests go where they went before the mock, if they may."""
        inside: Any = HTTPAdapter.send
        is_mocked = outside.__module__ != HTTPAdapter.__module__
        prefixes = ("",) if is_mocked else self._prefixes

        def send(adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            url = str(request.url)
            if not handle.answers(request) and any(_begins(url, prefix) for prefix in prefixes):
                return outside(adapter, request, *args, **kwargs)
            return inside(adapter, request, *args, **kwargs)

        return send

    def _fresh(self) -> mock_customers:
        return mock_customers(
            passthrough=self._prefixes, base_url=self._base_url, sleep=self._sleep
        )


def _decorated(function: Any, fresh: Callable[[], mock_customers]) -> Any:
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with fresh():
                return await function(*args, **kwargs)

        return awaited

    if inspect.isasyncgenfunction(function):

        @wraps(function)
        async def stepped(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with fresh():
                async for value in function(*args, **kwargs):
                    yield value

        return stepped

    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def generated(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with fresh():
                return (yield from function(*args, **kwargs))

        return generated

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        with fresh():
            return function(*args, **kwargs)

    return called


def _begins(url: str, prefix: Prefix) -> bool:
    return url.startswith(prefix) if isinstance(prefix, str) else bool(prefix.match(url))


def _prefixes(passthrough: Any) -> tuple[Prefix, ...]:
    if isinstance(passthrough, bool):
        return ("",) if passthrough else ()
    if isinstance(passthrough, (str, re.Pattern)):
        return (passthrough,)
    try:
        found = tuple(passthrough)
    except TypeError:
        found = (None,)
    if not all(isinstance(prefix, (str, re.Pattern)) for prefix in found):
        raise TypeError("passthrough must be a bool, a URL prefix, a pattern, or a list of these")
    return found
