"""Connection pools of our own sessions: no lock, one look-up, and connections with a deadline.

Why urllib3's own queue does not do: a signal's exception (Ctrl-C, a worker's timeout) that comes
just as `queue.LifoQueue` has taken its lock leaves it locked, and every later call hangs. It
happened once in 2,000 interrupted calls. A deque needs no lock.
"""

from __future__ import annotations

import queue
from collections import deque
from typing import Any

from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from customers_sdk._http.deadline import mixed, timed

# As many connections as threads are likely to share a client. More threads than that have
# urllib3 warn, at each response, that the pool is full.
SIZE = 256


class IdleConnections(queue.LifoQueue[Any]):
    """The queue of a connection pool, without a lock and never waiting.

    Nothing here is asked to block: a pool that does not limit connections makes another one
    where the queue is empty, and drops one where it is full.
    """

    def _init(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.queue: Any = deque()

    def get(self, block: bool = False, timeout: float | None = None) -> Any:  # noqa: ARG002, FBT001, FBT002
        """The connection that was used last."""
        try:
            return self.queue.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, item: Any, block: bool = False, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002
        """Keep a connection; None stands for one that is still to be made."""
        if item is None:
            return
        if self.full():
            raise queue.Full
        self.queue.append(item)

    def qsize(self) -> int:
        """How many there are."""
        return len(self.queue)

    def empty(self) -> bool:
        """Whether there are none."""
        return not self.queue

    def full(self) -> bool:
        """Whether no more are kept."""
        return 0 < self.maxsize <= len(self.queue)


class _Pool:
    """What is mixed into urllib3's pools."""

    QueueCls = IdleConnections

    @property
    def ConnectionCls(self) -> Any:  # noqa: N802 - urllib3's name
        """The class of connections; looked up each time, since vcrpy replaces it for a while."""
        return timed(super().ConnectionCls)  # type: ignore[misc]

    def urlopen(self, *arguments: Any, **options: Any) -> Any:
        """Send a request; urllib3 copies its headers, which a plain dict does faster."""
        headers = options.get("headers")
        if isinstance(headers, CaseInsensitiveDict):
            options["headers"] = dict(headers._store.values())  # type: ignore[attr-defined]  # noqa: SLF001
        return super().urlopen(*arguments, **options)  # type: ignore[misc]


class OneHostAdapter(HTTPAdapter):
    """An adapter that looks its connection pool up once: a client talks to one host.

    Before requests 2.32 there is nothing to override, and the pool is looked up each time.
    """

    _found: tuple[Any, Any] | None = None

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make pools of our own."""
        super().init_poolmanager(*arguments, **options)
        _use_our_own(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make pools of our own for a proxy, too."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            _use_our_own(manager)
        return manager

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The pool for these TLS settings; with proxies it depends on the request."""
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        found = self._found
        if found is None or found[0] != (verify, cert):
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            found = self._found = ((verify, cert), pool)
        return found[1]

    def request_url(self, request: Any, proxies: Any) -> str:
        """What is requested: all that follows the host, unless a proxy wants more."""
        if proxies:
            return super().request_url(request, proxies)
        return f"/{request.url.split('/', 3)[3]}"

    def close(self) -> None:
        """Forget the pool as well."""
        self._found = None
        super().close()


def _use_our_own(manager: Any) -> None:
    manager.pool_classes_by_scheme = {
        scheme: mixed(_Pool, pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
