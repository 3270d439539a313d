"""Mocks that are active at the same time, end in any order, or end under running calls."""

# ruff: noqa: S603 - the processes started here are our own

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter

from customers_sdk import Client, TransportError
from customers_sdk._http import retry
from customers_sdk.testing import MockCustomers, mock_customers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

OTHER = "https://other.example/x"
REAL_SEND = HTTPAdapter.send


def sign_up(external_id: str) -> None:
    """A user's own code: a client of its own, the settings from the environment."""
    with Client() as client:
        client.customers.create(external_id=external_id)


def settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("NODERAILS_")}


def stored(mock: MockCustomers) -> list[str | None]:
    return [customer.external_id for customer in mock.customers]


@pytest.fixture(autouse=True)
def _nothing_stays_patched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NODERAILS_API_KEY", "mine")
    yield
    assert HTTPAdapter.send is REAL_SEND
    assert settings() == {"NODERAILS_API_KEY": "mine"}
    assert len(retry.BACKOFFS) == 1


def test_mocks_end_in_the_order_they_began() -> None:
    first, second, third = (mock_customers() for _ in range(3))
    first.__enter__()
    handles = second.__enter__(), third.__enter__()
    first.__exit__(None, None, None)
    sign_up("to the third")
    third.__exit__(None, None, None)
    sign_up("to the second")
    assert stored(handles[0]) == ["to the second"]
    second.__exit__(None, None, None)


def test_mocks_that_always_overlap_hold_on_to_none_that_has_ended() -> None:
    def begin() -> tuple[mock_customers, MockCustomers]:
        mock = mock_customers()
        return mock, mock.__enter__()

    contexts = [contextvars.Context() for _ in range(4)]
    mock, handle = contexts[0].run(begin)
    first = weakref.ref(handle)
    for before, context in zip(contexts, contexts[1:]):
        following, handle = context.run(begin)
        before.run(mock.__exit__, None, None, None)
        mock = following
    gc.collect()
    assert first() is None
    contexts[-1].run(mock.__exit__, None, None, None)


def test_coroutines_side_by_side_have_a_fake_each() -> None:
    seen: list[list[str | None]] = []

    @mock_customers()
    async def visit(name: str, pauses: int) -> None:
        for _ in range(pauses):
            await asyncio.sleep(0)
            sign_up(f"{name}-{_}")
        seen.append([one.external_id for one in Client().customers.list()])

    async def together() -> None:
        await asyncio.gather(visit("a", 3), visit("b", 1), visit("c", 2))

    asyncio.run(together())
    assert sorted(map(sorted, seen)) == [["a-0", "a-1", "a-2"], ["b-0"], ["c-0", "c-1"]]


def test_decorated_generators_that_take_turns_have_a_fake_each() -> None:
    @mock_customers()
    def steps(name: str) -> Iterator[int]:
        for number in range(2):
            sign_up(f"{name}-{number}")
            yield len(list(Client().customers.list()))

    first, second = steps("a"), steps("b")
    assert [next(first), next(second), next(second), next(first)] == [1, 1, 2, 2]
    assert list(first) == list(second) == []


def test_a_decorated_generator_is_still_a_generator() -> None:
    told: list[Any] = []

    @mock_customers()
    def steps() -> Any:
        try:
            told.append((yield 1))
            yield 2
        except ZeroDivisionError:
            told.append("caught")
            yield 3
        return 4

    talk = steps()
    assert (next(talk), talk.send("sent"), talk.throw(ZeroDivisionError())) == (1, 2, 3)
    with pytest.raises(StopIteration) as ended:
        next(talk)
    assert (told, ended.value.value) == (["sent", "caught"], 4)
    left = steps()
    next(left)
    left.close()


def test_decorated_async_generators_that_take_turns_have_a_fake_each() -> None:
    @mock_customers()
    async def steps(name: str) -> AsyncIterator[int]:
        for number in range(2):
            await asyncio.sleep(0)
            sign_up(f"{name}-{number}")
            yield len(list(Client().customers.list()))

    async def turns() -> list[int]:
        first, second = steps("a"), steps("b")
        taken = [await each.__anext__() for each in (first, second, second, first)]
        return taken + [each async for each in first] + [each async for each in second]

    assert asyncio.run(turns()) == [1, 1, 2, 2]


def test_a_decorated_async_generator_is_still_an_async_generator() -> None:
    told: list[Any] = []

    @mock_customers()
    async def steps() -> AsyncGenerator[int, str]:
        try:
            told.append((yield 1))
            yield 2
        except ZeroDivisionError:
            told.append("caught")
            yield 3
        finally:
            await asyncio.sleep(0)
            told.append(len(list(Client().customers.list())))

    async def talk() -> list[int]:
        whole = steps()
        taken = [
            await whole.__anext__(),
            await whole.asend("sent"),
            await whole.athrow(ZeroDivisionError()),
        ]
        with pytest.raises(StopAsyncIteration):
            await whole.__anext__()
        left = steps()
        taken.append(await left.__anext__())
        await left.aclose()
        return taken

    assert asyncio.run(talk()) == [1, 2, 3, 1]
    assert told == ["sent", "caught", 0, 0]


def test_an_error_of_the_block_reaches_the_async_context_manager_that_is_decorated() -> None:
    told: list[str] = []

    @contextlib.asynccontextmanager
    @mock_customers()
    async def signed_up() -> AsyncIterator[None]:
        sign_up("u-1")
        try:
            yield
        except ZeroDivisionError:
            told.append("caught")
            raise

    async def use() -> None:
        async with signed_up():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(use())
    assert told == ["caught"]


def test_each_of_several_threads_may_have_a_mock() -> None:
    gate = threading.Barrier(4)

    def work(number: int) -> list[str | None]:
        with mock_customers() as mock:
            gate.wait(10)
            for turn in range(5):
                sign_up(f"{number}-{turn}")
            gate.wait(10)
            return stored(mock)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert found == [[f"{number}-{turn}" for turn in range(5)] for number in range(4)]


def test_one_mock_may_be_entered_by_several_threads() -> None:
    shared = mock_customers()
    gate = threading.Barrier(2)

    def work(name: str) -> list[str | None]:
        with shared as mock:
            gate.wait(10)
            sign_up(name)
            return stored(mock)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, ["a", "b"])) == [["a"], ["b"]]


def test_a_thread_of_the_code_under_test_reaches_the_innermost_mock() -> None:
    with mock_customers() as outer, mock_customers() as inner:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(sign_up, "from a thread").result(10)
        assert (stored(outer), stored(inner)) == ([], ["from a thread"])


def test_a_thread_that_may_belong_to_several_mocks_is_told_so() -> None:
    entered, done = threading.Event(), threading.Event()

    def other() -> None:
        with mock_customers():
            entered.set()
            done.wait(10)

    with ThreadPoolExecutor(2) as pool, mock_customers() as mock:
        pool.submit(other)
        assert entered.wait(10)
        with pytest.raises(TransportError, match="several mocks"):
            pool.submit(sign_up, "whose?").result(10)
        client = mock.client()
        pool.submit(client.customers.create, external_id="mine").result(10)
        done.set()
        assert stored(mock) == ["mine"]


def test_a_client_of_a_mock_reaches_that_mock_whatever_is_active() -> None:
    with mock_customers() as outer:
        client = outer.client()
        with mock_customers() as inner, responses.RequestsMock():
            client.customers.create(external_id="outer")
            with outer.session() as session, pytest.raises(requests.ConnectionError):
                session.get(OTHER, timeout=1)
        assert (stored(outer), client.customers.list_page().total) == (["outer"], 1)
    with pytest.raises(RuntimeError, match="has ended"):
        _ = inner.customers


def test_a_mock_of_another_library_may_end_after_ours() -> None:
    with responses.RequestsMock() as outer:
        with mock_customers():
            inner = responses.RequestsMock()
            inner.start()
        inner.stop(allow_assert=False)  # it found our sender, and puts it back
        outer.get(OTHER, body="outer")
        assert requests.get(OTHER, timeout=1).text == "outer"
        with mock_customers():
            sign_up("u-1")


def test_environment_variables_set_meanwhile_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_customers():
        monkeypatch.setenv("SHOP_SETTING", "1")
        os.environ["NODERAILS_APP_ID"] = "another"
        with mock_customers() as inner:
            assert os.environ["NODERAILS_APP_ID"] == inner.app_id
        assert os.environ["NODERAILS_APP_ID"] == "another"
    assert os.environ["SHOP_SETTING"] == "1"
    assert os.environ["NODERAILS_API_KEY"] == "mine"


def test_a_late_call_is_an_ordinary_transport_error() -> None:
    with mock_customers() as mock:
        session = mock.session()
        client = Client(mock.api_key, mock.app_id, session=session)
        client.customers.list_page()
    with pytest.raises(TransportError, match="has ended") as caught:
        client.customers.create(name="late")
    assert not caught.value.outcome_unknown
    with pytest.raises(TransportError, match="has ended"):
        mock.client().customers.list_page()
    mock.close()


def test_a_call_in_flight_comes_to_its_end() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(_: float) -> None:
        inside.set()
        assert go_on.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with mock_customers(sleep=wait) as mock:
            mock.slow_next(0.5)
            running = pool.submit(mock.client().customers.create, external_id="u-1")
            assert inside.wait(10)
        go_on.set()
        assert running.result(10).external_id == "u-1"


def test_what_a_call_leaves_unfinished_after_the_end_is_not_done() -> None:
    with mock_customers() as mock:
        mock.client().customers.list_page()
    mock._calls.do_later(0.0, lambda: mock.backend.store.remember("key", 200, "{}"))
    assert [request.status for request in mock.requests] == [200]


CALLERS = """
import threading, time
from customers_sdk import Client, TransportError
from customers_sdk.testing import mock_customers

def hammer(client, failed):
    try:
        while True:
            client.customers.create(name="x")
            list(client.customers.list())
    except TransportError:
        pass
    except BaseException as error:
        failed.append(error)

failed = []
for _ in range(15):
    with mock_customers() as mock:
        clients = [mock.client(), Client(session=mock.session())]
        threads = [threading.Thread(target=hammer, args=(one, failed)) for one in clients * 3]
        for thread in threads:
            thread.start()
        while len(mock.requests) < 20:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
print(failed)
"""


def test_threads_that_still_call_as_a_mock_ends_do_no_harm() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "faulthandler", "-c", CALLERS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@mock_customers()
class TestDecoratedMethodsOfAnyKind:
    @staticmethod
    def test_static() -> None:
        sign_up("u-1")

    @classmethod
    def test_class(cls) -> None:
        assert cls is TestDecoratedMethodsOfAnyKind
        sign_up("u-1")


def test_no_wait_of_ours_is_patched() -> None:
    with mock_customers() as mock:
        assert retry.BACKOFF_BASE == 0.5
        mock.fail_next(503, times=2)
        sign_up("u-1")
        assert [request.status for request in mock.requests] == [503, 503, 201]
