"""What a call costs, against the one a user would write by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from bench import data, peers
from bench.measuring import Effort, Figure, interleave, ratios
from customers_sdk import Client


def measure(url: str, effort: Effort) -> dict[str, Figure]:
    """A retrieval and a page, each against plain `requests`."""
    rounds = effort.rounds()
    by_peers = interleave(peers.callers(url), seconds=effort.seconds(4), rounds=rounds)
    retrieved = interleave(_retrievals(url), seconds=effort.seconds(12), rounds=rounds)
    paged = interleave(_pages(url), seconds=effort.seconds(10), rounds=rounds)
    return {
        **ratios("retrieve", by_peers, "requests"),
        **ratios("retrieve", retrieved, "requests", "trust_env=False"),
        **ratios("list_page", paged, "requests"),
    }


def _by_hand(target: str, *, trust_env: bool = True) -> Callable[[], Any]:
    session = requests.Session()
    session.trust_env = trust_env
    return lambda: session.get(target, headers=data.HEADERS).json()


def _retrievals(url: str) -> dict[str, Callable[[], Any]]:
    customers = Client(data.API_KEY, data.APP_ID, base_url=url).customers
    target = f"{url}/customers/{data.CUSTOMER_ID}"
    return {
        "customers_sdk": lambda: customers.retrieve(data.CUSTOMER_ID),
        "requests": _by_hand(target),
        "trust_env=False": _by_hand(target, trust_env=False),
    }


def _pages(url: str) -> dict[str, Callable[[], Any]]:
    customers = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/page").customers
    target = f"{url}/page/customers?appId={data.APP_ID}&page=1&pageSize={data.PAGE_SIZE}"
    return {
        "customers_sdk": lambda: customers.list_page(page_size=data.PAGE_SIZE),
        "requests": _by_hand(target),
    }
