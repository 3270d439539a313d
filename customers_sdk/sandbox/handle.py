"""What a test holds of a service, whatever carries the requests to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.faults.controls import Controls
from customers_sdk.sandbox.seeding import Seeding

if TYPE_CHECKING:
    from customers_sdk import Client, CustomerSummary
    from customers_sdk.sandbox.backend import Backend
    from customers_sdk.sandbox.faults.faults import Faults
    from customers_sdk.sandbox.faults.requestlog import RequestLog
    from customers_sdk.sandbox.service.store import Store


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

        Args:
            overrides: arguments of `customers_sdk.Client` that replace the service's own.
        """
        from customers_sdk import Client

        settings = {"api_key": self.api_key, "app_id": self.app_id, "base_url": self.base_url}
        return Client(**{**settings, **overrides})

    def reset(self) -> None:
        """Empty it: its own app, its key and the documented chains stay.

        Faults that wait and the log of requests go too.
        """
        self.backend.reset()
