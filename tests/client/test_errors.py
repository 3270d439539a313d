"""The exception tree, what each error carries, and what its text says and does not say."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
import requests

import customers_sdk
from customers_sdk import (
    AlreadyExistsError,
    AmbiguousCustomerError,
    ApiError,
    AuthenticationError,
    Client,
    ConfigurationError,
    ConflictError,
    CustomersError,
    IdempotencyError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    TransportError,
    ValidationError,
    ValidationIssue,
    errors,
)
from customers_sdk.errors import error_code, error_from_response
from tests.doubles import APP, BASE, ID, KEY, answer, customer, refusal, rig

if TYPE_CHECKING:
    import responses

TREE: dict[type[Exception], type[Exception]] = {
    ConfigurationError: CustomersError,
    ApiError: CustomersError,
    ValidationError: ApiError,
    AuthenticationError: ApiError,
    PermissionDeniedError: ApiError,
    NotFoundError: ApiError,
    ConflictError: ApiError,
    AlreadyExistsError: ConflictError,
    AmbiguousCustomerError: CustomersError,
    RateLimitError: ApiError,
    ServerError: ApiError,
    TransportError: CustomersError,
    RequestTimeoutError: TransportError,
    ResponseFormatError: CustomersError,
    IdempotencyError: CustomersError,
}
CONTEXT: dict[str, Any] = {
    "request_id": "r-1",
    "idempotency_key": "k-1",
    "outcome_unknown": True,
    "attempts": 3,
    "elapsed": 1.25,
}
API: dict[str, Any] = {
    "status": 429,
    "code": "RATE_LIMIT_EXCEEDED",
    "message": "slow down",
    "details": [{"path": ["email"], "message": "m"}],
    "replayed": True,
    "retry_after": 7.0,
}


@pytest.mark.parametrize(("cls", "parent"), TREE.items(), ids=lambda cls: cls.__name__)
def test_the_tree(cls: type[Exception], parent: type[Exception]) -> None:
    assert cls.__bases__[0] is parent
    assert getattr(customers_sdk, cls.__name__) is getattr(errors, cls.__name__) is cls


def test_a_configuration_error_is_a_value_error_and_no_other_is() -> None:
    assert issubclass(ConfigurationError, ValueError)
    assert not [
        cls for cls in TREE if cls is not ConfigurationError and issubclass(cls, ValueError)
    ]
    assert CustomersError.__bases__ == (Exception,)


def sample(cls: type[Exception]) -> Exception:
    more: dict[str, Any] = {}
    if issubclass(cls, ApiError):
        more = API
    elif cls is ResponseFormatError:
        more = {"status": 200}
    elif cls is ConfigurationError:
        more = {"setting": "api_key", "problem": "is missing"}
    return cls("what happened", **CONTEXT, **more)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", [CustomersError, *TREE], ids=lambda cls: cls.__name__)
def test_every_error_survives_pickling_with_all_it_carries(
    cls: type[CustomersError], protocol: int
) -> None:
    error = sample(cls)
    back = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301
    assert type(back) is cls
    assert str(back) == f"what happened ({cls.reference})"
    assert back.args == error.args
    assert vars(back) == vars(error)
    assert vars(back).items() >= CONTEXT.items()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("cls", [CustomersError, *TREE], ids=lambda cls: cls.__name__)
def test_every_error_can_be_copied(cls: type[Exception], copied: Any) -> None:
    error = sample(cls)
    back = copied(error)
    assert back is not error
    assert type(back) is cls
    assert (str(back), vars(back)) == (str(error), vars(error))


@pytest.mark.parametrize("cls", [CustomersError, *TREE], ids=lambda cls: cls.__name__)
def test_every_error_can_be_made_from_a_text_alone(cls: type[CustomersError]) -> None:
    assert str(cls("text")) == f"text ({cls.reference})"
    assert cls("text").outcome_unknown is False


def test_every_error_has_a_reference_of_its_own() -> None:
    references = [cls.reference for cls in (CustomersError, *TREE)]
    assert len(set(references)) == len(references)


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (302, ApiError),
        (400, ValidationError),
        (401, AuthenticationError),
        (402, ApiError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, ApiError),
        (409, ConflictError),
        (413, ApiError),
        (422, ValidationError),
        (429, RateLimitError),
        (431, ApiError),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (599, ServerError),
        (600, ApiError),
    ],
)
def test_the_status_decides_the_class(status: int, cls: type[ApiError]) -> None:
    error = error_from_response(status, refusal("X", "said", details=[1]), **CONTEXT)
    assert type(error) is cls
    assert (error.status, error.code, error.message, error.details) == (status, "X", "said", [1])
    assert str(error).startswith(f"{status} X: said")
    assert vars(error).items() >= CONTEXT.items()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (refusal("NOT_FOUND"), "NOT_FOUND"),
        ({"error": {"type": "idempotency_error", "message": "m"}}, "idempotency_error"),
        ({"error": {"code": "A", "type": "b"}}, "A"),
        ({"error": {"code": None, "type": "b"}}, "b"),
        ({"error": {"code": 5}}, None),
        ({"error": {}}, None),
        ({"error": "text"}, None),
        ({"error": None}, None),
        ({}, None),
        ([], None),
        ("text", None),
        (None, None),
    ],
)
def test_the_code_is_the_services_own_or_its_type(body: Any, code: str | None) -> None:
    assert error_code(body) == code
    error = error_from_response(400, body)
    assert error.code == code
    assert isinstance(error.message, str)


def test_a_proxys_page_has_no_code_and_says_so() -> None:
    error = error_from_response(502, None, reason="Bad Gateway")
    assert (error.code, error.message, error.details) == (None, "Bad Gateway", None)
    assert "not one of the service's errors" in str(error)
    assert error_from_response(502, None).message == "no reason given"


def test_a_401_that_means_the_database_is_down_says_so() -> None:
    down = error_from_response(401, refusal("AUTHENTICATION_ERROR", "Authentication required"))
    assert "database is down" in str(down)
    wrong = error_from_response(401, refusal("AUTHENTICATION_ERROR", "Invalid or inactive API key"))
    assert "database" not in str(wrong)
    denied = error_from_response(403, refusal("AUTHORIZATION_ERROR", "Authentication required"))
    assert "database" not in str(denied)


def test_a_database_that_is_down_can_be_told_from_a_wrong_key() -> None:
    down, wrong = (
        error_from_response(401, refusal("AUTHENTICATION_ERROR", message))
        for message in ("Authentication required", "Invalid or inactive API key")
    )
    assert isinstance(down, AuthenticationError)
    assert isinstance(wrong, AuthenticationError)
    assert (down.database_down, wrong.database_down) == (True, False)


def test_a_configuration_error_names_its_setting_and_problem_as_data() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client("nr_live_pk_abc", APP)
    error = caught.value
    assert error.setting == "api_key"
    assert error.problem == "is a public key (pk); the API takes a secret key (sk)"
    assert error.args[0] == f"{error.setting} {error.problem}"


def test_the_core_knows_no_command(client: Client, wire: responses.RequestsMock) -> None:
    said = [str(error_from_response(401, refusal("AUTHENTICATION_ERROR")))]
    for settings in ({"api_key": "x"}, {"app_id": ""}, {"base_url": "x"}, {"timeout": 0}):
        with pytest.raises(ConfigurationError) as refused:
            Client(**{"api_key": KEY, "app_id": APP, **settings})  # type: ignore[arg-type]
        said.append(str(refused.value))
    wire.add("GET", f"{BASE}/customers", body=requests.exceptions.ProxyError("407"))
    with pytest.raises(TransportError) as failed:
        client.customers.list_page()
    assert not [text for text in [*said, str(failed.value)] if "doctor" in text]


def test_a_replayed_failure_says_how_old_it_may_be_and_what_to_do() -> None:
    error = error_from_response(500, refusal("INTERNAL_ERROR"), replayed=True)
    assert error.replayed
    for words in ("up to 24 hours old", "nothing was tried now", "use a new key"):
        assert words in str(error)
    assert "24 hours" not in str(error_from_response(500, refusal("INTERNAL_ERROR")))


def test_a_redirect_points_at_the_base_url_setting() -> None:
    error = error_from_response(307, None, reason="Temporary Redirect")
    assert "never followed" in str(error)
    assert "base_url" in str(error)


def test_issues_are_paths_and_messages() -> None:
    details = [
        {"path": ["email"], "message": "Invalid email", "code": "invalid_string"},
        {"path": ["metadata", 0, "x"], "message": "bad"},
        {"path": [], "message": "Expected object"},
        {"path": "odd", "message": 5, "code": 7},
        "not an issue",
        {},
    ]
    error = ValidationError("t", details=details)
    assert error.issues == (
        ValidationIssue(("email",), "Invalid email", "invalid_string"),
        ValidationIssue(("metadata", 0, "x"), "bad", None),
        ValidationIssue((), "Expected object", None),
        ValidationIssue((), "5", None),
        ValidationIssue((), "", None),
    )
    assert str(error.issues[1]) == "metadata.0.x: bad"


@pytest.mark.parametrize("details", [None, {}, "x", 5, []])
def test_without_details_there_are_no_issues(details: Any) -> None:
    assert ValidationError("t", details=details).issues == ()


# --- what the text does not say --------------------------------------------------------------

PRIVATE = {
    "email": "private-mail@example.com",
    "name": "private-name",
    "external_id": "private-id",
    "metadata": {"private-member": "private-value"},
}


def words(error: BaseException) -> str:
    seen = []
    link: BaseException | None = error
    while link is not None:
        seen += [str(link), repr(link), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return " ".join(seen)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 502])
def test_an_error_of_the_service_holds_nothing_that_was_sent(
    status: int, client: Client, wire: responses.RequestsMock
) -> None:
    wire.post(f"{BASE}/customers", json=refusal("X"), status=status)
    with pytest.raises(ApiError) as caught:
        client.customers.create(**PRIVATE)  # type: ignore[arg-type]
    assert "private" not in words(caught.value)
    assert KEY not in words(caught.value)
    assert "POST /customers, request id" in str(caught.value)


def test_a_transport_error_holds_neither_query_nor_key(
    client: Client, wire: responses.RequestsMock
) -> None:
    with pytest.raises(TransportError) as caught:  # nothing is registered on the wire
        client.customers.list_page(search="private-search")
    assert "private" not in words(caught.value)
    assert KEY not in words(caught.value)


def test_an_id_is_not_in_the_text(client: Client, wire: responses.RequestsMock) -> None:
    wire.get(f"{BASE}/customers/{ID}", json=refusal("NOT_FOUND"), status=404)
    with pytest.raises(NotFoundError, match=r"GET /customers/\{id\}") as caught:
        client.customers.retrieve(ID)
    assert ID not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (f"/customers/{ID}", "/customers/{}"),
        ("/customers/Ada", "/customers/{}"),
        ("/customers/a%20b/wallets", "/customers/{}/wallets"),
        ("/v1/apps/me/ada", "/v1/apps/{}/{}"),
    ],
)
def test_a_path_of_the_callers_is_named_by_template(
    path: str, route: str, client: Client, wire: responses.RequestsMock
) -> None:
    wire.get(f"{BASE}{path}", json=refusal("NOT_FOUND"), status=404)
    with pytest.raises(NotFoundError) as caught:
        client.request("GET", path)
    assert f"[GET {route}, request id" in str(caught.value)


def test_a_wrong_answer_to_a_write_says_that_the_write_happened() -> None:
    with pytest.raises(ResponseFormatError) as caught:
        rig(answer(201, {"success": True, "data": {"id": 5}})).customers.create(**PRIVATE)  # type: ignore[arg-type]
    error = caught.value
    assert "data.id: expected a string, got a number" in str(error)
    assert "its status 201 says that the write happened" in str(error)
    assert error.outcome_unknown
    assert error.status == 201
    assert error.idempotency_key
    assert "private" not in words(error)


def test_a_wrong_answer_to_a_read_leaves_nothing_unknown() -> None:
    with pytest.raises(ResponseFormatError) as caught:
        rig(answer(200, {"success": True, "data": customer()})).customers.retrieve(ID)
    assert "data.app: missing" in str(caught.value)
    assert "write" not in str(caught.value)
    assert not caught.value.outcome_unknown
    assert caught.value.idempotency_key is None


@pytest.mark.parametrize(
    ("status", "message", "setting", "hint"),
    [
        (
            401,
            "Invalid or inactive API key",
            None,
            "check api_key, and that base_url is the service",
        ),
        (404, "Route not found", "base_url", "check base_url"),
        (404, "App with id 3f0c not found", "app_id", "check app_id"),
        (400, "appId: Invalid uuid", "app_id", "check app_id"),
    ],
)
def test_a_wrong_setting_is_named(
    status: int, message: str, setting: str | None, hint: str
) -> None:
    error = error_from_response(status, refusal("X", message))
    assert error.setting == setting
    assert hint in str(error)


@pytest.mark.parametrize(
    ("status", "message"), [(404, "CustomerAccount with id x not found"), (400, "email: x")]
)
def test_another_refusal_is_no_wrong_setting(status: int, message: str) -> None:
    error = error_from_response(status, refusal("X", message))
    assert isinstance(error, NotFoundError) == (status == 404)
    assert error.setting is None
    assert "check" not in str(error)


def test_a_page_of_a_proxys_does_not_say_that_the_write_happened() -> None:
    made = rig(answer(200, b"<html>log in</html>"))
    with pytest.raises(ResponseFormatError) as caught:
        made.customers.create(name="Ada")
    assert "if another server gave this 200, check base_url and the proxy" in str(caught.value)
    assert "the write may have been carried out" in str(caught.value)
    assert caught.value.outcome_unknown
