"""Instants are read alike on every Python."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customers_sdk import Customer, ResponseFormatError
from customers_sdk._wire.fields import read_instant
from tests.doubles import customer

MOMENT = datetime(2026, 11, 22, 20, 17, 22, tzinfo=timezone.utc)


def read(text: Any) -> datetime:
    return Customer.from_dict(customer(createdAt=text)).created_at


@pytest.mark.parametrize("digits", range(1, 10))
@pytest.mark.parametrize("zone", ["Z", "+00:00", "+0000", "-00:00", "+00"])
def test_a_fraction_has_one_to_nine_digits_and_a_zone_any_form(digits: int, zone: str) -> None:
    fraction = "123456789"[:digits]
    micros = int(fraction.ljust(6, "0")[:6])
    assert read(f"2026-11-22T20:17:22.{fraction}{zone}") == MOMENT + timedelta(microseconds=micros)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T20:17:22Z", MOMENT),
        ("2026-11-22 20:17:22Z", MOMENT),
        ("20261122T201722Z", MOMENT),
        ("2026-11-22T20:17:22,5Z", MOMENT + timedelta(seconds=0.5)),
        ("2026-11-22T22:17:22+0200", MOMENT),
        ("2026-11-22T14:47:22-05:30", MOMENT),
        ("2026-11-22T20:17+00:00", MOMENT - timedelta(seconds=22)),
        ("2026-W47-7T20:17:22Z", MOMENT),
        ("2026W477T201722+00:00:00", MOMENT),
    ],
)
def test_every_form_of_iso_8601_is_read(text: str, moment: datetime) -> None:
    assert read(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026-11-22T20:17:22",
        "2026-11-22T20:17:22.Z",
        "2026-11-22T20.5Z",
        "2026-11-22T20:17:22:123Z0",
        "2026-11-22T24:00:00Z",
        "2026-11-22T20:17:22+00:60",
        "2026-11-22T20:17:22.٣Z",
        "2026-11-22T20:17:22+",
        "2026-11-22T20:17:22+1",
        "2026-11-22T20:17:22+99:00",
        "2026-11-22T20:17:61Z",
        "2026-11-31T20:17:22Z",
        "2026-W54-1T20:17:22Z",
        "2026-W477T20:17:22Z",
        "2026-W٤7-7T20:17:22Z",
        "2026-1122T20:17:22Z",
        "2026-11-22T20:1722Z",
        " 2026-11-22T20:17:22Z",
        "2026-11-22T20:17:22Z\n",
    ],
)
def test_what_is_no_instant_is_refused_alike(text: str) -> None:
    with pytest.raises(ResponseFormatError, match="createdAt: expected an ISO 8601 instant"):
        read(text)


PIECES = st.sampled_from(["2", "11", "-", ":", "T", ".", ",", "Z", "+", "00", "1234567"])


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the built-in one reads less before")
@settings(max_examples=500, deadline=None)
@given(
    st.tuples(
        st.sampled_from(["2026-11-22", "20261122", "2026-W47-7", "2026W47", "0001-W47"]),
        st.sampled_from(["T20:17:22", "T201722", "T20:17", "T2017", "T20", " 20:17:22", ""]),
        st.lists(PIECES, max_size=3).map("".join),
        st.sampled_from(["Z", "+01", "-0230", "+23:59", "-00:00:59", "+010203.4567891", ""]),
    ).map("".join)
)
@example("2026-11-22T20:17:22.123456789+01:02:03.4")
def test_what_is_read_is_what_the_built_in_parser_reads(text: str) -> None:
    try:
        moment = read_instant(text)
    except ValueError:
        return
    expected = datetime.fromisoformat(text)
    assert (moment, moment.utcoffset()) == (expected, expected.utcoffset())
