"""Stand-ins and samples that several test modules share."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

import attrs
import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from customers_sdk._http.transport import Transport
from customers_sdk._settings import Limits
from customers_sdk._wire.codec import wire_name
from customers_sdk.customers import Customers
from customers_sdk.models import Customer
from tools.contract import NEWER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customers_sdk._http.session import Watch

KEY = "nr_test_sk_unitunitunit0001"
APP = "a1a1a1a1-0000-4000-8000-000000000001"
BASE = "https://api.example.test"
ID = "6f4af5ec-ae44-44d4-8633-fda1847bbc9f"
WALLET_ID = "60f29392-a568-4411-a7c8-ceaaaf87dcb7"
INSTANT = "2026-11-22T20:17:22.071Z"


class Recording(NamedTuple):
    """One recorded exchange with the service."""

    name: str
    method: str
    path: str
    body: Optional[str]
    status: int
    headers: dict[str, str]
    answer: str

    @property
    def json(self) -> Any:
        return json.loads(self.answer)


def recordings() -> list[Recording]:
    folder = Path(__file__).parent / "data" / "recordings"
    found = []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            raw = json.loads(line)
            asked, answered = raw["request"], raw["response"]
            found.append(
                Recording(
                    raw["name"],
                    asked["method"],
                    asked["path"],
                    asked["body"],
                    answered["status"] or 0,
                    answered["headers"],
                    answered["body"] or "",
                )
            )
    return found


def recorded(name: str) -> Recording:
    (found,) = (recording for recording in recordings() if recording.name == name)
    return found


def in_full(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What was recorded or sampled, as `to_dict` writes it: null for each member that is newer.

    Only those in `NEWER` are filled in, so that a misspelled field still shows.
    """
    absent = NEWER & set(map(wire_name, attrs.fields_dict(kind))) - set(data)
    return {**data, **dict.fromkeys(sorted(absent))}


def customer(**changes: Any) -> dict[str, Any]:
    """A customer as `create` and `update` answer."""
    given = {
        "id": ID,
        "appId": APP,
        "externalId": "user-1",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "address": "1 Main St\nApt 2",
        "city": "Springfield",
        "state": "IL",
        "country": "US",
        "postalCode": "62701",
        "metadata": {"tier": "gold"},
        "createdAt": INSTANT,
        "updatedAt": INSTANT,
        "wallets": [],
        **changes,
    }
    return in_full(Customer, given)


def wallet(**changes: Any) -> dict[str, Any]:
    """A wallet as `add_wallet` answers."""
    return {
        "id": WALLET_ID,
        "customerAccountId": ID,
        "chainId": 1,
        "walletAddress": "0x1111111111111111111111111111111111111111",
        "hasActiveAuthorization": False,
        "authorizationType": None,
        "authorizationTxHash": None,
        "authorizedAt": None,
        "createdAt": INSTANT,
        "updatedAt": INSTANT,
        "chain": {"chainId": 1, "name": "ethereum"},
        **changes,
    }


def summary(**changes: Any) -> dict[str, Any]:
    """A customer as `list` answers."""
    counts = {"paymentIntents": 0, "subscriptions": 0, "invoices": 0}
    return customer(**{"_count": counts, **changes})


def fresh(**changes: Any) -> dict[str, Any]:
    """A customer as `list` answers, of whom nothing but the external id was given."""
    named = ("email", "name", "address", "city", "state", "country", "postalCode")
    return summary(**{**dict.fromkeys(named), "metadata": {}, **changes})


def detail(**changes: Any) -> dict[str, Any]:
    """A customer as `retrieve` answers."""
    return customer(
        **{
            "app": {
                "id": APP,
                "name": "Shop",
                "merchantId": "m-1",
                "environment": "TEST",
                "receivingWallet": "0xreceiving",
                "receivingWalletSignature": None,
                "payoutWallet": None,
                "payoutApproved": False,
                "createdAt": INSTANT,
                "updatedAt": INSTANT,
            },
            "wallets": [wallet()],
            "paymentIntents": [payment_intent()],
            "invoices": [invoice()],
            **changes,
        }
    )


def payment_intent(**changes: Any) -> dict[str, Any]:
    return {
        "id": "p-1",
        "status": "CREATED",
        "amount": "10.5",
        "currency": "USD",
        "cryptoAmount": "1000000",
        "cryptoTokenKey": "USDC",
        "authorizationChainId": 137,
        "createdAt": INSTANT,
        "capturedAt": None,
        **changes,
    }


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "id": "i-1",
        "invoiceNumber": "INV-1",
        "status": "DRAFT",
        "total": "0.1",
        "currency": "USD",
        "dueDate": None,
        "paidAt": None,
        "createdAt": INSTANT,
        **changes,
    }


def without(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: deepcopy(value) for name, value in data.items() if name not in names}


def envelope(data: Any, pagination: Any = None) -> dict[str, Any]:
    body = {"success": True, "data": data}
    return body if pagination is None else {**body, "pagination": pagination}


def page(*rows: Any, number: int = 1, size: int = 100, total: int | None = None) -> dict[str, Any]:
    """The answer to a list."""
    count = len(rows) if total is None else total
    return envelope(
        list(rows),
        {"total": count, "page": number, "pageSize": size, "totalPages": -(-count // size)},
    )


def refusal(code: str, message: str = "no", **more: Any) -> dict[str, Any]:
    """The body of an error."""
    return {"success": False, "error": {"code": code, "message": message, **more}}


BUSY = {
    "success": False,
    "error": {"type": "idempotency_error", "message": "currently being processed"},
}
REPLAYED = {"Idempotent-Replayed": "true", "Content-Type": "text/html; charset=utf-8"}


def answer(
    status: int, body: Any = None, headers: Mapping[str, str] | None = None, reason: str = ""
) -> requests.Response:
    """An answer whose body has been read."""
    response = requests.Response()
    response.status_code = status
    response.reason = reason
    response.headers = CaseInsensitiveDict(headers or {})
    if body is None:
        body = b""
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response._content_consumed = True  # type: ignore[attr-defined]
    return response


def listed(*rows: Any) -> Any:
    return answer(200, page(*rows))


def reset() -> requests.ConnectionError:
    return requests.ConnectionError(
        urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
    )


def refused() -> requests.ConnectionError:
    error = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return requests.ConnectionError(error)


def late() -> requests.ReadTimeout:
    return requests.ReadTimeout(f"{BASE}/customers?search=private timed out")


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Sent(NamedTuple):
    """One request that reached the sender."""

    method: str
    target: str
    headers: dict[str, str]
    body: Any
    timeout: tuple[float, float] = (0.0, 0.0)

    @property
    def key(self) -> str:
        return str(self.headers["Idempotency-Key"])


Step = Union[requests.Response, BaseException]


class Script:
    """A sender that answers by a script; the last step repeats."""

    def __init__(self, clock: Clock, *steps: Step, takes: float = 0.0) -> None:
        self.clock = clock
        self.steps = list(steps)
        self.takes = takes
        self.sent: list[Sent] = []
        self.closed = 0

    def prepare(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Sent:
        decoded = None if body is None else json.loads(body)
        return Sent(method, target, dict(headers), decoded)

    def send(self, prepared: Sent, watch: Watch) -> requests.Response:
        self.sent.append(prepared._replace(timeout=(watch.connect_timeout, watch._read)))
        self.clock.now += self.takes
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, BaseException):
            raise step
        return step

    def after_fork(self) -> Script:
        return self

    def close(self) -> None:
        self.closed += 1


LIMITS = Limits((5.0, 20.0), 25.0, 2)


class Rig(NamedTuple):
    """`Customers` over a script, with a clock that only sleeping moves."""

    customers: Customers
    transport: Transport
    script: Script
    clock: Clock

    @property
    def sent(self) -> list[Sent]:
        return self.script.sent


def rig(*steps: Step, takes: float = 0.0, limits: Limits = LIMITS, **options: Any) -> Rig:
    clock = Clock()
    script = Script(clock, *steps, takes=takes)
    transport = Transport(
        script,  # type: ignore[arg-type]
        base_url=BASE,
        api_key=KEY,
        app_id=APP,
        clock=clock,
        sleep=clock.sleep,
        **options,
    )
    return Rig(Customers(transport, APP, limits), transport, script, clock)
