"""The answers that are measured: one customer, a page of a hundred, pages of a long list.

They have the shape and the spelling of the service's own answers.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

API_KEY = "nr_test_sk_benchmark00000000000001"
APP_ID = "a1a1a1a1-0000-4000-8000-000000000001"
CUSTOMER_ID = "c0000000-0000-4000-8000-000000000000"
HEADERS = {"Accept": "application/json", "x-api-key": API_KEY}
PAGE_SIZE = 100


def _instant(index: int) -> str:
    """An instant that is earlier by a second for each index, made without a datetime."""
    minutes, seconds = divmod(86_399 - index % 86_400, 60)
    hours, minutes = divmod(minutes, 60)
    return f"2026-11-{22 - index // 86_400}T{hours:02}:{minutes:02}:{seconds:02}.322Z"


def _wallet(customer: str, number: int) -> dict[str, Any]:
    return {
        "id": f"a9000000-0000-4000-8000-{number:012d}",
        "customerAccountId": customer,
        "chainId": 8453,
        "walletAddress": f"0x{number:040x}",
        "hasActiveAuthorization": True,
        "authorizationType": "PERMIT",
        "authorizationTxHash": f"0x{number:064x}",
        "authorizedAt": "2026-11-22T20:17:24.242Z",
        "createdAt": "2026-11-22T20:17:24.242Z",
        "updatedAt": "2026-11-22T20:17:24.242Z",
    }


def _customer(identity: str, created: str) -> dict[str, Any]:
    return {
        "id": identity,
        "appId": APP_ID,
        "externalId": "user-1",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "address": None,
        "city": "London",
        "state": None,
        "country": "GB",
        "postalCode": "SW1Y 4JH",
        "metadata": {},
        "createdAt": created,
        "updatedAt": created,
    }


def retrieved() -> dict[str, Any]:
    """The ``data`` of a retrieval."""
    app = {
        "id": APP_ID,
        "merchantId": "11111111-1111-4111-8111-111111111111",
        "name": "Analytical Engines",
        "environment": "TEST",
        "receivingWallet": "0x00000000000000000000000000000000000000a1",
        "receivingWalletSignature": "0xsignature",
        "payoutWallet": None,
        "payoutApproved": False,
        "createdAt": _instant(0),
        "updatedAt": _instant(0),
    }
    wallet = {**_wallet(CUSTOMER_ID, 1), "chain": {"chainId": 8453, "name": "Base"}}
    return {
        **_customer(CUSTOMER_ID, _instant(0)),
        "address": "12 St James's Square",
        "metadata": {"tier": "gold", "score": 12.5, "source": "import-2026-11"},
        "app": app,
        "wallets": [wallet],
        "paymentIntents": [],
        "invoices": [],
    }


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def retrieve_body() -> bytes:
    """The 1.4 KB answer to a retrieval."""
    return _dump({"success": True, "data": retrieved()}).encode()


def _attribute(value: Any) -> dict[str, Any]:
    """A value as DynamoDB spells it."""
    if isinstance(value, dict):
        return {"M": {name: _attribute(each) for name, each in value.items()}}
    if isinstance(value, list):
        return {"L": list(map(_attribute, value))}
    if isinstance(value, bool) or value is None:
        return {"NULL": True} if value is None else {"BOOL": value}
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def item() -> dict[str, Any]:
    """A retrieved customer as an item of DynamoDB."""
    attributes: dict[str, Any] = _attribute(retrieved())["M"]
    return attributes


@cache
def _between(rows: int) -> list[str]:
    """What stands between the values of a page's rows: id, instant twice, id twice."""
    row = {
        **_customer("%s", "%s"),
        "wallets": [_wallet("%s", 1), _wallet("%s", 2)],
        "_count": {"paymentIntents": 3, "subscriptions": 0, "invoices": 1},
    }
    return ",".join([_dump(row)] * rows).split("%s")


def page_body(number: int, size: int, total: int) -> bytes:
    """A page of a list of ``total`` customers, each with two wallets of their own."""
    first = (number - 1) * size
    values: list[str] = []
    for index in range(first, min(first + size, total)):
        identity = f"c0000000-0000-4000-8000-{index:012d}"
        instant = _instant(index)
        values += (identity, instant, instant, identity, identity)
    pagination = {
        "total": total,
        "page": number,
        "pageSize": size,
        "totalPages": -(-total // size),
    }
    text = [""] * (2 * len(values) + 1)
    text[::2] = _between(len(values) // 5)
    text[1::2] = values
    rows = "".join(text)
    return f'{{"success":true,"data":[{rows}],"pagination":{_dump(pagination)}}}'.encode()
