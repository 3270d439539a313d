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

from typing import Any

from django.conf import settings
from django.core import checks

from customers_sdk import _settings
from customers_sdk._frameworks import AppSettings, build, is_live, worded
from customers_sdk.client import DEFAULT_BASE_URL
from customers_sdk.django._conf import NAMING, not_a_mapping, reader, unknown
from customers_sdk.errors import ConfigurationError

TAG = "customers"


def register_all() -> None:
    """Register the checks under the tag ``customers``."""
    checks.register(check_settings, TAG)
    checks.register(check_deployment, TAG, deploy=True)


def check_settings(**_: Any) -> list[Any]:
    """Check the settings."""
    whole = not_a_mapping()
    if whole:
        return [_error(1, whole, 'Write CUSTOMERS = {"API_KEY": …, "APP_ID": …}.')]
    found = [_error(2, text, "Correct or remove it.") for text in unknown()]
    try:
        app_settings = AppSettings(reader())
    except ConfigurationError as error:
        return [
            *found,
            _error(
                9,
                str(error),
                "SESSION is a session, or the dotted path of a function that returns one.",
            ),
        ]
    if app_settings.get("FAKE") is True:
        return found + _check_fake(app_settings)
    return found + (
        _check_key(app_settings) + _check_app(app_settings) + _check_url(app_settings)
        or _check_rest(app_settings)
    )


def check_deployment(**_: Any) -> list[Any]:
    """Check what only a deployment must not have."""
    if reader()("FAKE") is not True:
        return []
    text = "The fake of the test kit is on: customers are kept in memory and lost."
    return [checks.Warning(text, hint="Remove FAKE from CUSTOMERS.", id="customers_sdk.W003")]


def _check_fake(app_settings: AppSettings) -> list[Any]:
    if is_live(app_settings.get("API_KEY")):
        text = "CUSTOMERS has the fake on together with a live key."
        return [_error(10, text, "Remove FAKE, or the key.")]
    return _check_rest(app_settings)


def _check_key(app_settings: AppSettings) -> list[Any]:
    key = app_settings.get("API_KEY")
    text = _refusal(app_settings, _settings.api_key, key)
    if text:
        if not key:
            hint = "Copy the secret key from the dashboard. Development and tests can use FAKE."
            return [_error(3, text, hint)]
        if isinstance(key, str) and "_pk_" in key[:11]:
            return [_error(4, text, "Use the key that begins with nr_test_sk_ or nr_live_sk_.")]
        return [_error(5, text, "It begins with nr_test_sk_ or nr_live_sk_, without blanks.")]
    if is_live(key) and settings.DEBUG:
        text = f"{app_settings.name_of('API_KEY', NAMING)} is a live key, and DEBUG is on."
        hint = "Develop with a test key: real customers cannot be deleted."
        return [checks.Warning(text, hint=hint, id="customers_sdk.W001")]
    return []


def _check_app(app_settings: AppSettings) -> list[Any]:
    text = _refusal(app_settings, _settings.app_id, app_settings.get("APP_ID"))
    return [_error(6, text, "It is the UUID of the app, in the dashboard.")] if text else []


def _check_url(app_settings: AppSettings) -> list[Any]:
    url = app_settings.get("BASE_URL") or DEFAULT_BASE_URL
    text = _refusal(app_settings, _settings.base_url, url, allow_http=True)
    if text:
        return [_error(7, text, f"By default it is {DEFAULT_BASE_URL}.")]
    text = _refusal(app_settings, _settings.base_url, url, allow_http=False)
    if not text:
        return []
    if app_settings.get("ALLOW_HTTP") is True:
        name = app_settings.name_of("BASE_URL", NAMING)
        text = f"{name} is plain http: the key travels in the clear."
        hint = "Use https, and remove ALLOW_HTTP."
        return [checks.Warning(text, hint=hint, id="customers_sdk.W002")]
    return [_error(8, text, "Use https.")]


def _check_rest(app_settings: AppSettings) -> list[Any]:
    """Check the other settings, by making a client."""
    try:
        build(app_settings, NAMING).close()
    except (ConfigurationError, ImportError) as error:
        return [_error(9, str(error), "See the arguments of customers_sdk.Client.")]
    return []


def _refusal(app_settings: AppSettings, check: Any, value: Any, **options: Any) -> str:
    try:
        check(value, **options)
    except ConfigurationError as error:
        return worded(error, app_settings, NAMING)
    return ""


def _error(number: int, text: str, hint: str) -> Any:
    return checks.Error(text, hint=hint, id=f"customers_sdk.E{number:03}")
