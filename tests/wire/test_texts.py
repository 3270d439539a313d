"""Text writers write what `json` makes of what the writers give, byte by byte.

With ``orjson`` it is the same JSON, in which numbers may look different.
"""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from customers_sdk import CustomerDetail, CustomerSummary, Wallet
from customers_sdk._wire import codec, schema
from customers_sdk.models import Model
from tests.doubles import detail, summary, wallet
from tests.wire.strategies import DETAILS


def assert_written_alike(record: Model) -> None:
    wanted = codec.encode(record.to_dict())
    assert json.loads(schema.encode(record)) == json.loads(wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "FAST", False)
        assert schema.encode(record) == wanted


@settings(max_examples=150, deadline=None)
@given(DETAILS)
def test_any_record_is_written_as_its_dict(data: dict[str, Any]) -> None:
    record = CustomerDetail.from_dict(data)
    assert_written_alike(record)
    assert_written_alike(attrs.evolve(record, extra={}))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"metadata": {"a": [1.5, None, "é\u2028\n"]}},
        {"metadata": 12},
        {"name": "a lone \ud800 surrogate", "wallets": [wallet(), wallet(authorizedAt=None)]},
        {
            "wallets": [
                wallet(new=1, chain=None),
                {**wallet(), "chain": {"chainId": 1, "name": "x"}},
            ]
        },
        {"updatedAt": "2026-11-22T20:17:22.072345Z", "new": {"a": 1}},
    ],
    ids=str,
)
def test_a_record_with_something_unusual_is_written_as_its_dict(changes: dict[str, Any]) -> None:
    for data in (summary(**changes), detail(**changes)):
        kind = CustomerDetail if "app" in data else CustomerSummary
        assert_written_alike(kind.from_dict(data))


def test_several_records_are_a_list() -> None:
    wallets = tuple(map(Wallet.from_dict, (wallet(), wallet(chainId=137))))
    assert schema.encode_all(wallets) == codec.encode([each.to_dict() for each in wallets])
    assert schema.encode_all(()) == b"[]"
