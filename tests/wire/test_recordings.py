"""Every exchange recorded of the service, as the client reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import responses

from customers_sdk import (
    ApiError,
    AuthenticationError,
    Client,
    ConflictError,
    Customer,
    CustomerDetail,
    CustomersError,
    IdempotencyError,
    NotFoundError,
    Page,
    PermissionDeniedError,
    RequestTimeoutError,
    ServerError,
    ValidationError,
    Wallet,
)
from customers_sdk.errors import error_from_response
from tests.doubles import ID, WALLET_ID, Clock, Recording, in_full, recorded, recordings

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = recordings()
UNANSWERED = {"outage_redis_down_create_idem"}
# The client makes no HEAD and no OPTIONS request.
NOT_OURS = {r.name for r in ALL if r.method in ("HEAD", "OPTIONS")}
ANSWERED = [r for r in ALL if r.name not in UNANSWERED | NOT_OURS]
SUCCESSES = [r for r in ANSWERED if r.status in (200, 201)]
FAILURES = [r for r in ANSWERED if r.status >= 400]
BODILESS = [r for r in ANSWERED if r.status in (204, 304)]
# Replayed on a route where the key had not been used: somebody else's answer.
STRANGERS = {"idem_other_path_same_key", "idem_unknown_route_same_key"}

named = pytest.mark.parametrize
pytestmark = pytest.mark.usefixtures("decoder")


def name_of(recording: Recording) -> str:
    return recording.name


def route(recording: Recording) -> str:
    path = recording.path.partition("?")[0].lower().rstrip("/")
    return re.sub(r"(customers|wallets)/[^/]+", r"\1/*", path)


def call_of(client: Client, recording: Recording, data: Any) -> Callable[[], Any]:
    """The method of the client that makes the recorded request."""
    data = data if isinstance(data, dict) else {}
    customers = client.customers
    one = recording.path.partition("?")[0].strip("/").split("/")[-1]
    calls: dict[tuple[str, str], Callable[[], Any]] = {
        ("GET", "/customers"): customers.list_page,
        ("POST", "/customers"): lambda: customers.create(app_id=data.get("appId")),
        ("GET", "/customers/*"): lambda: customers.retrieve(one),
        ("PUT", "/customers/*"): lambda: customers.update(one),
        ("POST", "/customers/*/wallets"): lambda: customers.add_wallet(
            data.get("customerAccountId", ID),
            chain_id=data.get("chainId", 1),
            wallet_address=data.get("walletAddress", "0x1"),
        ),
        ("DELETE", "/customers/*/wallets/*"): lambda: customers.remove_wallet(ID, WALLET_ID),
    }
    other = lambda: client.request(recording.method, "/customers/x/y")  # noqa: E731
    return calls.get((recording.method, route(recording)), other)


@pytest.fixture
def clocked(client: Client) -> Client:
    clock = Clock()
    client._transport._clock = clock
    client._transport._sleep = clock.sleep
    return client


def play(wire: responses.RequestsMock, recording: Recording) -> None:
    headers = {k: v for k, v in recording.headers.items() if k.lower() != "content-type"}
    wire.add(
        recording.method,
        re.compile(".*"),
        recording.answer.encode(),
        status=recording.status,
        headers=headers,
        content_type=recording.headers.get("Content-Type", "text/html"),
    )


def test_every_recording_is_read_by_a_test_here() -> None:
    assert len(ALL) >= 260
    read = [*SUCCESSES, *FAILURES, *BODILESS]
    assert len(read) + len(NOT_OURS) + len(UNANSWERED) == len(ALL)
    assert len(SUCCESSES) > 100
    assert len(FAILURES) > 100


@named("recording", [r for r in SUCCESSES if r.name not in STRANGERS], ids=name_of)
def test_a_success_is_read_into_models_and_written_back_to_the_same_json(
    recording: Recording, clocked: Client, wire: responses.RequestsMock
) -> None:
    play(wire, recording)
    data = recording.json["data"]
    result = call_of(clocked, recording, data)()
    if isinstance(result, Page):
        assert [item.to_dict() for item in result] == [
            in_full(type(item), each) for item, each in zip(result, data)
        ]
        assert len(result) == len(data)
        assert recording.json["pagination"] == {
            "total": result.total,
            "page": result.page,
            "pageSize": result.page_size,
            "totalPages": result.total_pages,
        }
    else:
        assert isinstance(result, (Customer, Wallet))
        assert result.to_dict() == in_full(type(result), data)
        assert type(result).from_dict(data) == result
        assert isinstance(result, CustomerDetail) == (recording.method == "GET")


@named("name", sorted(STRANGERS))
def test_a_stored_answer_to_another_request_is_not_handed_over(
    name: str, clocked: Client, wire: responses.RequestsMock
) -> None:
    play(wire, recorded(name)._replace(method="PUT"))
    with pytest.raises(IdempotencyError, match=r"has another (id|kind)"):
        clocked.customers.update(ID, name="p1")


CLASS_OF = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    431: ApiError,
    500: ServerError,
}


def is_busy(recording: Recording) -> bool:
    return recording.status == 409 and "idempotency_error" in recording.answer


@named("recording", [r for r in FAILURES if not is_busy(r)], ids=name_of)
def test_a_failure_becomes_the_right_error_with_all_that_the_service_said(
    recording: Recording, clocked: Client, wire: responses.RequestsMock
) -> None:
    play(wire, recording)
    with pytest.raises(ApiError) as caught:
        call_of(clocked, recording, None)()
    error = caught.value
    assert type(error) is CLASS_OF[recording.status]
    assert error.status == recording.status
    assert error.replayed == ("Idempotent-Replayed" in recording.headers)
    said = recording.json["error"] if recording.answer else {}
    assert error.code == (said.get("code") or said.get("type"))
    assert error.details == said.get("details")
    if said:
        assert error.message == said["message"]
    if "x-request-id" in recording.headers:
        assert error.request_id == recording.headers["x-request-id"]
    assert error.request_id
    assert error.request_id in str(error)


@named("recording", [r for r in FAILURES if "details" in r.answer], ids=name_of)
def test_the_details_of_a_failure_are_issues_by_path(recording: Recording) -> None:
    error = error_from_response(recording.status, recording.json)
    assert isinstance(error, ValidationError)
    details = recording.json["error"]["details"]
    assert [list(issue.path) for issue in error.issues] == [issue["path"] for issue in details]
    # The service's own summary is `path: text`, joined.
    assert "; ".join(map(str, error.issues)) == error.message


@named("recording", [r for r in FAILURES if is_busy(r)], ids=name_of)
def test_a_key_in_use_is_waited_for_and_then_a_time_out_with_unknown_outcome(
    recording: Recording, clocked: Client, wire: responses.RequestsMock
) -> None:
    play(wire, recording)
    with pytest.raises(RequestTimeoutError, match="still running") as caught:
        clocked.customers.create()
    assert caught.value.outcome_unknown
    assert len(wire.calls) > 10
    error = error_from_response(recording.status, recording.json)
    assert type(error) is ConflictError
    assert error.code == "idempotency_error"


@named("recording", BODILESS, ids=name_of)
def test_an_answer_without_a_body_is_an_answer_without_data(
    recording: Recording, client: Client, wire: responses.RequestsMock
) -> None:
    play(wire, recording)
    response = client.request(recording.method, "/customers/x")
    assert response.status == recording.status
    assert response.data is None
    assert response.pagination is None


def test_not_modified_is_no_customer(client: Client, wire: responses.RequestsMock) -> None:
    play(wire, recorded("etag_if_none_match_same"))
    with pytest.raises(CustomersError, match="expected an object, got null"):
        client.customers.retrieve(ID)
