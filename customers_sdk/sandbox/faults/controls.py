"""The methods that steer a sandbox: faults, what was sent, what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

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
    """Faults to inject, and a look at what the sandbox was sent and holds.

    A fault waits for the next requests that it concerns: `method` is an HTTP method, `path` a path
    below the base URL, in which ``*`` stands for one segment (``"/customers/*/wallets"``); by
    default any request will do. `times` is how many requests it meets. Faults queue up: of several
    that concern a request the one added first is met, delays beside it. Every method raises
    ``TypeError`` or ``ValueError`` for an argument that makes no sense.
    """

    store: Store
    faults: Faults
    log: RequestLog

    @property
    def requests(self) -> tuple[SentRequest, ...]:
        """The requests that were sent, oldest first; each try of a call is one."""
        return self.log.entries()

    def stored(self) -> tuple[dict[str, Any], ...]:
        """All customers that are stored, of every app, in order, as a list would show them."""
        return tuple(load(self.store.everyone()))

    def fail_next(
        self,
        status: int = 503,
        times: int = 1,
        *,
        code: Optional[str] = None,
        message: Optional[str] = None,
        retry_after: Optional[int] = None,
        method: Optional[str] = None,
        path: Optional[str] = None,
    ) -> None:
        """Answers the next requests with an error, and does nothing else.

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
            status=checks.checked_status(status),
            code=code,
            message=message,
            retry_after=(
                None if retry_after is None else checks.checked_count(retry_after, "retry_after", 0)
            ),
        )
        self._arm(fault, method, path)

    def html_next(
        self,
        status: int = 502,
        times: int = 1,
        *,
        method: Optional[str] = None,
        path: Optional[str] = None,
    ) -> None:
        """Answers the next requests with a page of HTML, as a proxy in front does.

        Args:
            status: from 200 to 599.
            times: how many requests.
            method, path: see the class.
        """
        status = checks.checked_status(status, 200)
        times = checks.checked_count(times, "times")
        self._arm(Fault("html_next", times, status=status, html=True), method, path)

    def timeout_next(
        self, times: int = 1, *, method: Optional[str] = None, path: Optional[str] = None
    ) -> None:
        """Loses the next requests on their way: nothing is done, and the caller waits in vain.

        In process nobody waits: the caller's read timeout is raised at once. Over HTTP the
        connection stays open until the caller gives up, for a minute at most.

        Args:
            times: how many requests.
            method, path: see the class.
        """
        times = checks.checked_count(times, "times")
        self._arm(Fault("timeout_next", times, held=True), method, path)

    def drop_answer_next(
        self, times: int = 1, *, method: Optional[str] = None, path: Optional[str] = None
    ) -> None:
        """Carries the next requests out, and closes the connection in place of an answer.

        The answer is stored under the request's idempotency key: the same request sent again under
        it is answered with it, and nothing is done twice.

        Args:
            times: how many requests.
            method, path: see the class.
        """
        times = checks.checked_count(times, "times")
        self._arm(Fault("drop_answer_next", times, dropped=True), method, path)

    def slow_next(
        self,
        seconds: float,
        times: int = 1,
        *,
        method: Optional[str] = None,
        path: Optional[str] = None,
    ) -> None:
        """Lets the next requests take time, the lock on their idempotency key held.

        A caller who hangs up before loses the lock, and the request is carried out all the same
        (observed): a second try meanwhile runs beside it. In process a caller whose read timeout is
        shorter gets it raised at once, and nobody waits; the answer is stored under the key when
        the time would be over, or when `requests` or `customers` is read.

        Args:
            seconds: how long.
            times: how many requests.
            method, path: see the class.
        """
        times = checks.checked_count(times, "times")
        fault = Fault("slow_next", times, delay=checks.checked_seconds(seconds))
        self._arm(fault, method, path)

    def latency(
        self, seconds: float, *, method: Optional[str] = None, path: Optional[str] = None
    ) -> None:
        """Lets every request from now on take time; like `slow_next`, for all of them.

        Args:
            seconds: how long. A second call adds to the first.
            method, path: see the class.
        """
        fault = Fault("latency", None, delay=checks.checked_seconds(seconds))
        self._arm(fault, method, path)

    def rate_limit(
        self,
        after: int = 0,
        *,
        times: Optional[int] = None,
        retry_after: int = 1,
        method: Optional[str] = None,
        path: Optional[str] = None,
    ) -> None:
        """Answers 429 once so many requests have come.

        The client waits for `retry_after` and tries again; the 429 to a write is stored under its
        key, which costs one try more.

        Args:
            after: how many requests are answered as usual first.
            times: how many are refused then; None is all of them until `clear_faults`.
            retry_after: whole seconds for the ``Retry-After`` header; 0 makes for quick tests.
            method, path: see the class.
        """
        fault = Fault(
            "rate_limit",
            checks.checked_times(times),
            after=checks.checked_count(after, "after", 0),
            status=429,
            retry_after=checks.checked_count(retry_after, "retry_after", 0),
        )
        self._arm(fault, method, path)

    def database_down(
        self,
        times: Optional[int] = None,
        *,
        method: Optional[str] = None,
        path: Optional[str] = None,
    ) -> None:
        """Answers as the service does while its database is down: 401, stored under the key.

        Observed: recordings ``outage_db_down_*`` and ``outage_db_back_create_same_idem``.

        Args:
            times: how many requests; None is all of them until `clear_faults`.
            method, path: see the class.
        """
        times = checks.checked_times(times)
        self._arm(Fault("database_down", times, database_down=True), method, path)

    def clear_faults(self) -> None:
        """Takes away every fault that still waits."""
        self.faults.clear()

    def _arm(self, fault: Fault, method: Optional[str], path: Optional[str]) -> None:
        fault.method = checks.checked_method(method)
        fault.path = checks.checked_path(path)
        self.faults.add(fault)
