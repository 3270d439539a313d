"""What is run under valgrind: `python -m bench.counted NAME ROUNDS URL`.

Each contender is set up once and then run so many times; the driver (`bench.instructions`)
subtracts the count of fewer rounds from that of more. A contender in `SERVERS` serves on
loopback until its standard input ends, and prints its port.
"""

from __future__ import annotations

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


def sandbox() -> tuple[Any, int]:
    """The sandbox with a full page of customers; gives what holds it, and its port."""
    from customers_sdk.sandbox import Sandbox

    running = Sandbox(api_key=data.API_KEY, app_id=data.APP_ID).start()
    for number in range(data.PAGE_SIZE):
        identity = f"{data.CUSTOMER_ID[:-12]}{number:012d}"  # the first is that of a retrieval
        running.add_customer(id=identity, external_id=f"user-{number}", email="ada@example.com")
        for wallet in range(2):
            running.add_wallet(identity, chain_id=1, wallet_address=f"0x{2 * number + wallet:040x}")
    return running, int(running.base_url.rpartition(":")[2])


def constant() -> tuple[Any, int]:
    """Flask under waitress, which answers with a constant."""
    import threading

    import flask
    import waitress

    app = flask.Flask(__name__)
    body = data.retrieve_body()

    @app.route("/<path:_path>", methods=["GET", "POST"])
    def answer(_path: str) -> flask.Response:
        return flask.Response(body, mimetype="application/json")

    server = waitress.create_server(app, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    return server, server.effective_port


SERVERS = {served.__name__: served for served in (sandbox, constant)}


def _settle() -> None:
    """Let later collections not go over what there is by now: when they come is chance."""
    gc.collect()
    gc.freeze()


def main() -> None:
    name, rounds, url, *more = sys.argv[1:]
    if "--without-orjson" in more:
        sys.modules["orjson"] = None  # type: ignore[assignment]
    if name in SERVERS:
        held, port = SERVERS[name]()
        _settle()
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        sys.stdin.read()
        del held
        return
    run: Run = globals()[name](url)
    run()
    _settle()
    for _ in range(int(rounds)):
        run()


if __name__ == "__main__":
    main()
