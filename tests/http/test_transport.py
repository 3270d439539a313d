"""Calls over a scripted sender: tries, waits, keys, and what is said when they run out."""

from __future__ import annotations

import logging
import socket
import ssl
from typing import Any

import pytest
import requests
import urllib3

from customers_sdk import (
    ApiError,
    ConflictError,
    CustomersError,
    IdempotencyError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    TransportError,
)
from customers_sdk._http import keys
from customers_sdk._http.exchange import Answer
from customers_sdk._http.progress import examine
from tests.doubles import (
    APP,
    BUSY,
    ID,
    KEY,
    LIMITS,
    REPLAYED,
    WALLET_ID,
    Rig,
    Sent,
    answer,
    customer,
    detail,
    envelope,
    late,
    page,
    refusal,
    refused,
    reset,
    rig,
    summary,
    wallet,
)

pytestmark = pytest.mark.usefixtures("no_luck")


def untrusted() -> requests.exceptions.SSLError:
    return requests.exceptions.SSLError(ssl.SSLCertVerificationError(1, "self-signed certificate"))


CREATED = answer(201, envelope(customer()))
FOUND = answer(200, envelope(detail()))
LINKED = answer(201, envelope(wallet()))
REMOVED = answer(204)
LISTED = answer(200, page(summary()))
EMPTY = answer(200, page())
DOWN = answer(503, b"<html>", reason="Service Unavailable")
BROKEN = answer(500, refusal("INTERNAL_ERROR", "Internal server error"))
LIMITED = answer(429, refusal("RATE_LIMIT_EXCEEDED"))

Method = "Callable[[Rig], Any]"


def retrieve(r: Rig, **o: Any) -> Any:
    return r.customers.retrieve(ID, **o)


def create(r: Rig, **o: Any) -> Any:
    return r.customers.create(external_id="user-1", **o)


def create_bare(r: Rig, **o: Any) -> Any:
    return r.customers.create(email="ada@example.com", **o)


def update(r: Rig, **o: Any) -> Any:
    return r.customers.update(ID, name="Ada", **o)


def add_wallet(r: Rig, **o: Any) -> Any:
    return r.customers.add_wallet(ID, chain_id=1, wallet_address="0x" + "1" * 40, **o)


def remove_wallet(r: Rig, **o: Any) -> Any:
    return r.customers.remove_wallet(ID, WALLET_ID, **o)


def list_page(r: Rig, **o: Any) -> Any:
    return r.customers.list_page(**o)


def writes(r: Rig) -> list[Sent]:
    return [sent for sent in r.sent if sent.method != "GET"]


GOOD = {
    retrieve: FOUND,
    create: CREATED,
    create_bare: CREATED,
    update: CREATED,
    add_wallet: LINKED,
    remove_wallet: REMOVED,
    list_page: LISTED,
}
WRITES = [create, create_bare, update, add_wallet]
EACH = pytest.mark.parametrize("method", GOOD, ids=lambda f: f.__name__)
WRITE = pytest.mark.parametrize("method", WRITES, ids=lambda f: f.__name__)


@EACH
@pytest.mark.parametrize(
    "trouble", [refused(), reset(), DOWN, LIMITED], ids=["refused", "reset", "503", "429"]
)
def test_what_passes_is_tried_again(method: Any, trouble: Any) -> None:
    made = rig(trouble, trouble, GOOD[method])
    method(made)
    assert len(made.sent) == 3
    assert made.clock.slept == [0.5, 1.0]


@EACH
def test_no_more_tries_are_made_than_allowed(method: Any) -> None:
    made = rig(DOWN)
    with pytest.raises(ServerError) as caught:
        method(made, max_retries=3)
    assert len(made.sent) == caught.value.attempts == 4
    assert "4 tries in 3.5 s" in str(caught.value)
    assert caught.value.elapsed == pytest.approx(3.5)
    once = rig(DOWN)
    with pytest.raises(ServerError, match=r"1 try in 0.0 s"):
        method(once, max_retries=0)
    assert len(once.sent) == 1


@EACH
def test_a_read_time_out_is_tried_again_unless_it_could_double_a_customer(method: Any) -> None:
    made = rig(late(), GOOD[method])
    if method is create_bare:
        with pytest.raises(RequestTimeoutError) as caught:
            method(made)
        assert caught.value.outcome_unknown
        assert "may have been carried out" in str(caught.value)
        assert len(made.sent) == 1
    else:
        method(made)
        assert len(made.sent) == 2


@pytest.mark.parametrize("status", [408, 504])
def test_a_proxys_time_out_is_one_too(status: int) -> None:
    made = rig(answer(status, b"<html>"), CREATED)
    with pytest.raises(ApiError) as caught:
        create_bare(made)
    assert caught.value.outcome_unknown
    made = rig(answer(status, b"<html>"), CREATED)
    assert create(made).id == ID


@EACH
def test_tls_failures_are_final(method: Any) -> None:
    made = rig(untrusted())
    with pytest.raises(TransportError, match=r"SSLCertVerificationError") as caught:
        method(made)
    assert len(made.sent) == 1
    assert not isinstance(caught.value, RequestTimeoutError)
    assert not caught.value.outcome_unknown
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


@WRITE
@pytest.mark.parametrize("trouble", [refused(), reset(), DOWN, answer(502, b"")])
def test_all_tries_of_a_write_go_under_one_key(method: Any, trouble: Any) -> None:
    made = rig(trouble, trouble, GOOD[method])
    method(made)
    assert len({sent.key for sent in made.sent}) == 1
    assert len({sent.headers["x-request-id"] for sent in made.sent}) == 3
    assert len({str(sent.body) for sent in made.sent}) == 1


@WRITE
def test_each_call_has_a_key_of_its_own(method: Any) -> None:
    made = rig(GOOD[method])
    method(made)
    method(made)
    assert made.sent[0].key != made.sent[1].key


@WRITE
def test_a_callers_key_is_sent_scoped_and_the_same_each_time(method: Any) -> None:
    made = rig(GOOD[method])
    method(made, idempotency_key="order-1")
    method(made, idempotency_key="order-1")
    one, two = made.sent
    path = one.target
    assert one.key == two.key == keys.scope(KEY, APP, one.method, path, "order-1")
    assert repr(one.headers["Idempotency-Key"]) == "'***'"


@pytest.mark.parametrize("method", [retrieve, list_page, remove_wallet])
def test_reads_and_removals_have_no_key(method: Any) -> None:
    made = rig(GOOD[method])
    method(made)
    assert "Idempotency-Key" not in made.sent[0].headers


@WRITE
def test_the_key_of_an_error_gives_the_same_header_when_passed_again(method: Any) -> None:
    made = rig(reset())
    with pytest.raises(TransportError) as caught:
        method(made)
    key = caught.value.idempotency_key
    again = rig(GOOD[method])
    method(again, idempotency_key=key)
    assert again.sent[0].key == made.sent[0].key


@WRITE
def test_a_500_to_a_write_is_not_tried_again(method: Any) -> None:
    made = rig(BROKEN)
    with pytest.raises(ServerError) as caught:
        method(made)
    assert len(writes(made)) == 1
    # Only where something has to be unique can a duplicate be the reason.
    hint = "external id or wallet already exists" in str(caught.value)
    assert hint is (method in (create, add_wallet))


def test_a_500_to_a_read_is_tried_again() -> None:
    made = rig(BROKEN, FOUND)
    assert retrieve(made).id == ID
    assert len(made.sent) == 2


@WRITE
@pytest.mark.parametrize("status", [400, 401, 404, 500, 502, 503])
def test_a_stored_failure_is_not_tried_again(method: Any, status: int) -> None:
    made = rig(answer(status, refusal("X"), REPLAYED))
    with pytest.raises(ApiError, match="use a new key") as caught:
        method(made)
    assert len(writes(made)) == 1
    assert caught.value.replayed


@WRITE
def test_a_stored_rate_limit_is_left_behind_with_the_next_key(method: Any) -> None:
    stored = answer(429, refusal("RATE_LIMIT_EXCEEDED"), REPLAYED)
    made = rig(LIMITED, stored, GOOD[method])
    method(made, idempotency_key="k")
    first, second, third = made.sent
    assert first.key == second.key != third.key
    assert third.key == keys.scope(KEY, APP, third.method, third.target, "k", 1)
    assert made.clock.slept == [0.5, 0.0]


def test_next_keys_run_out_too() -> None:
    made = rig(answer(429, refusal("RATE_LIMIT_EXCEEDED"), REPLAYED))
    with pytest.raises(RateLimitError) as caught:
        create(made)
    assert 2 <= len(made.sent) <= 5
    assert len({sent.key for sent in made.sent}) == len(made.sent)
    assert caught.value.replayed


@WRITE
def test_a_key_in_use_is_waited_for_and_not_counted(method: Any) -> None:
    busy = answer(409, BUSY)
    made = rig(reset(), *[busy] * 6, GOOD[method])
    method(made, max_retries=1)
    assert len(made.sent) == 8
    assert made.clock.slept == [0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_a_409_whose_body_is_cut_may_be_that_of_a_key_in_use() -> None:
    cut = Answer(409, "Conflict", {}, b"", flaw="the body did not come whole")
    assert examine(cut, keyed=True).key_in_use
    assert not examine(cut, keyed=False).key_in_use
    assert not examine(cut._replace(flaw=None), keyed=True).key_in_use
    assert not examine(cut._replace(headers={"idempotent-replayed": "true"}), keyed=True).key_in_use


@WRITE
def test_a_key_in_use_until_the_deadline_is_a_time_out(method: Any) -> None:
    made = rig(answer(409, BUSY))
    with pytest.raises(RequestTimeoutError, match="still running") as caught:
        method(made, deadline=10)
    assert caught.value.outcome_unknown
    assert sum(made.clock.slept) < 10
    assert "deadline of 10 s" in str(caught.value)


def test_a_conflict_that_is_not_about_the_key_is_final() -> None:
    made = rig(answer(409, refusal("CONFLICT")))
    with pytest.raises(ConflictError):
        create(made)
    assert len(writes(made)) == 1


# --- deadline, Retry-After, budget --------------------------------------------------------------


def test_the_deadline_bounds_tries_and_waits() -> None:
    made = rig(DOWN, takes=4.0)
    with pytest.raises(ServerError, match="deadline of 9 s leaves no time") as caught:
        retrieve(made, deadline=9, max_retries=50)
    assert len(made.sent) == 2
    assert caught.value.elapsed == 8.5


def test_a_try_is_given_no_more_time_than_is_left() -> None:
    made = rig(DOWN, takes=3.0, limits=LIMITS._replace(timeout=(5.0, 8.0), deadline=9.0))
    with pytest.raises(ServerError):
        retrieve(made)
    assert [sent.timeout for sent in made.sent] == [(5.0, 8.0), (5.0, 5.5), (1.5, 1.5)]


def test_limits_may_be_given_for_one_call() -> None:
    made = rig(FOUND)
    retrieve(made, timeout=3)
    retrieve(made, timeout=(1, 2))
    retrieve(made)
    assert [sent.timeout for sent in made.sent] == [(3.0, 3.0), (1.0, 2.0), (5.0, 20.0)]


@EACH
def test_retry_after_is_honoured(method: Any) -> None:
    made = rig(answer(429, refusal("RATE_LIMIT_EXCEEDED"), {"Retry-After": "7"}), GOOD[method])
    method(made)
    assert made.clock.slept == [7.0]


def test_a_short_retry_after_does_not_shorten_the_backoff() -> None:
    made = rig(answer(503, b"", {"Retry-After": "0"}), FOUND)
    retrieve(made)
    assert made.clock.slept == [0.5]


def test_the_backoff_is_injected_and_told_the_longest_wait() -> None:
    asked: list[tuple[int, float]] = []

    def backoff(number: int, cap: float) -> float:
        asked.append((number, cap))
        return 0.125 * number

    made = rig(answer(503), answer(503), FOUND, backoff=backoff)
    retrieve(made)
    made.script.steps[:] = [answer(409, BUSY), GOOD[create]]
    create(made)
    assert made.clock.slept == [0.125, 0.25, 0.125]
    assert asked == [(1, 8.0), (2, 8.0), (1, 1.0)]


def test_a_wait_beyond_the_deadline_fails_at_once_and_says_how_long() -> None:
    made = rig(answer(429, refusal("RATE_LIMIT_EXCEEDED"), {"Retry-After": "21600"}))
    with pytest.raises(RateLimitError, match="retry after 21600 s") as caught:
        create(made)
    assert caught.value.retry_after == 21600.0
    assert made.clock.slept == []
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", "nan", "1,5x"])
def test_a_retry_after_that_means_nothing_is_ignored(value: str) -> None:
    made = rig(answer(429, refusal("X"), {"Retry-After": value}), FOUND)
    retrieve(made)
    assert made.clock.slept == [0.5]


def test_an_outage_is_not_answered_with_a_storm() -> None:
    made = rig(DOWN)
    for _ in range(200):
        with pytest.raises(ServerError) as caught:
            retrieve(made)
    assert len(made.sent) == 300  # 200 calls and a budget of 100 retries
    assert "too many calls of this client are failing" in str(caught.value)
    made.script.steps = [FOUND]
    for _ in range(5):
        retrieve(made)
    made.script.steps = [DOWN, FOUND]
    retrieve(made)
    assert len(made.sent) == 307


# --- removals ------------------------------------------------------------------------------------

MISSING = answer(404, refusal("NOT_FOUND", "CustomerWallet with id x not found"))


@pytest.mark.parametrize("lost", [reset(), late(), answer(502, b""), answer(504, b"")])
def test_a_wallet_that_is_gone_after_a_lost_try_is_removed(lost: Any) -> None:
    made = rig(lost, MISSING)
    assert remove_wallet(made) is None
    assert len(made.sent) == 2


@pytest.mark.parametrize("harmless", [refused(), LIMITED])
def test_a_wallet_that_was_never_there_is_not_found(harmless: Any) -> None:
    for steps in ([MISSING], [harmless, MISSING]):
        with pytest.raises(NotFoundError):
            remove_wallet(rig(*steps))


# --- what is unknown -------------------------------------------------------------------------------  # noqa: E501


@WRITE
@pytest.mark.parametrize(
    ("trouble", "unknown"),
    [
        (refused(), False),
        (reset(), True),
        (late(), True),
        (DOWN, True),
        (answer(504, b""), True),
        (LIMITED, False),
        (answer(400, refusal("VALIDATION_ERROR")), False),
        (answer(401, refusal("AUTHENTICATION_ERROR")), False),
        (untrusted(), False),
    ],
)
def test_every_error_of_a_write_has_its_key_and_says_what_is_unknown(
    method: Any, trouble: Any, *, unknown: bool
) -> None:
    with pytest.raises(CustomersError) as caught:
        method(rig(trouble), idempotency_key="mine")
    assert caught.value.idempotency_key == "mine"
    assert caught.value.outcome_unknown is unknown
    assert ("may have been carried out" in str(caught.value)) is unknown


def test_doubt_stays_when_a_later_try_is_harmless() -> None:
    made = rig(reset(), refused())
    with pytest.raises(TransportError) as caught:
        create(made)
    assert caught.value.outcome_unknown


def test_a_read_is_never_in_doubt() -> None:
    for trouble in (reset(), late(), DOWN):
        with pytest.raises(CustomersError) as caught:
            retrieve(rig(trouble))
        assert not caught.value.outcome_unknown
        assert caught.value.idempotency_key is None


# --- replays --------------------------------------------------------------------------------------------  # noqa: E501


def stored(data: Any, status: int = 201) -> Any:
    return answer(status, envelope(data), REPLAYED)


def test_a_stored_answer_to_the_same_request_is_handed_over() -> None:
    fields = {"external_id": "user-1", "name": "Ada Lovelace", "metadata": {"tier": "gold"}}
    record = rig(stored(customer())).customers.create(**fields, idempotency_key="k")  # type: ignore[arg-type]
    assert record.id == ID
    assert rig(stored(wallet())).customers.add_wallet(
        ID, chain_id=1, wallet_address="0X" + "1" * 40, idempotency_key="k"
    )


@pytest.mark.parametrize(
    ("call", "data", "field"),
    [
        (lambda c: c.create(), customer(appId="another"), "app_id"),
        (lambda c: c.create(), wallet(), "kind"),
        (lambda c: c.create(), None, "kind"),
        (lambda c: c.create(name="x", idempotency_key="k"), customer(), "name"),
        (lambda c: c.create(metadata={}, idempotency_key="k"), customer(), "metadata"),
        (lambda c: c.update(ID), customer(id="another"), "id"),
        (lambda c: c.update(ID, city="x", idempotency_key="k"), customer(), "city"),
        (lambda c: c.update(ID), wallet(), "kind"),
        (
            lambda c: c.add_wallet(ID, chain_id=2, wallet_address="0x" + "1" * 40),
            wallet(),
            "chain_id",
        ),
        (lambda c: c.add_wallet(ID, chain_id=1, wallet_address="0x2"), wallet(), "wallet_address"),
        (
            lambda c: c.add_wallet("x", chain_id=1, wallet_address="0x2"),
            wallet(),
            "customer_account_id",
        ),
        (lambda c: c.add_wallet(ID, chain_id=1, wallet_address="0x2"), customer(), "kind"),
    ],
)
def test_a_stored_answer_to_another_request_is_an_error(call: Any, data: Any, field: str) -> None:
    with pytest.raises(IdempotencyError, match=f"has another {field}") as caught:
        call(rig(stored(data)).customers)
    given = caught.value.idempotency_key == "k"
    # Nobody else can have used a key that was drawn: then it is our write that was answered.
    assert caught.value.outcome_unknown is not given
    assert ("the key was used for a different request" in str(caught.value)) is given
    assert "Ada" not in str(caught.value)


def test_under_a_drawn_key_normalised_strings_do_not_count() -> None:
    made = rig(stored(customer(name="normalised")))
    assert made.customers.create(name="as sent").name == "normalised"


def test_an_answer_that_is_not_a_replay_is_not_compared() -> None:
    made = rig(CREATED)
    assert made.customers.create(name="x", idempotency_key="k").name == "Ada Lovelace"


# --- causes, texts, logs -----------------------------------------------------------------------------  # noqa: E501


def test_the_innermost_cause_is_chained_and_free_of_the_url() -> None:
    with pytest.raises(TransportError) as caught:
        retrieve(rig(reset()))
    assert type(caught.value.__cause__) is ConnectionResetError
    assert "ConnectionResetError" in str(caught.value)
    with pytest.raises(RequestTimeoutError) as caught_late:
        list_page(rig(late()), search="private")
    assert "private" not in str(caught_late.value)
    assert caught_late.value.__cause__ is None
    assert caught_late.value.__context__ is None or "private" not in str(
        caught_late.value.__context__
    )


def test_a_socket_time_out_while_connecting_is_a_time_out_too() -> None:
    error = urllib3.exceptions.ConnectTimeoutError(None, "connect timeout")  # type: ignore[arg-type]
    error.__cause__ = socket.timeout("timed out")
    made = rig(requests.ConnectTimeout(error))
    with pytest.raises(RequestTimeoutError) as caught:
        create_bare(made)
    assert len(made.sent) == 3
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("broken", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interrupt_is_not_swallowed_and_leaves_the_client_usable(broken: Any) -> None:
    made = rig(broken(), FOUND)
    with pytest.raises(broken):
        retrieve(made)
    assert retrieve(made).id == ID


def test_an_adapter_that_gives_up_after_retries_of_its_own_leaves_the_outcome_open() -> None:
    made = rig(*[requests.exceptions.RetryError("too many 503 error responses")] * 3)
    with pytest.raises(TransportError, match="the session's own retries ran out") as caught:
        create(made)
    assert caught.value.outcome_unknown
    assert len(made.sent) == 1


def test_an_error_of_an_adapter_becomes_one_of_ours() -> None:
    for error in (requests.exceptions.InvalidHeader("x"), OSError("x"), UnicodeError("x")):
        with pytest.raises(TransportError):
            retrieve(rig(error))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error(status: int) -> None:
    made = rig(answer(status, b"", {"Location": "https://evil.test/"}))
    with pytest.raises(ApiError, match="redirects are never followed") as caught:
        create(made)
    assert caught.value.status == status
    assert len(made.sent) == 1


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"success":false,"data":1}'])
def test_a_success_without_an_envelope_is_a_format_error(status: int, body: bytes) -> None:
    with pytest.raises(ResponseFormatError) as caught:
        retrieve(rig(answer(status, body)))
    assert caught.value.status == status
    assert caught.value.request_id


def test_a_log_line_names_the_route_and_nobody(caplog: pytest.LogCaptureFixture) -> None:
    made = rig(DOWN, reset(), FOUND)
    with caplog.at_level(logging.DEBUG, logger="customers_sdk"):
        made.customers.retrieve("private-id")
        rig(LISTED).customers.list_page(search="private-search")
        rig(CREATED).customers.create(email="private@example.com", idempotency_key="private-key")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 5
    assert lines[0].startswith("GET /customers/{id}: 503, try 1, ")
    assert "the connection broke" in lines[1]
    assert lines[2].startswith("GET /customers/{id}: 200, try 3, ")
    assert all("request id " in line for line in lines)
    shown = " ".join(lines) + repr([record.args for record in caplog.records])
    assert "private" not in shown
    assert KEY not in shown


def test_nothing_is_logged_unless_configured(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ServerError):
        retrieve(rig(DOWN))
    assert capfd.readouterr() == ("", "")


def test_closing_closes_the_sender() -> None:
    made = rig(FOUND)
    made.transport.close()
    assert made.script.closed == 1
    assert retrieve(made).id == ID
