"""The table of faults: what each does to each kind of call, measured.

The tests hold every measurement to the rules (`test_faults_table.py`), and the rows in
`docs/faults.md` to the measurements. Written anew by `python tests/faults/table.py`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import ssl
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional
from unittest import mock

import trustme

from customers_sdk import ApiError, Client, CustomersError
from customers_sdk._http import exchange, retry
from tests.faults import behaviours as do
from tests.faults.server import Behaviour, Request, Server
from tests.faults.service import Service
from tests.loopback import Proxy, refusing_port, tls_context

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN = "<!-- the table: written by tests/faults/table.py -->"
END = "<!-- the end of the table -->"

READ_TIMEOUT = 0.3
DEADLINE = 1.8  # room for one `Retry-After: 1`, and not for two
# Where no timeout is what is measured, the machine is given time.
PATIENT_READ_TIMEOUT = 5.0
PATIENT_DEADLINE = 20.0
WAIT = 0.002  # between tries: a stand-in for the backoff
MAX_RETRIES = 2

HOST = "service.invalid"  # known to the proxy alone
NOTHING = "\N{EN DASH}"
KEY = "k-1"
EXTERNAL_ID = "user-1"
OLD_WALLET = "0x1111111111111111111111111111111111111111"
NEW_WALLET = "0x2222222222222222222222222222222222222222"


#: How the request goes: straight to the service, or through a proxy.
WAYS = ("direct", "forward", "tunnel")


class Fault(NamedTuple):
    """One fault; without a behaviour the connection is refused. Some depend on time."""

    title: str
    behaviour: Optional[Behaviour]
    timed: bool = False

    @property
    def limits(self) -> tuple[float, float]:
        """The read timeout and the deadline of the calls."""
        return (READ_TIMEOUT, DEADLINE) if self.timed else (PATIENT_READ_TIMEOUT, PATIENT_DEADLINE)


FAULTS = [
    Fault("connection refused", None),
    Fault("accepted, then silence", do.hang_unread, timed=True),
    Fault("request read, then silence; the service never ran it", do.hang_before, timed=True),
    Fault("request read and run, then silence", do.hang, timed=True),
    Fault("reset before the request is read", do.reset_unread),
    Fault("reset after the request is read", do.reset),
    Fault("closed without a response", do.close),
    Fault("closed within the response headers", do.close_mid_head),
    Fault("closed within the body", do.close_mid_body),
    Fault("silence within the body", do.hang_mid_body, timed=True),
    Fault("status line drips in, each byte in time", do.drip_head, timed=True),
    Fault("`100 Continue` without end", do.endless_continue, timed=True),
    Fault("body drips in, each byte in time, without end", do.drip_body, timed=True),
    Fault("chunked body drips in without end", do.drip_chunks, timed=True),
    Fault("`Content-Length` too long", do.length_too_long),
    Fault("`Content-Length` too short", do.length_too_short),
    Fault(
        "bad chunk size", do.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx")
    ),
    Fault("garbage for a status line", do.raw(b"\x00\x01 garbage\r\n\r\n")),
    Fault("HTML 200", do.html(200, heard=True)),
    Fault("HTML 502, the service not reached", do.html(502)),
    Fault("HTML 502, the service reached", do.html(502, heard=True)),
    Fault("HTML 503", do.html(503)),
    Fault("HTML 504, the service not reached", do.html(504)),
    Fault("HTML 520 to 524, 529 or 530 (Cloudflare)", do.html(524)),
    Fault("HTML 500", do.html(500)),
    Fault("JSON 500", do.error(500)),
    Fault("408", do.error(408, "TIMEOUT")),
    Fault("empty 200", do.answer(200)),
    Fault("truncated JSON", do.truncated_json),
    Fault("JSON, but not an object", do.answer(200, [1])),
    Fault("`success: false` with 200", do.answer(200, {"success": False, "error": {}})),
    Fault("no `data`", do.answer(200, {"success": True})),
    Fault("`data` of the wrong type", do.answer(200, {"success": True, "data": {"id": 7}})),
    Fault("invalid UTF-8", do.answer(200, b'{"success":true,"data":"\xff\xfe"}')),
    Fault("`NaN` in the JSON", do.answer(200, b'{"success":true,"data":NaN}')),
    Fault("JSON nested 100,000 deep", do.answer(200, b"[" * 100_000)),
    Fault("204 with a body", do.body_after_204),
    Fault("redirect (301, 302, 307, 308)", do.redirect(307, "http://127.0.0.1:9/elsewhere")),
    Fault("body over 32 MiB", do.huge),
    Fault("gzip bomb", do.gzip_bomb),
    Fault("gzip that is none", do.answer(200, b"no gzip" * 9, "Content-Encoding: gzip")),
    Fault("header line over 64 KiB", do.answer(200, b"{}", "x-long: " + "x" * 70_000)),
    Fault("200 header lines", do.answer(200, b"{}", *[f"x-{n}: y" for n in range(200)])),
    Fault("103 before the response", do.early_hints),
    Fault("429 without `Retry-After`", do.limited()),
    Fault("429, `Retry-After: 1`", do.limited("1"), timed=True),
    Fault("429, `Retry-After` of an hour, or a date in an hour", do.limited("3600"), timed=True),
    Fault("429, `Retry-After` past, negative or garbage", do.limited("soon")),
    Fault("409, the key's first request still running", do.busy, timed=True),
]


class Kind(NamedTuple):
    """One kind of call, and how often it has taken effect on the service."""

    title: str
    call: Callable[[Client, Any], Any]
    stored: Optional[Callable[[Any], int]] = None
    keyed: bool = False


def _create(client: Client, _: Any) -> Any:
    return client.customers.create(name="Ada", idempotency_key=KEY)


def _create_unique(client: Client, _: Any) -> Any:
    return client.customers.create(name="Ada", external_id=EXTERNAL_ID, idempotency_key=KEY)


def _update(client: Client, place: Place) -> Any:
    return client.customers.update(place.customer["id"], name="Ada", idempotency_key=KEY)


def _add_wallet(client: Client, place: Place) -> Any:
    return client.customers.add_wallet(
        place.customer["id"], chain_id=1, wallet_address=NEW_WALLET, idempotency_key=KEY
    )


class Place:
    """A service with one customer who has one wallet."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.customer = self.ask("POST", "/customers", {"appId": service.app_id, "name": "Old"})
        wallet = {"chainId": 1, "walletAddress": OLD_WALLET}
        self.wallet = self.ask("POST", f"/customers/{self.customer['id']}/wallets", wallet)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"x-api-key": self._service.api_key, "content-type": "application/json"}
        encoded = b"" if body is None else json.dumps(body).encode()
        return json.loads(self._service.open(method, path, headers, encoded).body)["data"]

    def created(self) -> int:
        return len(self.ask("GET", "/customers")) - 1

    def updated(self) -> int:
        return int(self._now()["name"] == "Ada")

    def added(self) -> int:
        return len(self._now()["wallets"]) - 1

    def removed(self) -> int:
        return 1 - len(self._now()["wallets"])

    def _now(self) -> Any:
        return self.ask("GET", f"/customers/{self.customer['id']}")


KINDS = [
    Kind("`retrieve`", lambda client, place: client.customers.retrieve(place.customer["id"])),
    Kind("`list_page`", lambda client, _: client.customers.list_page()),
    Kind("`create`", _create, Place.created, keyed=True),
    Kind("`create` with `external_id`", _create_unique, Place.created, keyed=True),
    Kind("`update`", _update, Place.updated, keyed=True),
    Kind("`add_wallet`", _add_wallet, Place.added, keyed=True),
    Kind(
        "`remove_wallet`",
        lambda client, place: client.customers.remove_wallet(
            place.customer["id"], place.wallet["id"]
        ),
        Place.removed,
    ),
]


class Measured(NamedTuple):
    """What one call came to."""

    kind: Kind
    error: Optional[CustomersError]
    requests: list[Request]
    reached: int
    stored: Optional[int]
    outlasted: int
    usable: bool

    @property
    def seen(self) -> str:
        """What the caller sees."""
        error = self.error
        if error is None:
            return "the result"
        name = type(error).__name__
        if isinstance(error, ApiError) and name in ("ApiError", "ServerError"):
            name += f" {error.status}"
        return f"`{name}`" + (", outcome unknown" if error.outcome_unknown else "")

    @property
    def cell(self) -> str:
        # How often a running request is asked after depends on the machine.
        reached = "many" if self.reached > 1 + MAX_RETRIES else str(self.reached)
        requests = f"{reached} request{'' if self.reached == 1 else 's'}"
        stored = "" if self.stored is None else f", {self.stored} stored"
        return f"{self.seen}<br>{requests}{stored}"


def make_client(
    url: str, service: Service, fault: Fault, proxy: Optional[Proxy], bundle: Path
) -> Client:
    """A client with a session of its own, which is told of the proxy and the certificates."""
    timeout, deadline = fault.limits
    client = Client(
        service.api_key,
        service.app_id,
        base_url=url,
        timeout=timeout,
        deadline=deadline,
        allow_http=True,
    )
    if proxy is not None:
        session = client._transport._process.sender._session
        session.proxies = {"http": proxy.url, "https": proxy.url}
        session.verify = str(bundle)
        session.trust_env = False
    return client


@functools.cache
def _tls() -> tuple[ssl.SSLContext, Path]:
    """The TLS of a server behind a tunnel, and the bundle that its callers trust."""
    authority = trustme.CA()
    bundle = Path(tempfile.mkdtemp()) / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    return tls_context(authority, HOST), bundle


def measure(fault: Fault, kind: Kind, service: Service, way: str, *, once: bool) -> Measured:
    """Make one call to a server that has the fault once, or for as long as it is asked."""
    with contextlib.ExitStack() as stack:
        service.reset()
        place = Place(service)
        context, bundle = _tls()
        server = stack.enter_context(
            Server(service=service, tls=context if way == "tunnel" else None)
        )
        port = server.port
        if fault.behaviour is None:
            port = stack.enter_context(refusing_port())
        else:
            server.then(*[fault.behaviour] * (1 if once else 10_000))
        proxy = None if way == "direct" else stack.enter_context(Proxy(port))
        url = f"{'https' if way == 'tunnel' else 'http'}://{HOST}"
        client = make_client(
            f"http://127.0.0.1:{port}" if proxy is None else url, service, fault, proxy, bundle
        )
        stack.enter_context(client)
        error = None
        try:
            kind.call(client, place)
        except CustomersError as caught:
            error = caught
        requests = list(server.requests)
        # Looking up what an earlier try has done is no try.
        reached = len(requests) if error is None else error.attempts if requests else 0
        stored = None if kind.stored is None else kind.stored(place)
        server.forget()
        usable = fault.behaviour is None or _usable(client, place)
        return Measured(kind, error, requests, reached, stored, server.outlasted, usable)


def _usable(client: Client, place: Place) -> bool:
    """Whether the next call is answered, and with what it asked for."""
    limits = {"timeout": PATIENT_READ_TIMEOUT, "deadline": PATIENT_DEADLINE}
    return client.customers.retrieve(place.customer["id"], **limits).id == place.customer["id"]


@contextlib.contextmanager
def services() -> Iterator[list[Service]]:
    """A service for each kind of call and each way, so that they can be measured at once."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Service()) for _ in KINDS for _ in WAYS]


#: For each kind of call and each way: the fault happens once, it continues.
Row = list[tuple[Measured, Measured]]


def measure_all(fault: Fault, those: list[Service]) -> list[Row]:
    """Measure every kind of call under a fault, each way."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(retry, "BACKOFFS", [lambda *_: WAIT]))
        # Many at once of the real size would measure the machine.
        stack.enter_context(mock.patch.object(exchange, "LARGEST_BODY", do.MIB))
        stack.enter_context(mock.patch.object(do, "HUGE", 3 * do.MIB))
        pool = stack.enter_context(ThreadPoolExecutor(len(those)))
        cases = [(fault, kind, way) for kind in KINDS for way in WAYS]
        both = list(pool.map(lambda case, service: _both(*case, service), cases, those))
    return [both[at : at + len(WAYS)] for at in range(0, len(both), len(WAYS))]


def _both(fault: Fault, kind: Kind, way: str, service: Service) -> tuple[Measured, Measured]:
    once = measure(fault, kind, service, way, once=True)
    # Who has asked only once cannot have noticed that it goes on.
    again = len(once.requests) != 1
    return once, measure(fault, kind, service, way, once=False) if again else once


def rows(fault: Fault, measured: list[Row]) -> list[str]:
    """The rows of one fault: calls that fare alike share one."""
    alike: dict[tuple[str, str], list[str]] = {}
    for (once, always), *proxied in measured:
        cells = [once.cell, always.cell]
        for way, other in zip(WAYS[1:], proxied):
            for at, (here, there) in enumerate(zip((once, always), other)):
                if here.cell != there.cell:
                    cells[at] += f"<br>through a {way} proxy: {there.cell}"
        if fault.behaviour is None:  # it does not happen once
            cells[0] = NOTHING
        alike.setdefault((cells[0], cells[1]), []).append(once.kind.title)
    return [
        f"| {fault.title} | {_named(kinds)} | {' | '.join(cells)} |"
        for cells, kinds in alike.items()
    ]


def _named(kinds: list[str]) -> str:
    for name, members in (
        ("every read", [kind.title for kind in KINDS if kind.stored is None]),
        ("every write", [kind.title for kind in KINDS if kind.stored is not None]),
    ):
        if kinds == members:
            return name
    return ", ".join(kinds)


HEAD = ["| fault | call | it happens once | it continues |", "| --- | --- | --- | --- |"]


def documented() -> list[str]:
    """The rows of the table in the documentation."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    table, _, _ = rest.partition(END)
    return [line for line in table.splitlines() if line.startswith("| ")][len(HEAD) :]


def _lines() -> Iterator[str]:
    yield from HEAD
    with services() as those:
        for fault in FAULTS:
            yield from rows(fault, measure_all(fault, those))


def main() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(_lines())
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
