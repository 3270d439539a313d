"""The client that a command talks through, and what its lists warn of."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from customers_sdk.cli._exit import one_line
from customers_sdk.cli._output import say

if TYPE_CHECKING:
    from customers_sdk.client import Client

_AGENT = "customers-cli"


def connect(**options: Any) -> Client:
    """A client of the environment's settings, for a person who waits."""
    from customers_sdk.client import Client

    return Client(user_agent=_AGENT, **options)


def connect_patiently() -> Client:
    """A client for an unattended job, which costs more to restart than to wait for."""
    return connect(max_retries=5, deadline=120)


@contextlib.contextmanager
def incomplete_lists() -> Iterator[list[str]]:
    """Collect what `IncompleteListWarning` says meanwhile, and say it in one line at the end."""
    from customers_sdk.pagination import IncompleteListWarning

    missed: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", IncompleteListWarning)
        show = warnings.showwarning

        def keep(message: Any, category: type[Warning], *rest: Any, **options: Any) -> None:
            if issubclass(category, IncompleteListWarning):
                missed.append(str(message))
            else:
                show(message, category, *rest, **options)

        warnings.showwarning = keep  # catch_warnings puts it back
        yield missed
    if missed:
        more = f" (and {len(missed) - 1} more of its kind)" if len(missed) > 1 else ""
        say(one_line(f"customers: {missed[0]}{more}"))
