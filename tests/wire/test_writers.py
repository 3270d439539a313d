"""Writers write what the functions that cattrs makes would write, in the same order."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import attrs
import cattrs
import pytest
from cattrs.gen import make_dict_unstructure_fn, override
from hypothesis import given, settings
from hypothesis import strategies as st

from customers_sdk import Customer, CustomerDetail, CustomerSummary, PaymentIntent
from customers_sdk._wire import schema
from customers_sdk._wire.fields import Digits, fields_of
from customers_sdk.models import Model
from tests.doubles import customer, detail, payment_intent, summary, wallet
from tests.wire.strategies import DETAILS

reference = cattrs.Converter(detailed_validation=False, unstruct_collection_overrides={tuple: list})


def instant(moment: datetime) -> str:
    moment = moment.astimezone(timezone.utc)
    unit = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=unit)[:-6] + "Z"


def free(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: free(item) for name, item in value.items()}
    if value.__class__ is list:
        return [free(item) for item in value]
    return reference.unstructure(value)


def digits(value: int | None) -> str | None:
    return None if value is None else str(value)


def writer(cls: type) -> Callable[[Any], dict[str, Any]]:
    options: dict[str, Any] = {
        field.name: override(
            rename=field.wire_name,
            omit_if_default=field.omit,
            unstruct_hook=digits if field.kind is Digits else free if field.kind is dict else None,
        )
        for field in fields_of(cls)
    }
    write = make_dict_unstructure_fn(cls, reference, extra=override(omit=True), **options)
    return lambda value: {**write(value), **free(value.extra)}


reference.register_unstructure_hook(datetime, instant)
reference.register_unstructure_hook(Decimal, lambda amount: format(amount, "f"))
reference.register_unstructure_hook_factory(attrs.has, writer)

ZONES = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
# A day away from both ends, so that another zone does not leave the calendar.
MOMENTS = st.datetimes(
    datetime(1, 1, 3),  # noqa: DTZ001
    datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.just(timezone.utc) | ZONES,
)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)


def deeply_ordered(value: Any) -> Any:
    """JSON as pairs, whose equality includes the order of names."""
    if isinstance(value, dict):
        return [(name, deeply_ordered(item)) for name, item in value.items()]
    return [deeply_ordered(item) for item in value] if isinstance(value, list) else value


def assert_written_alike(record: Model) -> None:
    written = record.to_dict()
    assert deeply_ordered(written) == deeply_ordered(reference.unstructure(record))
    assert type(written) is dict


@settings(max_examples=150, deadline=None)
@given(DETAILS, MOMENTS, MOMENTS, st.none() | MOMENTS, AMOUNTS)
def test_any_record_is_written_as_cattrs_would(
    data: dict[str, Any], created: datetime, updated: datetime, paid: datetime, amount: Decimal
) -> None:
    record = CustomerDetail.from_dict(data)
    assert_written_alike(record)
    (invoice,) = record.invoices
    changed = attrs.evolve(invoice, total=amount, created_at=created, due_date=paid, paid_at=paid)
    assert_written_alike(
        attrs.evolve(record, created_at=created, updated_at=updated, invoices=(changed,))
    )


class Kind(enum.Enum):
    """Something that JSON does not know."""

    VIP = "vip"


class Name(str):
    """A string with a class of its own."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        (1, (2, [3])),
        {"a": ({"b": ()},)},
        datetime(2026, 11, 22, tzinfo=timezone.utc),
        [Decimal("1.50")],
        Kind.VIP,
        Name("x"),
        {1, 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_caller_puts_into_metadata_is_written_as_cattrs_would(value: Any) -> None:
    record = attrs.evolve(
        Customer.from_dict(customer()), metadata={"value": value}, extra={"more": [value]}
    )
    assert_written_alike(record)


def test_any_mapping_is_written_as_a_dict() -> None:
    for metadata in (MappingProxyType({}), MappingProxyType({"a": MappingProxyType({"b": 1})})):
        record = attrs.evolve(Customer.from_dict(customer()), metadata=metadata)
        assert type(record.to_dict()["metadata"]) is dict
        assert record.to_dict()["metadata"] == metadata


def test_a_member_that_may_be_absent_comes_last_before_those_without_a_field() -> None:
    data = detail(wallets=[wallet(new=1)])
    record = CustomerDetail.from_dict(data)
    assert list(record.to_dict()["wallets"][0])[-2:] == ["chain", "new"]
    assert_written_alike(record)


def test_two_equal_instants_and_two_different_ones_are_each_written() -> None:
    other = "2026-11-22T20:17:22.072Z"
    for created, updated in ((other, other), (other, customer()["updatedAt"])):
        written = CustomerSummary.from_dict(summary(createdAt=created, updatedAt=updated)).to_dict()
        assert (written["createdAt"], written["updatedAt"]) == (created, updated)
    never = PaymentIntent.from_dict(payment_intent(capturedAt=None)).to_dict()
    assert never["createdAt"] == payment_intent()["createdAt"]
    assert never["capturedAt"] is None


def test_the_writer_is_the_converters_hook() -> None:
    record = Customer.from_dict(customer(wallets=[wallet()]))
    assert schema._converter.unstructure(record) == record.to_dict()
    assert schema._converter.unstructure([record]) == [record.to_dict()]
