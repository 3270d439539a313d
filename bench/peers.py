"""The peers that are installed, and the same customers as models of theirs."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Optional

from bench import data

NAMES = ("requests", "httpx", "stripe", "openai", "boto3", "pydantic", "msgspec", "orjson")


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


def camel(name: str) -> str:
    """A field's name on the wire."""
    if name == "counts":
        return "_count"
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


_COUNTS = {"payment_intents": int, "subscriptions": int, "invoices": int}
_WALLET = {
    "id": str,
    "customer_account_id": str,
    "chain_id": int,
    "wallet_address": str,
    "has_active_authorization": bool,
    "authorization_type": Optional[str],
    "authorization_tx_hash": Optional[str],
    "authorized_at": Optional[datetime],
    "created_at": datetime,
    "updated_at": datetime,
}
_CUSTOMER = {
    "id": str,
    "app_id": str,
    "external_id": Optional[str],
    "email": Optional[str],
    "name": Optional[str],
    "address": Optional[str],
    "city": Optional[str],
    "state": Optional[str],
    "country": Optional[str],
    "postal_code": Optional[str],
    "metadata": dict[str, Any],
    "created_at": datetime,
    "updated_at": datetime,
}
_PAGINATION = {"total": int, "page": int, "page_size": int, "total_pages": int}


def _list_of(model: Any) -> Any:
    return list[model]


Make = Callable[[str, dict[str, Any]], Any]


def _envelope(make: Make) -> Any:
    """The answer with a page, as a model of models made by ``make``."""
    wallet = make("Wallet", _WALLET)
    counts = make("Counts", _COUNTS)
    customer = make("Customer", {**_CUSTOMER, "wallets": _list_of(wallet), "counts": counts})
    pagination = make("Pagination", _PAGINATION)
    fields = {"success": bool, "data": _list_of(customer), "pagination": pagination}
    return make("Envelope", fields)


def _pydantic_decoder() -> Callable[[bytes], Any]:
    import pydantic

    # Like our models: frozen, checked without coercion, members nobody named are kept.
    config = pydantic.ConfigDict(
        alias_generator=camel, frozen=True, strict=True, extra="allow", populate_by_name=False
    )

    def make(name: str, fields: dict[str, Any]) -> Any:
        base: Any = pydantic.create_model
        return base(name, __config__=config, **{key: (kind, ...) for key, kind in fields.items()})

    decode: Callable[[bytes], Any] = _envelope(make).model_validate_json
    return decode


def _msgspec_decoder() -> Callable[[bytes], Any]:
    import msgspec

    def make(name: str, fields: dict[str, Any]) -> Any:
        return msgspec.defstruct(name, list(fields.items()), rename=camel, frozen=True)

    return msgspec.json.Decoder(_envelope(make)).decode


def _stripe_decoder() -> Callable[[bytes], Any]:
    import stripe

    construct = stripe.StripeObject.construct_from
    return lambda body: [construct(row, "sk_test") for row in json.loads(body)["data"]]


def _openai_model(name: str, fields: dict[str, Any]) -> Any:
    import openai
    import pydantic

    base: Any = pydantic.create_model
    typed = {key: (kind, pydantic.Field(alias=camel(key))) for key, kind in fields.items()}
    return base(name, __base__=openai.BaseModel, **typed)


def _openai_decoder() -> Callable[[bytes], Any]:
    envelope = _envelope(_openai_model)
    return lambda body: envelope.construct(**json.loads(body))


_DECODERS = {
    "pydantic": _pydantic_decoder,
    "msgspec": _msgspec_decoder,
    "stripe": _stripe_decoder,
    "openai": _openai_decoder,
}


def decoders() -> dict[str, Callable[[bytes], Any]]:
    """What reads a page's body into typed objects, for each peer that does."""
    return {name: make() for name, make in _DECODERS.items() if installed(name)}


Retrieve = Callable[[], Any]
Create = Callable[[dict[str, str]], Any]


def _requests(url: str) -> tuple[Retrieve, Create]:
    import requests

    return _by_hand(requests.Session(), url)


def _httpx(url: str) -> tuple[Retrieve, Create]:
    import httpx

    return _by_hand(httpx.Client(), url)


def _by_hand(client: Any, url: str) -> tuple[Retrieve, Create]:
    many = f"{url}/after/0/customers"
    one = f"{url}/customers/{data.CUSTOMER_ID}"
    return (
        lambda: client.get(one, headers=data.HEADERS).json(),
        lambda row: client.post(many, json=row, headers=data.HEADERS).json(),
    )


def _stripe(url: str) -> tuple[Retrieve, Create]:
    import stripe

    stripe.api_base = f"{url}/stripe"
    return (
        lambda: stripe.Customer.retrieve("cus_1", api_key="sk_test"),
        lambda row: stripe.Customer.create(
            email=row["email"],
            name=row["name"],
            metadata={"external_id": row["external_id"]},
            api_key="sk_test",
        ),
    )


def _openai(url: str) -> tuple[Retrieve, Create]:
    import openai

    wallet = _openai_model("Wallet", _WALLET)
    customer = _openai_model("Customer", {**_CUSTOMER, "wallets": _list_of(wallet)})
    envelope = _openai_model("Envelope", {"success": bool, "data": customer})
    client = openai.OpenAI(api_key="sk_test", base_url=url)
    return (
        lambda: client.get(f"/customers/{data.CUSTOMER_ID}", cast_to=envelope),
        lambda row: client.post("/after/0/customers", body=row, cast_to=envelope),
    )


def _boto3(url: str) -> tuple[Retrieve, Create]:
    import boto3

    database = boto3.resource(
        "dynamodb",
        endpoint_url=f"{url}/dynamodb",
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",
    )
    table = database.Table("customers")
    return (
        lambda: table.get_item(Key={"id": data.CUSTOMER_ID})["Item"],
        lambda row: table.put_item(Item=row),
    )


_CLIENTS = {
    "requests": _requests,
    "httpx": _httpx,
    "stripe": _stripe,
    "openai": _openai,
    "boto3": _boto3,
}


def callers(url: str) -> dict[str, Retrieve]:
    """What retrieves a customer, for each peer that does."""
    return {name: make(url)[0] for name, make in _CLIENTS.items() if installed(name)}


def creators(url: str) -> dict[str, Create]:
    """What creates a customer, for each peer that does."""
    return {name: make(url)[1] for name, make in _CLIENTS.items() if installed(name)}
