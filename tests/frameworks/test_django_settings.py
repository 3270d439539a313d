"""`customers_sdk.django`: the client, its settings, the checks, and error reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core import checks
from django.test import RequestFactory, override_settings
from django.views.debug import ExceptionReporter

from customers_sdk import ConfigurationError
from customers_sdk.django import get_client, get_fake
from customers_sdk.django.checks import check_deployment
from tests.doubles import APP, BASE, KEY

ROOT = Path(__file__).parent.parent.parent
LIVE = "nr_live_sk_unitunitunit0001"
RIGHT = {"API_KEY": KEY, "APP_ID": APP}


def test_settings_come_from_the_dictionary(customers: Any) -> None:
    customers(**RIGHT, BASE_URL=BASE, TIMEOUT=(1, 2), DEADLINE=9, MAX_RETRIES=7)
    client = get_client()
    assert (client.base_url, client.app_id, client.environment) == (BASE, APP, "test")
    assert client.customers._limits == ((1.0, 2.0), 9.0, 7)
    assert get_client() is client


def test_what_the_dictionary_lacks_comes_from_the_environment(
    customers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", KEY)
    monkeypatch.setenv("NODERAILS_APP_ID", "theirs")
    customers(APP_ID="ours")
    assert get_client().app_id == "ours"
    customers()
    assert get_client().app_id == "theirs"


def test_a_changed_setting_makes_a_new_client_and_changing_it_back_another() -> None:
    with override_settings(CUSTOMERS=RIGHT):
        first = get_client()
        with override_settings(CUSTOMERS={**RIGHT, "APP_ID": "another"}):
            assert get_client().app_id == "another"
        assert get_client() is not first
        assert get_client().app_id == APP


def make_session() -> requests.Session:
    session = requests.Session()
    session.headers["x-made"] = "here"
    return session


@pytest.mark.parametrize("session", [f"{__name__}.make_session", make_session()])
def test_a_session_is_given_itself_or_by_the_path_of_what_makes_it(
    customers: Any, session: Any
) -> None:
    customers(**RIGHT, SESSION=session)
    client = get_client()
    assert client._transport._process.sender._session.headers["x-made"] == "here"
    assert get_client() is client


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, r'CUSTOMERS\["API_KEY"\] is missing: set it, or set NODERAILS_API_KEY'),
        ({**RIGHT, "DEADLINE": "x"}, r'CUSTOMERS\["DEADLINE"\] must be a number'),
        ({**RIGHT, "TIMEOUTS": 1}, "CUSTOMERS has an unknown key 'TIMEOUTS'; did you mean 'TIMEO"),
        ({**RIGHT, "SESSION": "no.such.path"}, r'CUSTOMERS\["SESSION"\]: No module named'),
        ([KEY], "CUSTOMERS must be a dictionary, not list"),
    ],
)
def test_a_wrong_setting_is_named_as_the_project_knows_it(
    customers: Any, settings: Any, text: str
) -> None:
    customers(settings)
    with pytest.raises(ConfigurationError, match=f"^{text}") as caught:
        get_client()
    assert KEY not in str(caught.value)


def test_the_fake_is_one_setting_away_and_empty_in_every_override() -> None:
    for _ in range(2):
        with override_settings(CUSTOMERS={"FAKE": True}):
            get_client().customers.create(external_id="user-1")
            assert [customer.external_id for customer in get_fake().customers] == ["user-1"]
    with override_settings(CUSTOMERS=RIGHT), pytest.raises(RuntimeError, match='"FAKE"'):
        get_fake()


def test_every_mock_of_the_test_kit_reaches_a_project_set_by_the_environment(
    customers: Any,
) -> None:
    from customers_sdk.testing import mock_customers

    customers()
    for _ in range(2):
        with mock_customers() as mock:
            get_client().customers.create(external_id="user-1")
            assert len(mock.customers) == 1


def test_the_client_needs_neither_apps_nor_a_database() -> None:
    script = """
import sys
from django.conf import settings
settings.configure(CUSTOMERS={"FAKE": True})
from customers_sdk.django import get_client
get_client().customers.create(external_id="user-1")
from django.apps import apps
assert not apps.ready
assert "django.db.models" not in sys.modules, "models"
assert "customers_sdk.django.mixins" not in sys.modules
"""
    run(script)


def run(script: str) -> None:
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(  # noqa: S603 - our own script
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_installing_the_app_imports_no_model_and_leaves_the_label_customers_free() -> None:
    run(
        """
import sys
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["customers_sdk.django"])
django.setup()
from django.apps import apps
assert apps.get_app_config("customers_sdk").name == "customers_sdk.django"
assert not [*apps.get_models()]
assert "customers_sdk.django.mixins" not in sys.modules
"""
    )


# --- the checks -------------------------------------------------------------------------------


def found(*, debug: bool = False) -> list[str]:
    with override_settings(DEBUG=debug):
        messages = checks.run_checks(tags=["customers"])
    for message in messages:
        assert message.hint
        assert KEY not in str(message)
        assert LIVE not in str(message)
    return [message.id.rpartition(".")[2] for message in messages]


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        (RIGHT, []),
        ({**RIGHT, "TIMEOUT": 3, "BASE_URL": "http://127.0.0.1:8787"}, []),
        ({"FAKE": True}, []),
        ("a string", ["E001"]),
        ({**RIGHT, "TIMEOUTS": 3, "Fake": True}, ["E002", "E002"]),
        ({"APP_ID": APP}, ["E003"]),
        ({"API_KEY": "", "APP_ID": APP}, ["E003"]),
        ({"API_KEY": "nr_live_pk_abc", "APP_ID": APP}, ["E004"]),
        ({"API_KEY": f" {KEY}", "APP_ID": APP}, ["E005"]),
        ({"API_KEY": "sk_test_abc", "APP_ID": APP}, ["E005"]),
        ({"API_KEY": 1, "APP_ID": APP}, ["E005"]),
        ({}, ["E003", "E006"]),
        ({**RIGHT, "APP_ID": "a b"}, ["E006"]),
        ({**RIGHT, "BASE_URL": "api.example.test"}, ["E007"]),
        ({**RIGHT, "BASE_URL": "http://api.example.test"}, ["E008"]),
        ({**RIGHT, "BASE_URL": "http://api.example.test", "ALLOW_HTTP": True}, ["W002"]),
        ({**RIGHT, "MAX_RETRIES": -1}, ["E009"]),
        ({**RIGHT, "FAKE": "yes"}, ["E009"]),
        ({**RIGHT, "SESSION": "no.such.path"}, ["E009"]),
        ({"FAKE": True, "DEADLINE": -1}, ["E009"]),
        ({"FAKE": True, "API_KEY": LIVE}, ["E010"]),
    ],
)
def test_what_is_wrong_with_the_settings_is_found(
    customers: Any, settings: Any, ids: list[str]
) -> None:
    customers(settings)
    assert found() == ids


def test_a_live_key_is_warned_of_under_debug_alone(customers: Any) -> None:
    customers(API_KEY=LIVE, APP_ID=APP)
    assert found(debug=True) == ["W001"]
    assert found(debug=False) == []


def test_a_wrong_variable_of_the_environment_is_found_and_named(
    customers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers(APP_ID=APP)
    monkeypatch.setenv("NODERAILS_API_KEY", "nr_test_pk_x")
    (message,) = checks.run_checks(tags=["customers"])
    assert message.id == "customers_sdk.E004"
    assert message.msg.startswith("NODERAILS_API_KEY is a public key")


def test_a_deployment_with_the_fake_is_warned_of(customers: Any) -> None:
    customers(FAKE=True)
    assert found() == []
    deployed = checks.run_checks(tags=["customers"], include_deployment_checks=True)
    assert [message.id for message in deployed] == ["customers_sdk.W003"]
    customers(**RIGHT)
    assert check_deployment() == []


# --- error reports ----------------------------------------------------------------------------


def report_of(call: Any, *, debug: bool) -> str:
    """What Django mails to admins, or shows under DEBUG, when a view's call fails."""
    request = RequestFactory().get("/", NODERAILS_API_KEY=KEY)
    with override_settings(DEBUG=debug):
        try:
            call()
        except Exception:  # noqa: BLE001 - whatever it is is reported
            reporter = ExceptionReporter(request, *sys.exc_info())
            return reporter.get_traceback_html() + reporter.get_traceback_text()
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"TIMEOUT": "5"},
        {"TIMEOUTS": 5},
        {"APP_ID": 3},
        {"SESSION": "no.such.path"},
        {"SESSION": 3},
        {"FAKE": 1},
        {"API_KEY": f"{KEY} "},
    ],
)
def test_no_error_report_shows_the_key(
    customers: Any, broken: dict[str, Any], *, debug: bool
) -> None:
    customers({**RIGHT, "BASE_URL": "http://127.0.0.1:1", "MAX_RETRIES": 0, **broken})
    text = report_of(lambda: get_client().customers.create(external_id="user-1"), debug=debug)
    assert "customers_sdk" in text
    assert KEY not in text
    assert KEY[8:] not in text


@pytest.mark.parametrize("debug", [False, True])
def test_no_error_report_shows_a_key_of_the_environment(
    customers: Any, monkeypatch: pytest.MonkeyPatch, *, debug: bool
) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", KEY)
    monkeypatch.setenv("NODERAILS_APP_ID", APP)
    monkeypatch.setenv("NODERAILS_BASE_URL", "http://127.0.0.1:1")
    for settings in ({"MAX_RETRIES": 0}, {"MAX_RETRIES": "x"}):
        customers(settings)
        assert KEY[8:] not in report_of(list_them, debug=debug)


def list_them() -> None:
    get_client().customers.list_page()
