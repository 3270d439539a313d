"""What is run under valgrind: `python -m bench.counted NAME ROUNDS URL`.

Each contender is set up once and then run so many times; the driver (`bench.instructions`)
subtracts the count of fewer rounds from that of more.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import data

Run = Callable[[], object]

# What a contender needs until the end.
_HELD = contextlib.ExitStack()


def customers(url: str) -> Any:
    from customers_sdk import Client

    return Client(data.API_KEY, data.APP_ID, base_url=url).customers


def retrieve(url: str) -> Run:
    """A customer, typed."""
    ours = customers(url)
    return lambda: ours.retrieve(data.CUSTOMER_ID)


def by_hand(url: str) -> Run:
    """The same with plain `requests`, untyped."""
    import requests

    session, target = requests.Session(), f"{url}/customers/{data.CUSTOMER_ID}"
    return lambda: session.get(target, headers=data.HEADERS).json()


def _page() -> bytes:
    return data.page_body(1, data.PAGE_SIZE, data.PAGE_SIZE)


def decode(_: str) -> Run:
    """A page of 100 customers, from bytes to objects."""
    from bench.decode import typed

    body = _page()
    return lambda: typed(body)


def loads(_: str) -> Run:
    """The JSON of that page alone."""
    body = _page()
    return lambda: json.loads(body)


def to_dict(_: str) -> Run:
    """That page, from objects to what `json.dumps` takes."""
    from bench.decode import typed

    rows = typed(_page())
    return lambda: [row.to_dict() for row in rows]


# A round of the walk and of the exports is this many customers.
_ROWS = 500


def walk(url: str) -> Run:
    """A walk over a list."""
    ours = customers(f"{url}/walk/{_ROWS}/0")
    return lambda: sum(1 for _ in ours.list())


def _export(url: str, suffix: str) -> Run:
    from customers_sdk import Client
    from customers_sdk.bulk import export_customers

    client = Client(data.API_KEY, data.APP_ID, base_url=f"{url}/walk/{_ROWS}/0")
    directory = Path(tempfile.mkdtemp())
    names = (directory / f"{number}{suffix}" for number in itertools.count())

    def run() -> None:
        file = next(names)
        export_customers(client, file)
        file.unlink()

    return run


def export_jsonl(url: str) -> Run:
    """The same list into a file of JSON Lines."""
    return _export(url, ".jsonl")


def export_csv(url: str) -> Run:
    """The same list into a CSV file."""
    return _export(url, ".csv")


def mock(_: str) -> Run:
    """A retrieval from `mock_customers`."""
    from customers_sdk.testing import mock_customers

    mocked = mock_customers().__enter__()
    identity = mocked.add_customer(email="ada@example.com", name="Ada")
    ours = mocked.client().customers
    return lambda: ours.retrieve(identity)


def responses(_: str) -> Run:
    """A call that `responses` answers, with plain `requests`."""
    import requests
    from responses import RequestsMock

    mocked = RequestsMock(assert_all_requests_are_fired=False).__enter__()
    target = f"https://api.noderails.com/customers/{data.CUSTOMER_ID}"
    mocked.get(target, json={"success": True, "data": data.retrieved()})
    session = requests.Session()
    return lambda: session.get(target, headers=data.HEADERS).json()


def sandbox_retrieve(_: str) -> Run:
    """A customer from the sandbox."""
    from bench import served

    return _HELD.enter_context(served.sandbox(*served.RETRIEVE))


def sandbox_create(_: str) -> Run:
    """A creation in the sandbox."""
    from bench import served

    return _HELD.enter_context(served.sandbox(*served.CREATE))


def sandbox_page(_: str) -> Run:
    """A page of 100 customers from the sandbox."""
    from bench import served

    return _HELD.enter_context(served.sandbox(*served.LIST))


def constant(_: str) -> Run:
    """A constant from Flask and waitress."""
    from bench import served

    return _HELD.enter_context(served.constant())


def _settle() -> None:
    """Let later collections not go over what there is by now: when they come is chance."""
    gc.collect()
    gc.freeze()


def main() -> None:
    name, rounds, url, *more = sys.argv[1:]
    if "--without-orjson" in more:
        sys.modules["orjson"] = None  # type: ignore[assignment]
    with _HELD:
        run: Run = globals()[name](url)
        run()
        _settle()
        for _ in range(int(rounds)):
            run()


if __name__ == "__main__":
    main()
