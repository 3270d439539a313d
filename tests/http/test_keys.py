"""Keys: drawn, and scoped."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from typing import Any

import pytest

from customers_sdk._http.keys import draw, scope
from tests.doubles import APP, KEY


def test_drawn_keys_are_random_and_long() -> None:
    drawn = {draw() for _ in range(100)}
    assert len(drawn) == 100
    assert {len(key) for key in drawn} == {32}


def test_a_key_is_sent_as_the_hmac_of_where_it_is_used() -> None:
    message = f'["{APP}","POST","/customers","order-1"]'.encode()
    expected = hmac.new(KEY.encode(), message, hashlib.sha256).hexdigest()
    assert scope(KEY, APP, "POST", "/customers", "order-1") == expected


BASE = (KEY, APP, "POST", "/customers", "k", 0)


@pytest.mark.parametrize(
    "other",
    [
        ("nr_test_sk_rotated", *BASE[1:]),
        (KEY, "another-app", *BASE[2:]),
        (*BASE[:2], "PUT", *BASE[3:]),
        (*BASE[:3], "/customers/x", *BASE[4:]),
        (*BASE[:4], "K", 0),
        (*BASE[:4], "k", 1),
        (*BASE[:4], 'k","x', 0),
    ],
)
def test_whatever_differs_gives_another_header(other: tuple[Any, ...]) -> None:
    assert scope(*other) != scope(*BASE)


def test_parts_cannot_be_shifted_into_each_other() -> None:
    assert scope(KEY, "a", "POST", "/x", "bc") != scope(KEY, "a", "POST", "/xb", "c")
    assert scope(KEY, 'a","POST', "/x", "k", "z") != scope(KEY, "a", "POST", "/x", "k")
    assert scope(KEY, "a", "POST", "/x", "k", 1) != scope(KEY, "a", "POST", "/x", 'k",1', 0)


@pytest.mark.parametrize("key", ["order-1", "ключ", "😀", "\ud800", " padded ", "k" * 255])
def test_the_header_is_printable_and_fits(key: str) -> None:
    header = scope(KEY, APP, "POST", "/customers", key)
    assert len(header) == 64
    assert set(header) <= set("0123456789abcdef")


def test_another_process_makes_the_same_header() -> None:
    code = (
        "from customers_sdk._http.keys import scope;"
        f"print(scope({KEY!r}, {APP!r}, 'POST', '/customers', 'order-1'))"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == scope(KEY, APP, "POST", "/customers", "order-1")
