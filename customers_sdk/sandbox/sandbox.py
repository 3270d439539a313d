"""The sandbox with a port."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from customers_sdk.sandbox.backend import TIE_ORDERS, Backend, Handle
from customers_sdk.sandbox.console.console import Console
from customers_sdk.sandbox.faults.control_routes import is_loopback
from customers_sdk.sandbox.server import Server

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import WSGIApplication


class Sandbox(Handle):
    """The Customers API on this machine, over real HTTP and SQLite.

    Use it as a context manager, or call `start` and `close`. `port` 0 takes a free port; `db` is
    the path of a SQLite file that outlives the sandbox (by default a temporary one that does not);
    `tie_order` ``"random"`` orders customers of one millisecond by page size and page, as the
    service was observed to; `latency` is the seconds each write takes; `api_key` and `app_id` are
    random unless given. On a loopback address it has a page for the browser, and the routes under
    ``/_sandbox/`` steer it too. A port that is taken raises ``OSError``, an unknown `tie_order`
    ``ValueError``.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        db: str | Path | None = None,
        tie_order: str = "stable",
        latency: float = 0.0,
        api_key: str | None = None,
        app_id: str | None = None,
    ) -> None:
        if tie_order not in TIE_ORDERS:
            raise ValueError(f"tie_order must be one of {', '.join(TIE_ORDERS)}")
        super().__init__()
        self._address = (host, port)
        self._new_backend = partial(
            Backend, db=db, tie_order=tie_order, latency=latency, api_key=api_key, app_id=app_id
        )
        self._server: Server | None = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Sandbox {self._backend.base_url if self._backend else 'not started'}>"

    def start(self) -> Sandbox:
        """Open the database and listen; does nothing if the sandbox runs already."""
        if self._backend is None:
            backend = self._new_backend()
            try:
                application: WSGIApplication = backend.application
                if is_loopback(self._address[0]):
                    application = Console(Handle(backend), application)
                self._server = Server(application, *self._address)
            except BaseException:
                backend.close()
                raise
            backend.base_url = self._server.base_url
            self._backend = backend
        return self

    def close(self) -> None:
        """Stop listening and close the database; may be called again, and `start` after it."""
        closing = self._server, self._backend
        self._server = self._backend = None
        for each in closing:
            if each is not None:
                each.close()

    @property
    def console_url(self) -> str | None:
        """The page for the browser; None where it does not listen on a loopback address."""
        base_url = self.base_url
        return f"{base_url}/" if is_loopback(self._address[0]) else None
