"""System checks of the ``CUSTOMERS`` settings.

========================  ========================================================
``customers_sdk.E001``    ``CUSTOMERS`` is not a dictionary
``customers_sdk.E002``    an unknown key
``customers_sdk.E003``    the API key is missing
``customers_sdk.E004``    a public key in place of the secret one
``customers_sdk.E005``    the API key is malformed
``customers_sdk.E006``    the app id is missing or malformed
``customers_sdk.E007``    the base URL is malformed
``customers_sdk.E008``    plain http to another machine
``customers_sdk.E009``    another setting is wrong
``customers_sdk.E010``    the fake together with a live key
``customers_sdk.W001``    a live key under ``DEBUG``
``customers_sdk.W002``    plain http to another machine, permitted by ``ALLOW_HTTP``
``customers_sdk.W003``    the fake in a deployment (``check --deploy``)
========================  ========================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from customers_sdk import _settings
from customers_sdk._frameworks import AppSettings, build, is_live
from customers_sdk.client import DEFAULT_BASE_URL
from customers_sdk.django._conf import NAMING, not_a_mapping, read, unknown
from customers_sdk.errors import ConfigurationError

TAG = "customers"


def check_settings(**_: Any) -> list[Any]:
    """Check the settings."""
    whole = not_a_mapping()
    if whole:
        return [_message("E001", whole, 'Write CUSTOMERS = {"API_KEY": …, "APP_ID": …}.')]
    found = [_message("E002", text, "Correct or remove it.") for text in unknown()]
    try:
        app_settings = AppSettings(read, NAMING)
    except ConfigurationError as error:
        hint = "SESSION is a session, or the dotted path of a function that returns one."
        return [*found, _message("E009", str(error), hint)]
    if app_settings.get("FAKE") is not True:
        wrong = [*_check_key(app_settings), *_check_app(app_settings), *_check_url(app_settings)]
    elif is_live(app_settings.get("API_KEY")):
        text = "CUSTOMERS has the fake on together with a live key."
        wrong = [_message("E010", text, "Remove FAKE, or the key.")]
    else:
        wrong = []
    return found + (wrong or _check_rest(app_settings))


def check_deployment(**_: Any) -> list[Any]:
    """Check what only a deployment must not have."""
    if not_a_mapping() or read("FAKE") is not True:
        return []
    text = "The fake of the test kit is on: customers are kept in memory and lost."
    return [_message("W003", text, "Remove FAKE from CUSTOMERS.")]


def _check_key(app_settings: AppSettings) -> Iterator[Any]:
    key = app_settings.get("API_KEY")
    text = _refusal(app_settings, _settings.api_key, key)
    if text and not key:
        hint = "Copy the secret key from the dashboard. Development and tests can use FAKE."
        yield _message("E003", text, hint)
    elif text and isinstance(key, str) and "_pk_" in key[:11]:
        yield _message("E004", text, "Use the key that begins with nr_test_sk_ or nr_live_sk_.")
    elif text:
        yield _message("E005", text, "It begins with nr_test_sk_ or nr_live_sk_, without blanks.")
    elif is_live(key) and settings.DEBUG:
        text = f"{app_settings.name_of('API_KEY')} is a live key, and DEBUG is on."
        yield _message("W001", text, "Develop with a test key: real customers cannot be deleted.")


def _check_app(app_settings: AppSettings) -> Iterator[Any]:
    text = _refusal(app_settings, _settings.app_id, app_settings.get("APP_ID"))
    if text:
        yield _message("E006", text, "It is the UUID of the app, in the dashboard.")


def _check_url(app_settings: AppSettings) -> Iterator[Any]:
    url = app_settings.get("BASE_URL") or DEFAULT_BASE_URL
    malformed = _refusal(app_settings, _settings.base_url, url, allow_http=True)
    plain_http = _refusal(app_settings, _settings.base_url, url, allow_http=False)
    if malformed:
        yield _message("E007", malformed, f"By default it is {DEFAULT_BASE_URL}.")
    elif plain_http and app_settings.get("ALLOW_HTTP") is True:
        text = f"{app_settings.name_of('BASE_URL')} is plain http: the key travels in the clear."
        yield _message("W002", text, "Use https, and remove ALLOW_HTTP.")
    elif plain_http:
        yield _message("E008", plain_http, "Use https.")


def _check_rest(app_settings: AppSettings) -> list[Any]:
    """Check the other settings, by making a client."""
    try:
        build(app_settings).close()
    except (ConfigurationError, ImportError) as error:
        return [_message("E009", str(error), "See the arguments of customers_sdk.Client.")]
    return []


def _refusal(app_settings: AppSettings, check: Any, value: Any, **options: Any) -> str:
    try:
        check(value, **options)
    except ConfigurationError as error:
        return app_settings.worded(error)
    return ""


def _message(number: str, text: str, hint: str) -> Any:
    kind = checks.Error if number[0] == "E" else checks.Warning
    return kind(text, hint=hint, id=f"customers_sdk.{number}")


checks.register(check_settings, TAG)
checks.register(check_deployment, TAG, deploy=True)
