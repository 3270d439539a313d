"""The checks alone: what bounds there are, and on which side of them a value falls."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers_sdk import _checks
from customers_sdk._settings import Limits


@pytest.mark.parametrize(
    ("value", "length"),
    [("", 0), ("abc", 3), ("é", 1), ("\uffff", 1), ("😀", 2), ("a😀b", 4), ("\ud800", 1)],
)
def test_length_is_counted_in_utf16_units(value: str, length: int) -> None:
    assert _checks.utf16_length(value) == length


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_length_is_that_of_the_utf16_encoding(value: str) -> None:
    assert _checks.utf16_length(value) == len(value.encode("utf-16-le", "surrogatepass")) // 2


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_an_accepted_segment_is_one_segment_and_no_dots(value: str) -> None:
    from urllib.parse import unquote

    try:
        segment = _checks.segment(value, "customer_id")
    except ValueError:
        return
    assert unquote(segment) == value
    assert not set(segment) & set("/?#\\ \r\n\0")
    assert segment not in ("", ".", "..")
    assert segment.isascii()


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="/.%2eE\\?#@:aé \r\n\0", max_size=10))
def test_an_accepted_path_cannot_leave_the_host(value: str) -> None:
    from urllib.parse import unquote, urljoin, urlsplit

    try:
        path = _checks.path(value)
    except ValueError:
        return
    url = "https://api.example.test/base" + path
    assert urlsplit(url).netloc == "api.example.test"
    assert urlsplit(urljoin(url, url)).path == urlsplit(url).path
    assert not path.startswith("//")
    assert not {unquote(part) for part in path.split("/")} & {".", ".."}
    assert urlsplit(url).query == urlsplit(url).fragment == ""


def test_limits_are_replaced_one_by_one() -> None:
    base = Limits((5.0, 20.0), 25.0, 2)
    assert base.override(None, None, None) is base
    assert base.override(3, None, None) == ((3.0, 3.0), 25.0, 2)
    assert base.override((1, 2), None, None) == ((1.0, 2.0), 25.0, 2)
    assert base.override(None, 9, None) == ((5.0, 20.0), 9.0, 2)
    assert base.override(None, None, 0) == ((5.0, 20.0), 25.0, 0)


@pytest.mark.parametrize("value", [0.001, 1, 3600, 3600.0])
def test_a_deadline_is_at_most_an_hour(value: float) -> None:
    assert Limits((1.0, 1.0), 1.0, 0).override(None, value, None).deadline == float(value)
    with pytest.raises(ValueError, match=r"deadline must be .* not in milliseconds"):
        Limits((1.0, 1.0), 1.0, 0).override(None, value + 3600, None)


@pytest.mark.parametrize(
    ("params", "query"),
    [
        (None, ""),
        ({}, ""),
        ({"a": None}, ""),
        ({"a": 1, "b": "x"}, "a=1&b=x"),
        ({"a": [1, "2", None]}, "a=1&a=2"),
        ({"a": ()}, ""),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": 1.5}, "a=1.5"),
        ({"a b": "c&d=e f/g?h#i+j%"}, "a%20b=c%26d%3De%20f%2Fg%3Fh%23i%2Bj%25"),
        ({"é": "😀"}, "%C3%A9=%F0%9F%98%80"),
        ({"a": ""}, "a="),
        ({"a": "x\r\ny"}, "a=x%0D%0Ay"),
        ({"a": "\ud800"}, "a=%3F"),
    ],
)
def test_queries_are_encoded(params: Any, query: str) -> None:
    assert _checks.query(params) == query


def test_headers_are_copied() -> None:
    given_headers = {"X-Trace": "1"}
    checked = _checks.headers(given_headers)
    given_headers["x-api-key"] = "k"
    assert checked == {"X-Trace": "1"}
    assert _checks.headers(None) == {}


@pytest.mark.parametrize("value", ["get", "GET", "Post", "put", "patch", "delete"])
def test_methods_are_upper_case(value: str) -> None:
    assert _checks.method(value) == value.upper()


def test_the_longest_integer_is_written() -> None:
    assert _checks.json_value(2**4096 - 1, "json") == 2**4096 - 1
    with pytest.raises(ValueError, match="json is an integer too long"):
        _checks.json_value(2**4096, "json")


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [1], {"a": {"b": [None]}}])
def test_what_json_can_carry_is_carried(value: Any) -> None:
    assert _checks.json_value(value, "json") == value
