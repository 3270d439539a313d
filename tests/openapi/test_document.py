"""customers_sdk/openapi.yaml holds for requests, the sandbox's answers and the recordings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
import requests
import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from customers_sdk import Client, Customer, CustomersError, _checks
from customers_sdk._wire.codec import wire_name
from customers_sdk.sandbox.express import paths
from customers_sdk.sandbox.service import columns
from customers_sdk.sandbox.service.routes import Routes
from customers_sdk.testing import MockCustomers, mock_customers
from tests.sandbox.sandbox_plan import RECORDINGS, play_everything

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = Path(__file__).parent.parent.parent / "customers_sdk" / "openapi.yaml"
DOCUMENT = OpenAPI.from_file_path(str(FILE))
SPELLED = yaml.safe_load(FILE.read_text("utf-8"))
HOST = "https://api.noderails.com"
ROUTES = {
    (method.upper(), re.sub(r"{\w+}", "*", path))
    for path, item in SPELLED["paths"].items()
    for method in item
    if method != "parameters"
}
# Requests that the service takes although a reader of the document would not send them.
TOLERATED = {
    "auth_jwt_valid": "a dashboard's token in place of a key",
    "list_pageSize_0x10": "numbers are read as JavaScript reads them",
    "list_pageSize_1_dot_0": "the same",
    "list_pageSize_1e1": "the same",
    "list_search_empty": "an empty parameter is as good as none",
    "version_padded": "the header's blanks are taken off",
}
# Refused by the service's schema although the document cannot say why.
BEYOND_THE_DOCUMENT = {
    "create_name_128_emoji": "lengths are counted in UTF-16 units",
    "list_search_object": "a parameter that is an object is not this parameter to openapi-core",
    "list_search_repeated": "openapi-core takes one of the values",
}


def route(method: str, path: str) -> Optional[str]:
    """The document's spelling of a path on one of its routes; None for any other."""
    spelled = re.sub("^/customers", "/customers", path.partition("?")[0], flags=re.IGNORECASE)
    spelled = re.sub("/wallets(?=/|$)", "/wallets", spelled, flags=re.IGNORECASE).rstrip("/")
    template = re.sub(r"(/customers|/wallets)/[^/]+", r"\1/*", spelled)
    return spelled if (method, template) in ROUTES else None


def asked(
    method: str, path: str, headers: Mapping[str, str], body: Optional[bytes]
) -> Optional[MockRequest]:
    where = route(method, path)
    if where is None:
        return None
    query = dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))
    kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "")
    return MockRequest(
        HOST,
        method,
        where,
        args=query,
        headers=dict(headers),
        data=body,
        content_type=str(kind).partition(";")[0] or "application/json",
    )


def check_answer(
    request: MockRequest, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    kind = headers.get("Content-Type", "application/json").partition(";")[0]
    if headers.get("Idempotent-Replayed"):
        assert kind == "text/html"
        kind = "application/json"
    answer = MockResponse(body, status, headers=dict(headers), content_type=kind)
    DOCUMENT.validate_response(request, answer)


def of_recording(name: str) -> Optional[MockRequest]:
    request = RECORDINGS[name]["request"]
    body = request["body"]
    return asked(
        request["method"],
        request["path"],
        request["headers"],
        None if body is None else body.encode("utf-8", "surrogatepass"),
    )


def is_of_another_route(name: str) -> bool:
    """Whether its key had been used on another route, whose answer it got."""
    return name == "idem_other_path_same_key"


ON_ROUTE = [name for name in RECORDINGS if of_recording(name) is not None]
ANSWERED = [
    name
    for name in ON_ROUTE
    if RECORDINGS[name]["response"]["status"] not in (None, 431) and not is_of_another_route(name)
]


def refusal(request: MockRequest) -> Optional[str]:
    try:
        DOCUMENT.validate_request(request)
    except (OpenAPIError, ValueError) as error:
        return f"{error}: {error.__cause__}"
    return None


def test_the_document_and_the_sandbox_have_the_same_routes() -> None:
    views = Routes(None, lambda: None)._views  # type: ignore[arg-type]
    served = {(method, re.sub(r":\w+", "*", template)) for method, template in views}
    assert served == ROUTES, "customers_sdk/openapi.yaml and sandbox/service/routes.py differ"
    unmatched = {template for _, template in views} - set(paths.TEMPLATES)
    assert not unmatched, f"add {sorted(unmatched)} to sandbox/express/paths.py"


def test_the_document_the_client_and_the_sandbox_have_the_same_fields() -> None:
    schemas = SPELLED["components"]["schemas"]
    read = {wire_name(name) for name in attrs.fields_dict(Customer)} - {"extra"}
    sent = {wire_name(name) for name in _checks.CUSTOMER_FIELDS}
    for schema, names, where in [
        ("Customer", read, "customers_sdk/models.py"),
        ("CustomerFields", sent, "customers_sdk/_checks.py"),
        ("CustomerFields", set(columns.COLUMNS), "sandbox/service/columns.py"),
    ]:
        differing = sorted(names ^ set(schemas[schema]["properties"]))
        assert not differing, (
            f"{differing}: in only one of {where} and {schema} of customers_sdk/openapi.yaml"
        )
    for name, longest in _checks._LONGEST.items():
        stated = schemas["CustomerFields"]["properties"][wire_name(name)].get("maxLength")
        assert stated == longest, (
            f"maxLength of {wire_name(name)} in customers_sdk/openapi.yaml: not {longest}"
        )


def test_most_recordings_are_of_the_six_routes() -> None:
    assert len(ON_ROUTE) > 240


@pytest.mark.parametrize("name", ANSWERED)
def test_a_recorded_answer_is_as_documented(name: str) -> None:
    request, response = of_recording(name), RECORDINGS[name]["response"]
    assert request is not None
    check_answer(request, response["status"], response["headers"], response["body"].encode())


def test_recorded_requests_are_documented_as_good_or_bad_as_the_service_found_them() -> None:
    good, bad = {}, set()
    for name in ANSWERED:
        response = RECORDINGS[name]["response"]
        request = of_recording(name)
        assert request is not None
        problem = refusal(request)
        replayed = "Idempotent-Replayed" in response["headers"]
        if response["status"] < 300 and problem and not replayed:
            good[name] = problem
        refused = response["status"] == 400 and '"details"' in response["body"]
        if refused and not problem and not replayed:
            bad.add(name)
    assert good.keys() == TOLERATED.keys(), (
        "customers_sdk/openapi.yaml refuses what the service took: correct it, or list in "
        f"TOLERATED why: {good}"
    )
    assert bad == set(BEYOND_THE_DOCUMENT), (
        "customers_sdk/openapi.yaml allows what the service refused: state the rule there, or list "
        f"in BEYOND_THE_DOCUMENT why it cannot be: {sorted(bad ^ set(BEYOND_THE_DOCUMENT))}"
    )


def test_every_answer_of_the_sandbox_is_as_documented() -> None:
    checked = 0
    for replay in play_everything():
        for name in set(replay.answers) & set(ON_ROUTE):
            status, headers, body = replay.answers[name]
            request = of_recording(name)
            if request is None or status == 431 or is_of_another_route(name):
                continue
            check_answer(request, status, headers, body)
            checked += 1
    assert checked > 230


class Checked:
    """A hook of a session: checks what goes by, both ways."""

    def __init__(self) -> None:
        self.routes: set[tuple[str, str]] = set()
        self.statuses: set[int] = set()

    def __call__(self, response: requests.Response, **_: Any) -> None:
        sent = response.request
        path = str(sent.url)[len(HOST) :]
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        headers = {name: str(value) for name, value in sent.headers.items()}
        request = asked(str(sent.method), path, headers, body)
        assert request is not None, f"add the route of {path} to customers_sdk/openapi.yaml"
        if response.status_code < 400:
            assert refusal(request) is None
        check_answer(request, response.status_code, response.headers, response.content)
        template = re.sub(r"(/customers|/wallets)/[^/]+", r"\1/*", urlsplit(path).path)
        self.routes.add((str(sent.method), template))
        self.statuses.add(response.status_code)


@pytest.fixture
def checked() -> Checked:
    return Checked()


@pytest.fixture
def client(checked: Checked) -> Iterator[tuple[MockCustomers, Client]]:
    session = requests.Session()
    session.hooks["response"].append(checked)
    with mock_customers() as mock:
        yield mock, mock.client(session=session)
    session.close()


def test_every_request_of_the_client_is_as_documented(
    client: tuple[MockCustomers, Client], checked: Checked
) -> None:
    mock, customers = client[0], client[1].customers
    made = customers.create(
        external_id="u-1",
        email="ada@example.com",
        name="Ada",
        address="1 Road",
        city="London",
        state="",
        country="UK",
        postal_code="N1",
        metadata={"n": 1.5, "deep": [{}]},
    )
    mock.add_payment_intent(made.id, amount="10.00", crypto_amount=2**256 - 1)
    mock.add_invoice(made.id, total="0.10", due_date="2026-01-01T00:00:00Z")
    wallet = customers.add_wallet(made.id, chain_id=8453, wallet_address="0x" + "Ab" * 20)
    customers.update(made.id, city="Paris")
    customers.retrieve(made.id)
    assert len(list(customers.list(search="ada", app_id=None, page_size=1))) == 1
    assert len(customers.list_page(page=2, page_size=100)) == 0
    assert customers.find_by_external_id("u-1") is not None
    assert customers.get_or_create("u-2", name="Bob")[1]
    customers.remove_wallet(made.id, wallet.id)
    missing = ROUTES - checked.routes
    assert not missing, f"make the calls here that request {sorted(missing)}"


def test_errors_that_faults_make_are_as_documented(
    client: tuple[MockCustomers, Client], checked: Checked
) -> None:
    mock, customers = client[0], client[1].customers
    made = customers.create(external_id="u-1")
    for status in (400, 401, 403, 404, 409, 500, 502, 503, 504):
        # After a 409 the client looks the external id up, and no GET responds with 409.
        mock.fail_next(status, times=3, method="POST")
        with pytest.raises(CustomersError):
            customers.create(external_id=f"new-{status}")
        mock.clear_faults()
    mock.html_next(times=3)
    with pytest.raises(CustomersError):
        customers.retrieve(made.id)
    mock.rate_limit(times=3, retry_after=0)
    with pytest.raises(CustomersError):
        customers.retrieve(made.id)
    mock.drop_answer_next(method="POST")
    customers.create(external_id="replayed")
    assert checked.statuses == {200, 201, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504}
