"""Every fault against every kind of call, held to the rules and to the documentation."""

from __future__ import annotations

import itertools
import pickle
from typing import TYPE_CHECKING

import pytest
import requests

from customers_sdk import CustomersError, RequestTimeoutError
from tests.faults import table
from tests.faults.table import FAULTS, KEY, MAX_RETRIES, Fault, Measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.service import Service

# Nothing in the service makes these unique, so they are the only ones it may do twice.
UNPROTECTED = "`create`"


def _links(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None:
            yield link
            waiting += [link.__cause__, link.__context__]


def _check(case: Measured, deadline: float) -> None:
    error = case.error
    assert case.usable
    assert case.outlasted == 0
    if case.kind.keyed:
        keys = {request.key for request in case.requests if request.method in ("POST", "PUT")}
        assert len(keys) <= 1
        assert KEY not in keys
    if error is None:
        assert case.stored in (None, 1)
        return
    assert error.attempts >= 1
    assert error.elapsed >= 0
    assert error.request_id
    assert error.idempotency_key == (KEY if case.kind.keyed else None)
    if case.kind.stored is None:
        assert not error.outcome_unknown
    else:
        assert case.stored == 0 or error.outcome_unknown
        assert case.stored is not None
        assert case.stored <= 1
    for link in _links(error):
        assert isinstance(link, (CustomersError, OSError))
        assert not isinstance(link, requests.RequestException)
        assert "request" not in vars(link)
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


@pytest.fixture(scope="module")
def services() -> Iterator[list[Service]]:
    with table.services() as backends:
        yield backends


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.title)
def test_a_fault_does_what_the_documentation_says(fault: Fault, services: list[Service]) -> None:
    written = [row for row in table.documented() if row.startswith(f"| {fault.title} |")]
    # What must never happen is checked each time. The number of tries is measured again if it
    # differs: a machine that is busy with other tests can let a short time-out of theirs pass.
    for _ in range(3):
        measured = table.measure_all(fault, services)
        for case in itertools.chain.from_iterable(itertools.chain(*measured)):
            _check(case, fault.limits[1])
            if case.error is None or not isinstance(case.error, RequestTimeoutError):
                busy = fault.title.startswith("409")
                assert busy or len(case.requests) <= 2 * (1 + MAX_RETRIES)
        rows = table.rows(fault, measured)
        if rows == written:
            break
    assert rows == written


def test_the_table_has_these_faults_and_no_others() -> None:
    titles = list(dict.fromkeys(row.split(" | ")[0][2:] for row in table.documented()))
    assert titles == [fault.title for fault in FAULTS]
