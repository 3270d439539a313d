"""The sandbox and its client on one thread, whose instructions are counted."""

from __future__ import annotations

import json
import threading

import pytest

from bench import data, served


@pytest.mark.parametrize(
    ("request_line", "status", "rows"),
    [
        pytest.param(served.RETRIEVE, b"200 OK", None, id="retrieve"),
        pytest.param(served.CREATE, b"201 Created", None, id="create"),
        pytest.param(served.LIST, b"200 OK", data.PAGE_SIZE, id="page"),
    ],
)
def test_the_sandbox_responds_on_one_thread(
    request_line: tuple[str, str], status: bytes, rows: int | None
) -> None:
    before = threading.active_count()
    with served.sandbox(*request_line) as call:
        for _ in range(2):
            head, _, body = call().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 " + status)
            content = json.loads(body)["data"]
            assert rows is None or len(content) == rows
        assert threading.active_count() == before


def test_a_request_that_is_refused_is_not_counted() -> None:
    with (
        served.sandbox("GET", "/nowhere") as call,
        pytest.raises(RuntimeError, match="404 Not Found"),
    ):
        call()


def test_the_constant_has_the_length_of_a_customer() -> None:
    with served.constant() as call:
        assert call().endswith(data.retrieve_body())
