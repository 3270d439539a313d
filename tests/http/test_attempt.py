"""An observer is told of every request: what came of it, and what the client does next."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from customers_sdk import Attempt, Client, CustomersError, ServerError, TransportError
from tests.doubles import (
    APP,
    BUSY,
    ID,
    KEY,
    LIMITS,
    REPLAYED,
    Rig,
    answer,
    customer,
    detail,
    envelope,
    late,
    refusal,
    refused,
    reset,
    rig,
)
from tests.faults import behaviours as do
from tests.faults.server import Server

FOUND = answer(200, envelope(detail()), {"x-request-id": "from-the-service"})
DOWN = answer(503, b"<html>")


pytestmark = pytest.mark.usefixtures("no_luck")


def observed(*steps: Any, takes: float = 0.0) -> tuple[Rig, list[Attempt]]:
    made = rig(*steps, takes=takes)
    seen: list[Attempt] = []
    made.transport._on_attempt = seen.append
    return made, seen


def test_every_try_is_told_of_with_what_comes_after_it() -> None:
    made, seen = observed(DOWN, reset(), FOUND, takes=0.25)
    made.customers.retrieve(ID)
    assert [(a.number, a.status, a.failure, a.retry_in) for a in seen] == [
        (1, 503, None, 0.5),
        (2, None, "dropped", 1.0),
        (3, 200, None, None),
    ]
    assert [attempt.will_retry for attempt in seen] == [True, True, False]
    assert {(attempt.method, attempt.route) for attempt in seen} == {("GET", "/customers/{id}")}
    assert [attempt.seconds for attempt in seen] == [0.25] * 3
    assert seen[0].bytes_received == len(b"<html>")
    assert seen[2].bytes_received == len(FOUND.content)
    assert seen[2].request_id == "from-the-service"
    assert seen[0].request_id == made.sent[0].headers["x-request-id"]


@pytest.mark.parametrize(
    ("step", "failure"), [(refused(), "not_sent"), (late(), "timed_out"), (OSError(), "dropped")]
)
def test_a_failure_has_a_name(step: Any, failure: str) -> None:
    made, seen = observed(step)
    with pytest.raises(TransportError):
        made.customers.retrieve(ID)
    assert {attempt.failure for attempt in seen} == {failure}
    assert [attempt.retry_in for attempt in seen] == [0.5, 1.0, None]
    assert {attempt.status for attempt in seen} == {None}


def test_a_write_tells_of_its_body_and_of_a_stored_response() -> None:
    made, seen = observed(answer(201, envelope(customer()), REPLAYED))
    made.customers.create(name="Ada")
    (attempt,) = seen
    assert attempt.replayed
    assert attempt.bytes_sent == len(b'{"name":"Ada","appId":"%s"}' % APP.encode())


def test_a_key_that_is_in_use_and_a_removal_that_is_done_are_told_of() -> None:
    made, seen = observed(answer(409, BUSY), answer(201, envelope(customer())))
    made.customers.create(name="Ada")
    assert [(a.status, a.retry_in) for a in seen] == [(409, 0.5), (201, None)]
    made, seen = observed(reset(), answer(404, refusal("NOT_FOUND")))
    made.customers.remove_wallet(ID, ID)
    assert [(a.status, a.retry_in) for a in seen] == [(None, 0.5), (404, None)]


def test_the_last_try_is_told_of_before_the_error() -> None:
    made, seen = observed(DOWN)
    with pytest.raises(ServerError) as caught:
        made.customers.retrieve(ID, max_retries=1)
    assert len(seen) == caught.value.attempts == 2
    assert seen[-1].request_id == caught.value.request_id


def test_what_an_observer_raises_is_logged_and_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Attempt) -> None:
        raise RuntimeError("broken observer")

    made, _ = observed(DOWN, FOUND)
    made.transport._on_attempt = fail
    assert made.customers.retrieve(ID).id == ID
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 2
    assert told[0].exc_info is not None
    assert "broken observer" in str(told[0].exc_info[1])


def test_an_interrupt_from_an_observer_is_not_swallowed() -> None:
    def interrupt(_: Attempt) -> None:
        raise KeyboardInterrupt

    made, _ = observed(FOUND)
    made.transport._on_attempt = interrupt
    with pytest.raises(KeyboardInterrupt):
        made.customers.retrieve(ID)


def test_an_observer_is_told_of_a_request_whose_hook_raises() -> None:
    class MineError(Exception):
        pass

    def fail(*_: Any, **__: Any) -> None:
        raise MineError

    seen: list[Attempt] = []
    with Server([do.error(401, "AUTHENTICATION_ERROR")]) as server, requests.Session() as session:
        session.hooks["response"].append(fail)
        client = Client(KEY, APP, base_url=server.url, session=session, on_attempt=seen.append)
        with pytest.raises(MineError):
            client.customers.create(name="Ada")
    assert [(a.status, a.failure, a.retry_in) for a in seen] == [(401, "session", None)]


def test_no_request_follows_an_observer_that_outlasts_the_deadline() -> None:
    made, _ = observed(DOWN, FOUND)

    def think(_: Attempt) -> None:
        made.clock.now += LIMITS.deadline - 0.25

    made.transport._on_attempt = think
    with pytest.raises(ServerError, match="leaves no time for another try"):
        made.customers.retrieve(ID)
    assert len(made.sent) == 1
    assert made.clock.slept == []


def test_an_attempt_names_nobody() -> None:
    made, seen = observed(reset(), answer(200, envelope([]), {}))
    with pytest.raises(CustomersError):
        made.customers.list_page(search="private-search")
    with pytest.raises(CustomersError):
        made.customers.update("private-id", email="private@example.com", idempotency_key="private")
    assert "private" not in repr(seen)
    assert KEY not in repr(seen)


def test_a_client_takes_an_observer() -> None:
    seen: list[Attempt] = []
    with Server([do.html(503)]) as server:
        client = Client(KEY, APP, base_url=server.url, on_attempt=seen.append)
        with pytest.raises(CustomersError):
            client.customers.retrieve(ID)
        client.close()
    assert [(attempt.number, attempt.status) for attempt in seen] == [(1, 503), (2, 404)]
    assert all(attempt.seconds > 0 for attempt in seen)
