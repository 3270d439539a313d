"""`customers_sdk.flask`: settings, several applications, commands, the fake."""

from __future__ import annotations

import gc
import json
import logging
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import flask
import pytest
import requests

from customers_sdk import Client, ConfigurationError, NotFoundError, TransportError, _frameworks
from customers_sdk.flask import Customers
from tests.doubles import APP, BASE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customers_sdk.testing import MockCustomers

LIVE = "nr_live_sk_unitunitunit0001"
KEPT: list[flask.Flask] = []  # an extension does not keep its applications alive


@pytest.fixture(autouse=True)
def _forget_applications() -> Iterator[None]:
    yield
    KEPT.clear()


def application(**settings: Any) -> flask.Flask:
    app = flask.Flask("shop")
    app.config.update({f"CUSTOMERS_{name}": value for name, value in settings.items()})
    return app


def serving(**settings: Any) -> Customers:
    KEPT.append(application(**settings))
    return Customers(KEPT[-1])


def faked(**settings: Any) -> tuple[flask.Flask, Customers]:
    app = application(FAKE=True, **settings)
    return app, Customers(app)


def test_settings_come_from_the_applications_config() -> None:
    app = application(API_KEY=KEY, APP_ID=APP, BASE_URL=BASE, TIMEOUT=3, DEADLINE=9, MAX_RETRIES=7)
    client = Customers(app).client
    assert (client.base_url, client.app_id, client.environment) == (BASE, APP, "test")
    assert client.customers._limits == ((3.0, 3.0), 9.0, 7)


def test_what_the_config_lacks_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", KEY)
    monkeypatch.setenv("NODERAILS_APP_ID", "theirs")
    monkeypatch.setenv("NODERAILS_BASE_URL", BASE)
    client = serving(APP_ID="ours").client
    assert (client.base_url, client.app_id) == (BASE, "ours")


def test_a_session_of_the_applications_own_is_used() -> None:
    session = requests.Session()
    client = serving(API_KEY=KEY, APP_ID=APP, SESSION=session).client
    assert client._transport._process.sender._session is session


def test_one_extension_gives_each_application_its_own_client() -> None:
    customers = Customers()
    one, two = application(API_KEY=KEY, APP_ID="one"), application(API_KEY=KEY, APP_ID="two")
    customers.init_app(one)
    customers.init_app(two)
    for app in (one, two):
        with app.app_context():
            assert app.extensions["customers"] is customers
            assert customers.client.app_id == app.config["CUSTOMERS_APP_ID"]
            assert customers.client is customers.client


def test_a_command_added_to_one_applications_group_is_in_no_others() -> None:
    one, two = application(), application()
    Customers(one), Customers(two)
    one.cli.commands["customers"].command("sync")(lambda: None)  # type: ignore[attr-defined]
    groups = [app.cli.commands["customers"].commands for app in (one, two)]  # type: ignore[attr-defined]
    assert [sorted(group) for group in groups] == [
        ["check", "list", "show", "sync"],
        ["check", "list", "show"],
    ]


def test_without_a_current_application_the_only_one_serves() -> None:
    customers = serving(API_KEY=KEY, APP_ID=APP)
    assert customers.client.app_id == APP
    customers.init_app(another := application())
    with pytest.raises(RuntimeError, match="serves 2 applications and none is current"):
        _ = customers.client
    del another


def test_an_application_without_the_extension_is_told_so() -> None:
    customers = serving(API_KEY=KEY, APP_ID=APP)
    with flask.Flask("other").app_context(), pytest.raises(RuntimeError, match="call init_app"):
        _ = customers.client


def test_initialising_twice_does_nothing_and_a_second_extension_is_refused() -> None:
    app = application(API_KEY=KEY, APP_ID=APP)
    customers = Customers(app)
    client = customers.client
    customers.init_app(app)
    assert customers.client is client
    with pytest.raises(RuntimeError, match="already has a Customers extension"):
        Customers(app)


def test_an_application_can_be_collected() -> None:
    app = application(API_KEY=KEY, APP_ID=APP)
    customers = Customers(app)
    client, gone = weakref.ref(customers.client), weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None
    assert client() is None


def test_a_client_of_a_fake_outlives_its_application() -> None:
    app = application(FAKE=True)
    client = Customers(app).client
    del app
    gc.collect()
    assert client.customers.list_page().total == 0


def test_threads_that_ask_at_once_get_one_client() -> None:
    customers = serving(API_KEY=KEY, APP_ID=APP)
    gate = threading.Barrier(16)

    def ask(_: int) -> Client:
        gate.wait(10)
        return customers.client

    with ThreadPoolExecutor(16) as threads:
        assert len(set(map(id, threads.map(ask, range(16))))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_forked_while_a_client_is_made_can_make_its_own() -> None:
    customers = serving(API_KEY=KEY, APP_ID=APP)
    with _frameworks._lock:
        child = os.fork()
        if not child:
            os._exit(customers.client.app_id != APP)
    assert os.waitpid(child, 0)[1] == 0


def test_a_changed_setting_makes_a_new_client() -> None:
    app = application(API_KEY=KEY, APP_ID=APP)
    customers = Customers(app)
    old = customers.client
    app.config["CUSTOMERS_APP_ID"] = "another"
    assert customers.client is not old
    assert customers.client.app_id == "another"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "CUSTOMERS_API_KEY is missing: set it, or set NODERAILS_API_KEY"),
        ({"API_KEY": KEY}, "CUSTOMERS_APP_ID is missing"),
        ({"API_KEY": "nr_test_pk_x"}, "CUSTOMERS_API_KEY is a public key"),
        ({"API_KEY": KEY, "APP_ID": APP, "TIMEOUT": "5"}, "CUSTOMERS_TIMEOUT must be a number"),
        ({"API_KEY": KEY, "APP_ID": APP, "BASE_URL": "http://a.b"}, "CUSTOMERS_BASE_URL is plain"),
        ({"FAKE": "false"}, "CUSTOMERS_FAKE must be True or False, not str"),
        ({"FAKE": True, "API_KEY": LIVE}, "CUSTOMERS_FAKE is on together with a live key"),
    ],
)
def test_a_wrong_setting_is_named_as_the_application_knows_it(
    settings: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^{text}") as caught:
        _ = serving(**settings).client
    assert "nr_" not in str(caught.value).replace("nr_test_sk_…", "").replace("nr_live_sk_…", "")


def test_a_wrong_variable_is_named_as_the_environment_knows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", "nr_test_pk_x")
    with pytest.raises(ConfigurationError, match=r"^NODERAILS_API_KEY is a public key"):
        _ = serving().client


# --- the fake ---------------------------------------------------------------------------------


def test_the_fake_answers_in_process_and_can_be_looked_into() -> None:
    _, customers = faked()
    made = customers.client.customers.create(external_id="user-1", email="ada@example.com")
    assert [customer.id for customer in customers.fake.customers] == [made.id]
    assert customers.client.customers.retrieve(made.id).email == "ada@example.com"
    with pytest.raises(NotFoundError):
        customers.client.customers.retrieve("11111111-1111-4111-8111-111111111111")
    assert [request.status for request in customers.fake.requests] == [201, 200, 404]


def test_the_fake_injects_faults() -> None:
    _, customers = faked()
    customers.fake.drop_answer_next(method="POST")
    customers.fake.fail_next(503)
    customers.client.customers.create(external_id="user-1")
    assert [request.status for request in customers.fake.requests] == [None, 503, 201]
    assert len(customers.fake.customers) == 1


def test_a_fake_leaves_other_sessions_and_other_fakes_alone() -> None:
    one, two = serving(FAKE=True), serving(FAKE=True)
    one.client.customers.create(external_id="user-1")
    assert two.client.customers.list_page().total == 0
    assert type(requests.Session().get_adapter("https://x.test")).__module__ == "requests.adapters"


def test_a_client_of_settings_that_have_changed_makes_no_more_calls() -> None:
    app, customers = faked()
    late = customers.client
    late.customers.create(external_id="user-1")
    app.config["CUSTOMERS_MAX_RETRIES"] = 0
    assert customers.client.customers.list_page().total == 0
    with pytest.raises(TransportError, match="has ended"):
        late.customers.create(external_id="user-2")


def test_a_live_key_in_the_environment_is_refused_with_the_fake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", LIVE)
    with pytest.raises(ConfigurationError, match="together with a live key"):
        _ = serving(FAKE=True).client


def test_without_the_fake_there_is_none_to_look_into() -> None:
    with pytest.raises(RuntimeError, match="set CUSTOMERS_FAKE to True"):
        _ = serving(API_KEY=KEY, APP_ID=APP).fake


def test_every_mock_of_the_test_kit_reaches_an_application_set_by_the_environment() -> None:
    from customers_sdk.testing import mock_customers

    customers = serving()
    with mock_customers() as mock:
        customers.client.customers.create(external_id="user-1")
        assert len(mock.customers) == 1
    with mock_customers() as mock:
        customers.client.customers.create(external_id="user-2")
        assert len(mock.customers) == 1


# --- the commands -----------------------------------------------------------------------------


def run(app: flask.Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["customers", *arguments])


def test_check_says_what_answers() -> None:
    app, customers = faked()
    result = run(app, "check")
    assert result.exit_code == 0, result.output
    expected = f"customers-fake.localhost answers: test key, app {customers.client.app_id}, 0"
    assert expected in result.output


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "Error: CUSTOMERS_API_KEY is missing"),
        ({"API_KEY": KEY, "APP_ID": APP, "BASE_URL": "http://127.0.0.1:1"}, "Error: "),
    ],
)
def test_check_fails_with_one_line_and_no_key(settings: dict[str, Any], text: str) -> None:
    result = run_with(application(**settings, MAX_RETRIES=0), "check")
    assert result.exit_code == 1
    assert result.output.startswith(text)
    assert result.output.count("\n") == 1
    assert KEY not in result.output


def run_with(app: flask.Flask, *arguments: str) -> Any:
    Customers(app)
    return run(app, *arguments)


def test_list_prints_so_many_customers_as_lines_that_no_name_can_forge() -> None:
    app, customers = faked()
    for number in range(3):
        customers.fake.add_customer(external_id=f"user-{number}", name="\x1b[31m\nré")
    result = run(app, "list", "--limit", "2")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert len(lines) == 2
    assert {line["name"] for line in lines} == {"\x1b[31m\nré"}
    assert "\x1b" not in result.output
    found = run(app, "list", "--search", "user-1").output
    assert [json.loads(line)["externalId"] for line in found.splitlines()] == ["user-1"]


def test_show_takes_the_services_id_or_ones_own() -> None:
    app, customers = faked()
    customer_id = customers.fake.add_customer(external_id="user-1", name="Ada")
    customers.fake.add_payment_intent(customer_id, amount="12.50", status="CAPTURED")
    by_id, by_external = run(app, "show", customer_id), run(app, "show", "--external", "user-1")
    assert by_id.exit_code == by_external.exit_code == 0, by_id.output
    assert json.loads(by_id.output) == json.loads(by_external.output)
    assert json.loads(by_id.output)["paymentIntents"][0]["status"] == "CAPTURED"


@pytest.mark.parametrize("arguments", [("--external", "nobody"), ("nobody",), (" ",)])
def test_show_of_nobody_is_one_line_and_status_1(arguments: tuple[str, ...]) -> None:
    app, _ = faked()
    result = run(app, "show", *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


# --- the example ------------------------------------------------------------------------------


@pytest.fixture
def shop_app(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, MockCustomers]:
    from flask_shop import create_app, customers

    monkeypatch.setenv("FLASK_CUSTOMERS_FAKE", "true")
    app = create_app()
    with app.app_context():
        return app.test_client(), customers.fake


def test_the_example_signs_up_once_and_shows_the_account(
    shop_app: tuple[Any, MockCustomers],
) -> None:
    visitor, fake = shop_app
    statuses = [
        visitor.post("/accounts/ada/", data={"email": "ada@example.com"}).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 200]
    assert visitor.get("/accounts/ada/").json["email"] == "ada@example.com"
    assert visitor.get("/accounts/bob/").status_code == 404
    assert len(fake.customers) == 1


def test_the_example_tells_a_refusal_from_an_outage(
    shop_app: tuple[Any, MockCustomers], caplog: pytest.LogCaptureFixture
) -> None:
    visitor, fake = shop_app
    refused = visitor.post("/accounts/ada/", data={"email": "no email"})
    assert (refused.status_code, refused.json["error"]) == (422, "email: Invalid email")
    fake.rate_limit(retry_after=60)
    with caplog.at_level(logging.DEBUG):
        down = visitor.get("/accounts/ada/")
    assert (down.status_code, down.headers["Retry-After"]) == (503, "60")
    assert fake.api_key not in down.text + caplog.text


def test_check_talks_to_a_sandbox() -> None:
    from customers_sdk.sandbox import Sandbox

    with Sandbox() as sandbox:
        app = application(API_KEY=sandbox.api_key, APP_ID=sandbox.app_id, BASE_URL=sandbox.base_url)
        result = run_with(app, "check")
    assert result.exit_code == 0, result.output
