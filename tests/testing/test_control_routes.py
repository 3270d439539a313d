"""The routes under /_sandbox/: what they do, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from customers_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def ask(sandbox: Sandbox, method: str, name: str, **options: Any) -> requests.Response:
    return requests.request(method, f"{sandbox.base_url}/_sandbox/{name}", timeout=5, **options)


def test_a_seed_makes_rows_and_answers_their_ids(sandbox: Sandbox) -> None:
    app_id = "00000000-0000-4000-8000-00000000000a"
    seed = {
        "customers": [{"id": "c-1", "external_id": "u-1", "app_id": app_id}, {"name": "Ada"}],
        "payment_intents": [{"customer_id": "c-1", "amount": "1.50", "id": "p-1"}],
        "invoices": [{"customer_id": "c-1", "total": 2, "id": "i-1"}],
        "subscriptions": [{"customer_id": "c-1", "id": "s-1"}],
        "apps": [{"id": app_id, "name": "Second"}],
        "chains": [{"chain_id": 77, "name": "own"}],
    }
    answer = ask(sandbox, "POST", "seed", json=seed)
    assert answer.status_code == 201
    made = answer.json()
    assert made.pop("customers") == ["c-1", sandbox.customers[1].id]
    assert made == {
        "apps": [app_id],
        "chains": [77],
        "payment_intents": ["p-1"],
        "invoices": ["i-1"],
        "subscriptions": ["s-1"],
    }
    assert sandbox.client().customers.retrieve("c-1").app.name == "Second"


@pytest.mark.parametrize(
    ("seed", "text"),
    [
        ([], "the body must be a JSON object"),
        (None, "the body must be a JSON object"),
        ({"people": []}, "not people"),
        ({"customers": {}}, "customers must be a list"),
        ({"customers": [1]}, r"customers[0] must be a JSON object"),
        ({"customers": [{"colour": 1}]}, "unexpected keyword argument 'colour'"),
        ({"customers": [{"name": {"first": "Ada"}}]}, "customers[0]: "),
        ({"merchants": [{"name": ["Ada"]}]}, "merchants[0]: "),
        ({"invoices": [{"customer_id": "x", "total": 1}]}, "there is no customer x"),
        ({"customers": [{"id": "c"}, {"id": "c"}]}, "customers[1]: UNIQUE"),
        ({"apps": [{"merchant_id": "none"}]}, "apps[0]: FOREIGN KEY"),
        ({"chains": [{"chain_id": 1, "name": "x", "family": "y"}]}, "family must be one of"),
    ],
)
def test_a_wrong_seed_is_told_clearly(sandbox: Sandbox, seed: Any, text: str) -> None:
    answer = ask(sandbox, "POST", "seed", json=seed)
    assert answer.status_code == 400
    assert text in answer.json()["error"]


def test_faults_are_armed_shown_and_taken_away(sandbox: Sandbox) -> None:
    fault = {"fault": "fail_next", "status": 503, "times": 2, "method": "get"}
    answer = ask(sandbox, "POST", "faults", json=fault)
    assert answer.status_code == 201
    (armed,) = answer.json()["faults"]
    shown = {"fault": "fail_next", "times": 2, "met": 0, "method": "GET", "path": None}
    assert shown.items() <= armed.items()
    assert requests.get(f"{sandbox.base_url}/customers", timeout=5).status_code == 503
    assert ask(sandbox, "GET", "faults").json()["faults"][0]["met"] == 1
    assert ask(sandbox, "DELETE", "faults").status_code == 204
    assert requests.get(f"{sandbox.base_url}/customers", timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({}, "fault must be one of"),
        ({"fault": "reset"}, "fault must be one of"),
        ({"fault": ["fail_next"]}, "fault must be one of"),
        ({"fault": "fail_next", "status": "x"}, "status must be a whole number"),
        ({"fault": "slow_next"}, "missing"),
    ],
)
def test_a_wrong_fault_is_told_clearly(sandbox: Sandbox, fault: Any, text: str) -> None:
    answer = ask(sandbox, "POST", "faults", json=fault)
    assert answer.status_code == 400
    assert text in answer.json()["error"]


def test_requests_are_shown_and_forgotten_and_control_is_not_among_them(sandbox: Sandbox) -> None:
    sandbox.client().customers.create(name="Ada")
    (shown,) = ask(sandbox, "GET", "requests").json()["requests"]
    assert shown.pop("idempotency_key")
    assert shown == {
        "method": "POST",
        "path": "/customers",
        "query": "",
        "json": {"appId": sandbox.app_id, "name": "Ada"},
        "status": 201,
        "replayed": False,
        "faults": [],
    }
    assert ask(sandbox, "DELETE", "requests").status_code == 204
    assert sandbox.requests == ()


def test_a_reset_empties_it(sandbox: Sandbox) -> None:
    sandbox.add_customer()
    assert ask(sandbox, "POST", "reset").status_code == 204
    assert sandbox.customers == ()


def test_what_is_not_there_is_told_clearly(sandbox: Sandbox) -> None:
    assert ask(sandbox, "GET", "nothing").status_code == 404
    assert "/_sandbox/seed" in ask(sandbox, "GET", "nothing").json()["error"]
    assert ask(sandbox, "PUT", "reset").status_code == 405
    for text in ("{", "[" * 100_000 + "]" * 100_000):  # more than any Python reads
        broken = ask(sandbox, "POST", "seed", data=text)
        assert (broken.status_code, "not JSON" in broken.text) == (400, True)
    large = ask(sandbox, "POST", "seed", data=b" " * 1_048_577)
    assert "larger than" in large.json()["error"]


def foreign(sandbox: Sandbox) -> list[dict[str, str]]:
    port = urlsplit(sandbox.base_url).port
    return [
        {"Host": "rebound.example"},
        {"Host": f"rebound.example:{port}"},
        {"Host": f"127.0.0.1.rebound.example:{port}"},
        {"Host": f"x@127.0.0.1:{port}"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1:port"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://page.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
    ]


@pytest.mark.parametrize("number", range(10))
def test_a_foreign_host_or_origin_is_refused(sandbox: Sandbox, number: int) -> None:
    sandbox.add_customer()
    headers = foreign(sandbox)[number]
    assert ask(sandbox, "POST", "reset", headers=headers).status_code == 403, headers
    assert len(sandbox.customers) == 1


def test_this_machine_by_any_of_its_names_is_not_foreign(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.base_url).port
    for headers in (
        {"Host": f"localhost:{port}"},
        {"Host": f"[::1]:{port}"},
        {"Host": f"127.0.0.2:{port}"},
        {"Origin": sandbox.base_url},
    ):
        assert ask(sandbox, "GET", "faults", headers=headers).status_code == 200, headers


def test_beyond_loopback_the_routes_are_not_there() -> None:
    with Sandbox(host="0.0.0.0") as sandbox:  # noqa: S104 - that is what is tested
        port = urlsplit(sandbox.base_url).port
        sandbox.add_customer()
        answer = requests.post(f"http://127.0.0.1:{port}/_sandbox/reset", timeout=5)
        assert answer.json()["error"]["message"] == "Route not found"
        assert len(sandbox.customers) == 1
