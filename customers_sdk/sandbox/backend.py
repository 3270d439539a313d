"""The sandbox without a port: a database, the service over it, and a key to call it with."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Callable

from customers_sdk.sandbox.faults.faults import Faults
from customers_sdk.sandbox.faults.injection import Injection
from customers_sdk.sandbox.faults.requestlog import MOST_KEPT, RequestLog
from customers_sdk.sandbox.handle import Handle
from customers_sdk.sandbox.service.app import Application
from customers_sdk.sandbox.service.database import Database
from customers_sdk.sandbox.service.store import Store, current_milliseconds

TIE_ORDERS = ("stable", "random")


class Backend:
    """One isolated service, its application callable in process; a `Handle` seeds and steers it.

    `db` is the path of the SQLite file (by default a temporary one, deleted by `close`;
    ``:memory:`` for none, which is the quickest to make), `latency` the seconds each write takes,
    `now` the clock in milliseconds since 1970, `most_requests` how many requests it remembers
    (None: all). `api_key` and `app_id` are random unless given; a database opened again keeps its
    own. Raises ``ValueError`` for an unknown `tie_order`. `base_url` is set by what serves it.
    """

    base_url: str = ""

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
