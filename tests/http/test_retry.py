"""The pure decisions: what is tried again, and after how long."""

from __future__ import annotations

import random
from typing import Any

import pytest

from customers_sdk._http import retry
from customers_sdk._http.retry import (
    Budget,
    Failure,
    Verdict,
    backoff,
    may_have_run,
    retry_after,
    verdict,
)

FAIL, RETRY, WAIT, NEXT_KEY, DONE = (
    Verdict.FAIL,
    Verdict.RETRY,
    Verdict.WAIT,
    Verdict.NEXT_KEY,
    Verdict.DONE,
)
NOT_SENT, DROPPED, TIMED_OUT, SESSION, FINAL = (
    Failure.NOT_SENT,
    Failure.DROPPED,
    Failure.TIMED_OUT,
    Failure.SESSION,
    Failure.FINAL,
)

# One row an outcome. Columns: GET, a repeatable write, a creation that nothing makes
# unique, DELETE.
TABLE: list[tuple[Any, Verdict, Verdict, Verdict, Verdict]] = [
    (NOT_SENT, RETRY, RETRY, RETRY, RETRY),
    (DROPPED, RETRY, RETRY, RETRY, RETRY),
    (TIMED_OUT, RETRY, RETRY, FAIL, RETRY),
    (FINAL, FAIL, FAIL, FAIL, FAIL),
    (SESSION, FAIL, FAIL, FAIL, FAIL),
    (301, FAIL, FAIL, FAIL, FAIL),
    (307, FAIL, FAIL, FAIL, FAIL),
    (400, FAIL, FAIL, FAIL, FAIL),
    (401, FAIL, FAIL, FAIL, FAIL),
    (403, FAIL, FAIL, FAIL, FAIL),
    (404, FAIL, FAIL, FAIL, FAIL),
    (408, RETRY, RETRY, FAIL, RETRY),
    (409, FAIL, FAIL, FAIL, FAIL),
    (422, FAIL, FAIL, FAIL, FAIL),
    (429, RETRY, RETRY, RETRY, RETRY),
    (500, RETRY, FAIL, FAIL, FAIL),
    (501, FAIL, FAIL, FAIL, FAIL),
    (502, RETRY, RETRY, RETRY, RETRY),
    (503, RETRY, RETRY, RETRY, RETRY),
    (504, RETRY, RETRY, FAIL, RETRY),
    *[(status, RETRY, RETRY, FAIL, RETRY) for status in (520, 521, 522, 523, 524, 529, 530)],
    (525, FAIL, FAIL, FAIL, FAIL),
    (599, FAIL, FAIL, FAIL, FAIL),
]
ROWS = pytest.mark.parametrize("row", TABLE, ids=[str(row[0]) for row in TABLE])
WRITES = pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])


@ROWS
def test_reading_again_harms_nobody(row: tuple[Any, ...]) -> None:
    assert verdict("GET", row[0], repeatable=True) is row[1]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_session_that_has_retried_by_itself_is_not_outdone(method: str) -> None:
    assert verdict(method, Failure.EXHAUSTED, repeatable=True) is FAIL
    assert may_have_run(Failure.EXHAUSTED)


@ROWS
@WRITES
def test_a_write_that_may_be_repeated(row: tuple[Any, ...], method: str) -> None:
    assert verdict(method, row[0], repeatable=True) is row[2]


@ROWS
@WRITES
def test_a_write_that_nothing_makes_unique(row: tuple[Any, ...], method: str) -> None:
    assert verdict(method, row[0], repeatable=False) is row[3]


@ROWS
def test_a_deletion(row: tuple[Any, ...]) -> None:
    assert verdict("DELETE", row[0], repeatable=True) is row[4]


@ROWS
@WRITES
def test_a_stored_failure_is_final_but_for_a_rate_limit(row: tuple[Any, ...], method: str) -> None:
    if isinstance(row[0], Failure):
        return
    expected = NEXT_KEY if row[0] == 429 else FAIL
    assert verdict(method, row[0], repeatable=True, replayed=True) is expected


@WRITES
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_key_in_use_is_waited_for(method: str, *, repeatable: bool) -> None:
    assert verdict(method, 409, repeatable=repeatable, key_in_use=True) is WAIT


def test_a_key_in_use_means_nothing_to_a_method_that_has_none() -> None:
    assert verdict("GET", 409, repeatable=True, key_in_use=True) is FAIL
    assert verdict("DELETE", 409, repeatable=True, key_in_use=True) is FAIL


def test_what_is_gone_after_a_lost_deletion_is_deleted() -> None:
    assert verdict("DELETE", 404, repeatable=True, may_have_run=True) is DONE
    assert verdict("DELETE", 404, repeatable=True, may_have_run=False) is FAIL
    assert verdict("GET", 404, repeatable=True, may_have_run=True) is FAIL
    assert verdict("PUT", 404, repeatable=True, may_have_run=True) is FAIL


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (NOT_SENT, False),
        (DROPPED, True),
        (TIMED_OUT, True),
        (SESSION, True),
        (FINAL, False),
        (200, True),
        (304, True),
        (400, False),
        (404, False),
        (408, True),
        (409, False),
        (429, False),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
    ],
)
def test_which_outcomes_leave_doubt(outcome: Any, *, expected: bool) -> None:
    assert may_have_run(outcome) is expected


NOW = 1_795_378_642.0  # 2026-11-22 20:17:22 UTC


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("999999999", 999999999.0),
        ("9999999999", 1e9),
        ("1" * 5000, 1e9),
        ("-1", None),
        ("1.5", 2.0),
        ("2.5", 3.0),
        ("2, 2", 2.0),
        ("3600, 1", 3600.0),
        ("0.2,4", 4.0),
        ("1.", None),
        (".5", None),
        ("2, soon", None),
        ("2;2", None),
        ("+1", None),
        ("1e3", None),
        ("٣", None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Sun, 22 Nov 2026 20:17:52 GMT", 30.0),
        ("Sun, 22 Nov 2026 21:17:52 +0100", 30.0),
        ("Sunday, 22-Nov-26 20:17:52 GMT", 30.0),
        ("Sun, 22 Nov 2026 20:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Sun, 99 Nov 2026 20:17:52 GMT", None),
        ("Sun, 22 Nov 99999 20:17:52 GMT", None),
        ("\x00", None),
        (",,,", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_an_exception(
    value: str | None, expected: float | None
) -> None:
    assert retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [
        "Sun Nov 22 20:17:52 2026",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Sun, 22 Nov 2026 20:17:52 +99999999999999999999",
        "Sun, 22 Nov 2026 20:17:52 -0000",
    ],
)
def test_a_date_at_the_edge_is_a_wait_or_nothing(value: str) -> None:
    got = retry_after(value, NOW)
    assert got is None or got >= 0.0


def test_backoff_is_full_jitter_under_a_doubling_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    monkeypatch.setattr(retry.random, "uniform", uniform)
    assert [backoff(n) for n in range(1, 8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert backoff(10_000) == 8.0
    assert backoff(9, cap=1.0) == 1.0
    assert {low for low, _ in asked} == {0.0}


def test_backoff_is_random() -> None:
    random.seed(1)
    assert len({backoff(3) for _ in range(20)}) > 10


def test_a_budget_lets_a_hundred_retries_through_and_then_none() -> None:
    budget = Budget()
    taken = [budget.take(503) for _ in range(120)]
    assert taken == [5] * 100 + [0] * 20


@pytest.mark.parametrize("slow", [Failure.TIMED_OUT, 408, 504, 522, 524])
def test_a_retry_after_a_time_out_costs_double(slow: Any) -> None:
    budget = Budget()
    assert [budget.take(slow) for _ in range(51)] == [10] * 50 + [0]


def test_what_helped_is_given_back_and_the_bucket_never_overflows() -> None:
    budget = Budget()
    budget.give(50)
    for _ in range(100):
        assert budget.take(502)
    assert budget.take(502) == 0
    budget.give(5)
    assert budget.take(502) == 5
    assert budget.take(502) == 0
    for _ in range(4):
        budget.give(1)
    assert budget.take(502) == 0
    budget.give(1)
    assert budget.take(502) == 5
