"""Methods of a sandbox or a fake: inject faults, see what was sent and what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.express.jsontext import load
from customers_sdk.sandbox.faults import faults as checks
from customers_sdk.sandbox.faults.faults import Fault

if TYPE_CHECKING:
    from customers_sdk.sandbox.faults.faults import Faults
    from customers_sdk.sandbox.faults.requestlog import RequestLog, SentRequest
    from customers_sdk.sandbox.service.store import Store

#: The methods that ``/_sandbox/faults`` offers.
FAULTS = (
    *("fail_next", "timeout_next", "drop_answer_next", "slow_next", "html_next"),
    *("rate_limit", "latency", "database_down"),
)


class Controls:
    """Inject faults, and see the requests that were sent and the customers that are stored.

    A fault waits for the next requests that it concerns: `method` is an HTTP method, `path` a path
    below the base URL, in which ``*`` stands for one segment (``"/customers/*/wallets"``); by
    default it concerns any request. `times` is how many requests get it. Faults queue up: of
    several that concern a request, the one added first changes the response, and all delays add
    up. Every method raises ``TypeError`` or ``ValueError`` for an argument that it cannot use.
    """

    store: Store
    faults: Faults
    log: RequestLog

    @property
    def requests(self) -> tuple[SentRequest, ...]:
        """The requests that were sent, oldest first; each retry is one more."""
        return self.log.entries()

    def stored(self) -> tuple[dict[str, Any], ...]:
        """Return all stored customers of all apps, oldest first, as the API lists them."""
        return tuple(load(self.store.everyone()))

    def fail_next(
        self,
        status: int = 503,
        times: int = 1,
        *,
        code: str | None = None,
        message: str | None = None,
        retry_after: int | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Respond to the next requests with an error, and do nothing else.

        A status up to 500 is the service's own and stays stored under the idempotency key, as
        there (observed, recordings ``idem_400_first``, ``idem_500_first``); one above comes from
        the proxy in front and does not. The client sends a write again after 502 and 503, not
        after 500.

        Args:
            status: from 400 to 599.
            times: how many requests.
            code, message: those of the error, by default what goes with the status.
            retry_after: whole seconds for a ``Retry-After`` header.
            method, path: see the class.
        """
        fault = Fault(
            "fail_next",
            checks.checked_count(times, "times"),
            status=checks.checked_count(status, "status", 400, 599),
            code=code,
            message=message,
            retry_after=checks.optional_count(retry_after, "retry_after", 0),
        )
        self._arm(fault, method, path)

    def html_next(
        self,
        status: int = 502,
        times: int = 1,
        *,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Respond to the next requests with a page of HTML, as a proxy in front does.

        `status` is from 200 to 599.
        """
        status = checks.checked_count(status, "status", 200, 599)
        times = checks.checked_count(times, "times")
        self._arm(Fault("html_next", times, status=status), method, path)

    def timeout_next(
        self, times: int = 1, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Lose the next requests: nothing is done, and the caller gets no response.

        In process the caller's read timeout is raised at once, without waiting. Over HTTP the
        connection stays open until the caller hangs up, for a minute at most.
        """
        self._arm(Fault("timeout_next", checks.checked_count(times, "times")), method, path)

    def drop_answer_next(
        self, times: int = 1, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Carry the next requests out, and close the connection in place of a response.

        The response is kept under the request's idempotency key: the same request sent again gets
        it, and nothing is done twice.
        """
        self._arm(Fault("drop_answer_next", checks.checked_count(times, "times")), method, path)

    def slow_next(
        self, seconds: float, times: int = 1, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Delay the next requests, while the lock on their idempotency key is held.

        A caller who hangs up before loses the lock, and the request is still carried out, as on the
        service: a retry meanwhile runs at the same time. In process a shorter read timeout of the
        caller is raised at once, without waiting; the response is kept under the key when
        the time would be over, or when `requests` or `customers` is read.
        """
        times, delay = checks.checked_count(times, "times"), checks.checked_seconds(seconds)
        self._arm(Fault("slow_next", times, delay=delay), method, path)

    def latency(
        self, seconds: float, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Delay every request from now on, as `slow_next` does; a second call adds to the first."""
        self._arm(Fault("latency", None, delay=checks.checked_seconds(seconds)), method, path)

    def rate_limit(
        self,
        after: int = 0,
        *,
        times: int | None = None,
        retry_after: int = 1,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Respond with 429 after so many requests.

        The client waits for `retry_after` and retries; the 429 to a write is kept under its key,
        which costs one more retry.

        Args:
            after: how many requests are carried out as usual first.
            times: how many are refused then; None is all of them until `clear_faults`.
            retry_after: whole seconds for the ``Retry-After`` header; 0 makes for quick tests.
            method, path: see the class.
        """
        fault = Fault(
            "rate_limit",
            checks.optional_count(times, "times"),
            after=checks.checked_count(after, "after", 0),
            status=429,
            retry_after=checks.checked_count(retry_after, "retry_after", 0),
        )
        self._arm(fault, method, path)

    def database_down(
        self, times: int | None = None, *, method: str | None = None, path: str | None = None
    ) -> None:
        """Respond as the service does while its database is down: 401, kept under the key.

        A request sent again under its key after the outage gets the same 401. `times` None is all
        requests until `clear_faults`.
        """
        self._arm(Fault("database_down", checks.optional_count(times, "times")), method, path)

    def clear_faults(self) -> None:
        """Remove every fault that still waits."""
        self.faults.clear()

    def _arm(self, fault: Fault, method: str | None, path: str | None) -> None:
        fault.method = checks.checked_method(method)
        fault.path = checks.checked_path(path)
        self.faults.add(fault)
