"""`MockCustomers`: the service in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit
from weakref import finalize

from requests import Session

from customers_sdk.sandbox.backend import Backend, Handle
from customers_sdk.testing._carrier import Calls, Carrier, Registered

if TYPE_CHECKING:
    from customers_sdk.client import Client
    from customers_sdk.models import CustomerSummary
    from customers_sdk.sandbox.faults.requestlog import SentRequest
    from customers_sdk.sandbox.service.store import Store

# The same in every fake, so that a client made from the environment fits any of them.
_API_KEY = "nr_test_sk_customers_mock"
_APP_ID = "00000000-0000-4000-8000-00000000fa6e"


class MockCustomers(Handle):
    """The service behind a `mock_customers`.

    Its methods seed it (``add_customer``, ``add_payment_intent``, ``add_invoice``, ``add_chain``
    and the others of `customers_sdk.sandbox.seeding.Seeding`) and inject faults (``fail_next`` and
    the others of `customers_sdk.sandbox.faults.controls.Controls`). `base_url` is where it is
    reached, and `sleep` as for `mock_customers`; `carrier` is the adapter of `requests` to it.
    """

    def __init__(self, base_url: str, sleep: Callable[[float], None]) -> None:
        backend = Backend(db=":memory:", most_requests=None, api_key=_API_KEY, app_id=_APP_ID)
        backend.base_url = base_url
        super().__init__(backend)
        self._calls = Calls(backend.close)
        self._clients: list[Client] = []
        self.carrier: Carrier = Carrier(backend.application, urlsplit(base_url), self._calls, sleep)
        # Python 3.13 warns of a database that is collected while it is open. Sessions of the fake
        # that outlive it hold the carrier.
        finalize(self.carrier, self._calls.close)

    def __repr__(self) -> str:
        return f"<MockCustomers {self.base_url}>"

    @property
    def store(self) -> Store:  # type: ignore[override]
        """The rows; raises ``RuntimeError`` after the fake has ended."""
        if self._calls.closed:
            raise RuntimeError("the mock has ended: look at its customers while it is active")
        return super().store

    @property
    def requests(self) -> tuple[SentRequest, ...]:
        self._finish()
        return super().requests

    @property
    def customers(self) -> tuple[CustomerSummary, ...]:
        self._finish()
        return super().customers

    def _finish(self) -> None:
        """Do what the service still has to do for callers that have hung up."""
        if not self._calls.closed:
            self._calls.finish(everything=True)

    def session(self) -> Session:
        """Make a session that reaches this fake and nothing else, whatever is patched.

        It raises ``requests.ConnectionError`` for other hosts, and after the fake has ended.
        """
        made = Session()
        made.trust_env = False
        for scheme in ("https://", "http://"):
            made.mount(scheme, self.carrier)
        return made

    def client(self, **overrides: Any) -> Client:
        """Make a client of this fake, closed when the fake ends.

        `overrides` are arguments of `customers_sdk.Client` that replace the fake's own.
        """
        made = super().client(**{"session": self.session(), **overrides})
        self._clients.append(made)
        return made

    def answer_in(self, rsps: Any) -> None:
        """Register this fake in a mock of `responses` that began later.

        A test with ``@responses.activate`` that uses the fixture ``customers_mock`` needs it:
        ``customers_mock.answer_in(responses)``.

        Args:
            rsps: the module `responses`, or a `responses.RequestsMock`.
        """
        rsps.add(Registered(self.carrier, self.base_url))

    def reset(self) -> None:
        self._calls.forget()
        super().reset()

    def close(self) -> None:
        """End the fake; may be called again.

        Running calls finish. Later ones raise ``requests.ConnectionError``, which a client turns
        into `customers_sdk.TransportError`.
        """
        self._calls.close()
        for client in self._clients:
            client.close()
