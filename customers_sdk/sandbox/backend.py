"""The sandbox without a port: a database, the service over it, and what a test holds of both."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from customers_sdk.sandbox.faults.controls import Controls
from customers_sdk.sandbox.faults.faults import Faults
from customers_sdk.sandbox.faults.injection import Injection
from customers_sdk.sandbox.faults.requestlog import MOST_KEPT, RequestLog
from customers_sdk.sandbox.seeding import Seeding
from customers_sdk.sandbox.service.app import Application
from customers_sdk.sandbox.service.database import Database
from customers_sdk.sandbox.service.store import Store, current_milliseconds

if TYPE_CHECKING:
    from customers_sdk import Client, CustomerSummary

TIE_ORDERS = ("stable", "random")


class Backend:
    """One isolated service, its application callable in process; a `Handle` seeds and steers it.

    `db` is the path of the SQLite file (by default a temporary one, deleted by `close`;
    ``:memory:`` for none, which is the quickest to make), `latency` the seconds each write takes,
    `now` the clock in milliseconds since 1970, `most_requests` how many requests it remembers
    (None: all). `api_key` and `app_id` are random unless given; a database opened again keeps its
    own. Raises ``ValueError`` for an unknown `tie_order`. `base_url` is set by what serves it.
    """

    base_url: str

    def __init__(
        self,
        *,
        db: str | Path | None = None,
        tie_order: str = "stable",
        latency: float = 0.0,
        now: Callable[[], int] = current_milliseconds,
        most_requests: int | None = MOST_KEPT,
        api_key: str | None = None,
        app_id: str | None = None,
    ) -> None:
        if tie_order not in TIE_ORDERS:
            raise ValueError(f"tie_order must be one of {', '.join(TIE_ORDERS)}")
        self._temporary = tempfile.mkdtemp(prefix="customers-sandbox-") if db is None else None
        path = Path(self._temporary, "sandbox.sqlite3") if self._temporary else str(db)
        self._database = Database(path, kept=not self._temporary)
        self.store: Store = Store(self._database, now=now, tie_order=tie_order)
        self.faults: Faults = Faults()
        self.log: RequestLog = RequestLog(most_requests)
        self.application: Application = Application(self.store, latency=latency)
        self.application.wsgi_app = Injection(self.application.respond, self.faults, self.log)
        kept = dict(map(tuple, self._database.rows("SELECT name, value FROM settings")))
        self.api_key: str = kept.get("api_key") or api_key or f"nr_test_sk_{secrets.token_hex(16)}"
        self.app_id: str = kept.get("app_id") or app_id or str(uuid.uuid4())
        if not kept:
            self._add_own_rows()

    def reset(self) -> None:
        """Do what `Handle.reset` says."""
        self.faults.clear()
        self.log.clear()
        self._database.empty()
        self.application.locks.clear()
        self._add_own_rows()

    def close(self) -> None:
        """Close the database, and delete it if it was temporary; may be called again."""
        self._database.close()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _add_own_rows(self) -> None:
        own = Handle(self)
        own.add_default_chains()
        merchant_id = own.add_merchant(name="Sandbox Merchant")
        own.add_app(id=self.app_id, merchant_id=merchant_id, name="Sandbox App")
        own.add_api_key(key=self.api_key, merchant_id=merchant_id)
        rows = ({"name": name, "value": getattr(self, name)} for name in ("app_id", "api_key"))
        self.store.insert("settings", *rows, replace=True)


class Handle(Seeding, Controls):
    """Seeds a service, injects faults, and shows what the service was sent and what it stores.

    `backend` is the service, None while it does not run.
    """

    def __init__(self, backend: Backend | None = None) -> None:
        self._backend = backend

    @property
    def backend(self) -> Backend:
        """The service; ``RuntimeError`` while it is not running."""
        if self._backend is None:
            text = "the sandbox is not running: use it in a with statement or call start()"
            raise RuntimeError(text)
        return self._backend

    @property
    def base_url(self) -> str:
        """Where it is reached, without a slash at the end."""
        return self.backend.base_url

    @property
    def api_key(self) -> str:
        """A secret key of the merchant that owns `app_id`."""
        return self.backend.api_key

    @property
    def app_id(self) -> str:  # type: ignore[override]
        """The app that rows are added to by default."""
        return self.backend.app_id

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a ``Client()`` without arguments reaches it."""
        return {
            "NODERAILS_BASE_URL": self.base_url,
            "NODERAILS_APP_ID": self.app_id,
            "NODERAILS_API_KEY": self.api_key,
        }

    @property
    def store(self) -> Store:  # type: ignore[override]
        """The rows."""
        return self.backend.store

    @property
    def faults(self) -> Faults:  # type: ignore[override]
        """The faults that wait for requests."""
        return self.backend.faults

    @property
    def log(self) -> RequestLog:  # type: ignore[override]
        """The requests that it was sent."""
        return self.backend.log

    @property
    def customers(self) -> tuple[CustomerSummary, ...]:
        """All customers that are stored, of every app, in the order they were stored.

        Raises ``RuntimeError`` while a sandbox does not run, and after a fake has ended.
        """
        from customers_sdk import CustomerSummary

        return tuple(map(CustomerSummary.from_dict, self.stored()))

    def client(self, **overrides: Any) -> Client:
        """Make a client of this service.

        `overrides` are arguments of `customers_sdk.Client` that replace the service's own.
        """
        from customers_sdk import Client

        settings = {"api_key": self.api_key, "app_id": self.app_id, "base_url": self.base_url}
        return Client(**{**settings, **overrides})

    def reset(self) -> None:
        """Empty it: its own app, its key and the documented chains stay.

        Faults that wait and the log of requests go too.
        """
        self.backend.reset()
