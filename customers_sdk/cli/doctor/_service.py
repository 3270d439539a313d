"""What the doctor sees of the service itself: its response to one small request."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from customers_sdk._settings import is_loopback
from customers_sdk.cli._client import connect
from customers_sdk.cli._exit import Exit, code_of
from customers_sdk.cli.doctor._finding import Finding, good, note, wrong
from customers_sdk.errors import (
    ApiError,
    AuthenticationError,
    CustomersError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ValidationError,
)

if TYPE_CHECKING:
    from customers_sdk.client import Client
    from customers_sdk.models import CustomerSummary
    from customers_sdk.pagination import Page

_SKEW = 60.0  # seconds


def findings() -> Iterator[Finding]:
    """Request one customer, and say what the response means."""
    ahead = 0.0  # seconds of the service's clock before ours

    def compare_clocks(response: requests.Response, **_: Any) -> None:
        nonlocal ahead
        with contextlib.suppress(TypeError, ValueError, IndexError):
            date = parsedate_to_datetime(response.headers.get("date", ""))
            ahead = date.timestamp() - time.time()

    with requests.Session() as session:
        session.hooks["response"].append(compare_clocks)
        with connect(session=session, max_retries=0, deadline=15) as client:
            yield from _answer(client)
    if abs(ahead) > _SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        found = f"The service's clock is {abs(ahead):.0f} s {way} this machine's."
        advice = "Set this machine's clock, or the times in its logs will not fit the service's."
        yield note("clock", found, advice)


def _answer(client: Client) -> Iterator[Finding]:
    started = time.monotonic()
    try:
        page = client.customers.list_page(page_size=1)
    except CustomersError as error:
        code = Exit.USAGE if _is_wrong_path(error) else code_of(error)
        yield wrong("service", f"{error}.", _advice(error, client.base_url), code=code)
        return
    took = (time.monotonic() - started) * 1000
    yield good("service", f"It accepts the key and responds ({took:.0f} ms).")
    if not page.total:
        yield _empty(client)
    elif _is_foreign(client, page):
        found = f"The app has {page.total:,} customers, but they belong to another merchant."
        advice = "NODERAILS_APP_ID names no app of the key's merchant: copy it from the dashboard."
        yield wrong("app", found, advice, code=Exit.REFUSED)
    else:
        yield good("customers", f"The app has {page.total:,}.")


def _is_foreign(client: Client, page: Page[CustomerSummary]) -> bool:
    """Whether the app is another merchant's: lists believe any app id, retrievals do not."""
    try:
        for customer in page:
            client.customers.retrieve(customer.id)
    except PermissionDeniedError:
        return True
    except CustomersError:
        pass  # it may have been deleted meanwhile; the list has shown that the service responds
    return False


def _empty(client: Client) -> Finding:
    """An app without customers may be new, or not be ours: the service believes any id."""
    found = "The app has none, as has an app that does not exist."
    with contextlib.suppress(CustomersError):
        others = client.customers.list_page(page_size=1, app_id=None)
        for newest in others:
            found += (
                f" The merchant's other apps have {others.total:,}, the newest in app "
                f"{newest.app_id}."
            )
    advice = "If that is a surprise, compare NODERAILS_APP_ID with the dashboard."
    return note("customers", found, advice, unchecked="NODERAILS_APP_ID")


def _is_wrong_path(error: CustomersError) -> bool:
    """Whether a list was taken for something else: the base URL has a path."""
    return isinstance(error, NotFoundError) and error.code is not None


def _advice(error: CustomersError, base_url: str) -> str:
    if isinstance(error, RateLimitError):
        return "Too many requests: wait, and try again."
    if isinstance(error, AuthenticationError) and error.database_down:
        return "The key may be right: wait, and try again."
    if code_of(error) is Exit.UNREACHABLE:
        return _advice_unreachable(error)
    if isinstance(error, AuthenticationError):
        if is_loopback(str(urlsplit(base_url).hostname)):
            return "For the sandbox, copy the lines that it prints when it starts."
        return (
            "The key is unknown, revoked or expired, or of a service other than the base URL's: "
            "make a new one in the dashboard, and set NODERAILS_API_KEY."
        )
    if isinstance(error, PermissionDeniedError):
        return "The key may not see this app, or the organisation is suspended: ask its owner."
    if _is_wrong_path(error):
        return "Take the path off NODERAILS_BASE_URL."
    if isinstance(error, ValidationError):
        return "Check NODERAILS_APP_ID."
    return "Try again later, and quote the request id to the service's support."


def _advice_unreachable(error: CustomersError) -> str:
    if isinstance(error, ServerError):
        return "The service, or what stands in front of it, is failing: try again later."
    if isinstance(error, ApiError) or hasattr(error, "status"):
        return (
            "Something other than the service has responded, such as a proxy's page for logging "
            "in or another server: check NODERAILS_BASE_URL and the proxy."
        )
    return "The connection works, but no response came: try again, and check the proxy."
