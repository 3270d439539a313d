"""Fetching pages ahead of a walk, on threads."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic

from customers_sdk._lists.walk import Fetch, R
from customers_sdk.pagination import Page


class Prefetch(Generic[R]):
    """A ``fetch`` that guesses which pages will be asked for next and gets them early.

    At most ``pages`` are in flight or waiting to be asked for. An error is raised when
    the page it belongs to is asked for. While the list grows by more than half a page
    from one answer to the next, a guess would be wrong by the time it is used, and
    nothing is guessed. Leaving the context cancels what has not been sent; a request
    under way ends by itself, within its deadline, and its thread with it.

    ``fetch`` is called from several threads. Pages of another size are fetched when asked for.
    """

    def __init__(self, fetch: Fetch[R], page_size: int, pages: int) -> None:
        self._fetch = fetch
        self._page_size = page_size
        self._pages = pages
        self._total = 0
        self._ahead: dict[int, Future[Page[R]]] = {}
        self._threads = ThreadPoolExecutor(pages, "customers_sdk-prefetch")

    def __call__(self, number: int, size: int) -> Page[R]:
        if size != self._page_size:
            return self._fetch(number, size)
        for passed in [guess for guess in self._ahead if guess < number]:
            self._ahead.pop(passed).cancel()
        last = -(-self._total // size)
        for guess in range(number, min(number + self._pages - 1, last) + 1):
            if guess not in self._ahead:
                self._ahead[guess] = self._threads.submit(self._fetch, guess, size)
        guessed = self._ahead.pop(number, None)
        page = self._fetch(number, size) if guessed is None else guessed.result()
        if self._total and page.total > self._total + size // 2:
            self._forget()
        self._total = page.total
        return page

    def _forget(self) -> None:
        for guess in self._ahead.values():
            guess.cancel()
        self._ahead.clear()

    def __enter__(self) -> Prefetch[R]:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
