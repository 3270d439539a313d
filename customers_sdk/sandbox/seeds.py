"""Seeds: many rows at once, from a document, from a file, or made up.

A seed is an object of lists, one for each kind of row; a row holds the arguments of the `Seeding`
method that adds it.
"""

from __future__ import annotations

import random
import re
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from customers_sdk.sandbox.express.jsontext import load
from customers_sdk.sandbox.seeding import Seeding

Row = dict[str, Any]
Seed = dict[str, list[Row]]

# What belongs to one customer, and may stand in that customer's row.
_NESTED = ("wallets", "payment_intents", "invoices", "subscriptions")
#: In the order that references between them demand.
KINDS = ("merchants", "api_keys", "apps", "chains", "customers", *_NESTED)
# What an exported row has, and no argument: it is derived from others, or belongs to another place.
_DERIVED = {"app_id", "app", "_count", "customer_account_id", "chain"}


class SeedError(ValueError):
    """A seed that cannot be added; the text names the row."""


def sow(target: Seeding, seed: Any) -> dict[str, list[Any]]:
    """Add a seed's rows, and return their ids by kind.

    Raises `SeedError` for a row that cannot be added; the rows before it stay.
    """
    unknown = set(_object(seed, "the body")) - set(KINDS)
    if unknown:
        raise SeedError(f"a seed has {', '.join(KINDS)}; not {', '.join(sorted(unknown))}")
    made: dict[str, list[Any]] = {}
    for kind in KINDS:
        for number, row in enumerate(_list(seed.get(kind, []), kind)):
            where = f"{kind}[{number}]"
            add = getattr(target, f"add_{kind[:-1]}")
            made.setdefault(kind, []).append(called(add, _object(row, where), where))
    return made


def called(method: Callable[..., Any], arguments: Row, where: str) -> Any:
    """Call `method`; a `SeedError` that begins with `where` if it refuses its arguments."""
    try:
        return method(**arguments)
    except (TypeError, ValueError, LookupError, AttributeError, sqlite3.Error) as error:
        raise SeedError(f"{where}: {error}") from None


def read(path: Path) -> Seed:
    """Read the seed in a file.

    JSON: a seed, or a list of customers. JSONL: a customer a line. A customer may hold its own
    ``wallets``, ``payment_intents``, ``invoices`` and ``subscriptions``, and names may be those of
    the API (``externalId``), so that what ``customers export`` wrote is a seed; such a customer
    is added to the sandbox's own app. Raises ``OSError`` if the file cannot be read, `SeedError` if
    it holds something else.
    """
    text = path.read_text(encoding="utf-8-sig")
    try:
        document = load(text)
    except ValueError:
        document = [
            _parsed(line, f"line {number}")
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip()
        ]
    if isinstance(document, dict) and (not document or set(document) <= set(KINDS)):
        return document
    rows = document if isinstance(document, list) else [document]
    return _unfolded(_object(row, f"customer {number}") for number, row in enumerate(rows, 1))


def _parsed(line: str, where: str) -> Any:
    try:
        return load(line)
    except ValueError as error:
        raise SeedError(f"{where} is not JSON: {error}") from None


def _object(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        raise SeedError(f"{where} must be a JSON object")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise SeedError(f"{where} must be a list of objects")
    return value


def _unfolded(customers: Iterable[Row]) -> Seed:
    seed: Seed = {"customers": []}
    for given in customers:
        row = _named_as_arguments(given)
        nested = {kind: row.pop(kind) for kind in _NESTED if kind in row}
        row.setdefault("id", str(uuid.uuid4()))
        seed["customers"].append(row)
        for kind, rows in nested.items():
            for each in _list(rows or [], kind):
                own = _named_as_arguments(_object(each, f"each of {kind}"))
                seed.setdefault(kind, []).append({"customer_id": row["id"], **own})
    return seed


def _named_as_arguments(row: Row) -> Row:
    if not any(name == "_count" or name != name.lower() for name in row):
        return dict(row)
    named = {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in row.items()}
    return {name: value for name, value in named.items() if name not in _DERIVED}


_FIRST = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
_PEOPLE = ("Ada", "Alan", "Barbara", "Edsger", "Grace", "Hedy", "Joan", "Katherine", "Ken", "Linus")
_FAMILIES = ("Bauer", "Costa", "Dubois", "Eriksen", "Haddad", "Ito", "Kowalski", "Moreau", "Okafor")
_CITIES = (
    *(("Berlin", "DE"), ("Lisbon", "PT"), ("Lyon", "FR"), ("Oslo", "NO"), ("Beirut", "LB")),
    *(("Osaka", "JP"), ("Gdansk", "PL"), ("Lagos", "NG"), ("Montreal", "CA"), ("Austin", "US")),
)
_PLANS = ("free", "pro", "team")
_PAID = ("CAPTURED", "CAPTURED", "SETTLED", "CREATED", "REFUNDED", "EXPIRED", "CAPTURE_FAILED")
_BILLED = ("PAID", "PAID", "OPEN", "PAST_DUE", "DRAFT", "VOID")


def plausible(count: int, first: int = 1) -> Seed:
    """Make up that many customers with wallets, payments and invoices, the same ones every time.

    They are numbered from `first`, and each number is always the same customer.
    """
    numbers = range(first, first + count)
    return _unfolded(_plausible(number, random.Random(number)) for number in numbers)


def _plausible(number: int, chance: random.Random) -> Row:
    born = _FIRST + timedelta(minutes=97 * number, milliseconds=chance.randrange(60_000))
    first, family = chance.choice(_PEOPLE), chance.choice(_FAMILIES)
    city, country = chance.choice(_CITIES)
    customer = {
        "id": _uuid(chance),
        "external_id": f"user-{number}",
        "email": f"{first}.{family}{number}@example.com".lower(),
        "name": f"{first} {family}",
        "city": city,
        "country": country,
        "metadata": {"plan": chance.choice(_PLANS), "seats": chance.randrange(1, 25)},
        "created_at": born.isoformat(),
    }
    chains = chance.sample((1, 10, 137, 8453, 42161), chance.randrange(3))
    wallets = [_wallet(chain_id, born, chance) for chain_id in chains]
    months = [
        _month(f"{number:04d}-{month + 1}", born + timedelta(days=30 * month, hours=1), chance)
        for month in range(chance.randrange(5))
    ]
    payments, invoices = ([month[part] for month in months] for part in (0, 1))
    return {**customer, "wallets": wallets, "payment_intents": payments, "invoices": invoices}


def _wallet(chain_id: int, born: datetime, chance: random.Random) -> Row:
    authorized = chance.random() < 0.6
    wallet: Row = {
        "id": _uuid(chance),
        "chain_id": chain_id,
        "wallet_address": f"0x{chance.getrandbits(160):040x}",
        "created_at": (born + timedelta(minutes=3)).isoformat(),
    }
    if authorized:
        wallet |= {
            "has_active_authorization": True,
            "authorization_type": "PERMIT",
            "authorization_tx_hash": f"0x{chance.getrandbits(256):064x}",
            "authorized_at": (born + timedelta(minutes=4)).isoformat(),
        }
    return wallet


def _month(label: str, due: datetime, chance: random.Random) -> tuple[Row, Row]:
    """Return a payment and its invoice."""
    cents = chance.randrange(500, 50_000)
    amount = f"{cents // 100}.{cents % 100:02d}"
    status, billed = chance.choice(_PAID), chance.choice(_BILLED)
    captured = (due + timedelta(minutes=2)).isoformat()
    payment = {
        "id": _uuid(chance),
        "amount": amount,
        "status": status,
        "crypto_amount": str(cents * 10_000),
        "crypto_token_key": "USDC",
        "crypto_token_decimals": 6,
        "authorization_chain_id": 8453,
        "created_at": due.isoformat(),
        "captured_at": captured if status in ("CAPTURED", "SETTLED", "REFUNDED") else None,
    }
    invoice = {
        "id": _uuid(chance),
        "total": amount,
        "status": billed,
        "invoice_number": f"INV-{label}",
        "due_date": (due + timedelta(days=14)).isoformat(),
        "paid_at": captured if billed == "PAID" else None,
        "created_at": due.isoformat(),
    }
    return payment, invoice


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
