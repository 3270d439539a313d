"""`mock_customers`: the fake for the length of a ``with`` statement or of a decorated function."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, copy_context
from copy import copy
from functools import wraps
from types import coroutine
from typing import Any, Callable, TypeVar, Union

from customers_sdk import _settings
from customers_sdk.client import DEFAULT_BASE_URL
from customers_sdk.sandbox.seeds import plausible, sow
from customers_sdk.testing._active import Activation, newest
from customers_sdk.testing._fake import MockCustomers

Prefix = Union[str, "re.Pattern[str]"]
F = TypeVar("F", bound=Callable[..., Any])


class mock_customers:  # noqa: N801 - used like a function
    """Respond to the client's requests in process while active: a fake for your tests.

    Use it in a ``with`` statement, which yields a `MockCustomers`, or as a decorator of a function,
    a coroutine function, a generator, a method, or a class, where it decorates the methods whose
    names begin with ``test``. It passes no argument to what it decorates. Each use starts with an
    empty fake.

    Meanwhile ``NODERAILS_API_KEY``, ``NODERAILS_APP_ID`` and ``NODERAILS_BASE_URL`` are set to the
    fake's, so a ``Client()`` of your own reaches it, and clients made meanwhile do not wait between
    retries (they still respect ``Retry-After``). An inner mock hides an outer one until it ends.
    Mocks begun in several threads or tasks each answer their own thread or task.

    Args:
        passthrough: what happens to requests to other hosts. False refuses them with a
            ``requests.ConnectionError``; True lets them through to the network; a URL prefix, a
            compiled pattern, or a list of these lets matching URLs through. If another mock of
            `responses` is active already, it decides.
        base_url: the service's address, if your code sets another one than the default.
        sleep: called with the seconds of `latency` and `slow_next` if the caller's read timeout
            is longer.
        seed: the rows to begin with: a number of plausible customers, the same every time, or a
            mapping such as ``{"customers": [{"external_id": "user-1"}]}``, from ``customers``,
            ``wallets``, ``payment_intents``, ``invoices``, ``subscriptions``, ``chains`` and
            ``apps`` to lists of arguments of the ``add_…`` methods.
        latency: the seconds that every request takes.

    Raises:
        ConfigurationError: ``base_url`` is not a URL.
        TypeError: ``passthrough`` is none of these.
        ValueError: on entering, ``seed`` or ``latency`` cannot be used; the text names the row.
    """

    def __init__(
        self,
        *,
        passthrough: bool | Prefix | Iterable[Prefix] = False,
        base_url: str = DEFAULT_BASE_URL,
        sleep: Callable[[float], None] = time.sleep,
        seed: int | Mapping[str, Any] | None = None,
        latency: float = 0.0,
    ) -> None:
        self._prefixes = _prefixes(passthrough)
        self._base_url = _settings.base_url(base_url, allow_http=True)
        self._sleep = sleep
        self._seed = seed
        self._latency = latency

    def __enter__(self) -> MockCustomers:
        fake = MockCustomers(self._base_url, self._sleep)
        try:
            if self._seed is not None:
                sow(fake, _rows(self._seed))
            if self._latency:
                fake.latency(self._latency)
        except BaseException:
            fake.close()
            raise
        Activation(self, fake, self._prefixes)
        return fake

    def __exit__(self, *_: object) -> None:
        newest(self).end()

    def __call__(self, function: F) -> F:
        if isinstance(function, type):
            for name, member in list(vars(function).items()):
                if not name.startswith("test"):
                    continue
                if isinstance(member, (staticmethod, classmethod)):
                    setattr(function, name, type(member)(self(member.__func__)))
                elif inspect.isfunction(member):
                    setattr(function, name, self(member))
            return function
        decorated: F = _decorated(function, self)
        return decorated


def _decorated(function: Any, mock: mock_customers) -> Any:
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, mock)
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def generated(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with _begun(copy(mock)) as context:
                return (yield from _Steps(context, function(*args, **kwargs)))

        return generated
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with copy(mock):
                return await function(*args, **kwargs)

        return awaited

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        with copy(mock):
            return function(*args, **kwargs)

    return called


def _async_generator(function: Any, mock: mock_customers) -> Any:
    @wraps(function)
    async def generated(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        # What ``yield from`` does for a generator.
        with _begun(copy(mock)) as context:
            steps = function(*args, **kwargs)
            step = steps.__anext__()
            while True:
                try:
                    value = await _within(context, step)
                except StopAsyncIteration:
                    return
                try:
                    step = steps.asend((yield value))
                except GeneratorExit:
                    await _within(context, steps.aclose())
                    raise
                except BaseException as error:  # noqa: BLE001 - it is passed on
                    step = steps.athrow(error)

    return generated


@contextmanager
def _begun(mock: mock_customers) -> Iterator[Context]:
    """A mock that is begun and ended in a context of its own.

    A generator's requests are its own mock's then, whatever is begun or ended between its steps.
    """
    context = copy_context()
    context.run(mock.__enter__)
    try:
        yield context
    finally:
        context.run(mock.__exit__, None, None, None)


@coroutine
def _within(context: Context, awaitable: Awaitable[Any]) -> Generator[Any, Any, Any]:
    """Await with each step in a context."""
    return (yield from _Steps(context, awaitable.__await__()))


class _Steps(Generator[Any, Any, Any]):
    """A generator whose steps run in a context."""

    def __init__(self, context: Context, steps: Generator[Any, Any, Any]) -> None:
        self._run = context.run
        self._steps = steps

    def send(self, value: Any) -> Any:
        return self._run(self._steps.send, value)

    def throw(self, *error: Any) -> Any:
        return self._run(self._steps.throw, *error)

    def close(self) -> None:
        self._run(self._steps.close)


def _rows(seed: Any) -> Any:
    if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0:
        return plausible(seed)
    if isinstance(seed, Mapping):
        return dict(seed)
    raise ValueError("seed must be a number of customers, or a mapping from kinds to rows")


def _prefixes(passthrough: Any) -> list[re.Pattern[str]]:
    if isinstance(passthrough, bool):
        passthrough = [""] * passthrough
    elif isinstance(passthrough, (str, re.Pattern)):
        passthrough = [passthrough]
    found: list[Any] = list(passthrough) if isinstance(passthrough, Iterable) else [None]
    if not all(isinstance(prefix, (str, re.Pattern)) for prefix in found):
        raise TypeError("passthrough must be a bool, a URL prefix, a pattern, or a list of these")
    return [re.compile(re.escape(each)) if isinstance(each, str) else each for each in found]
