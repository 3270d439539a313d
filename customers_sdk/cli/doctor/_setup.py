"""What the doctor sees of this machine: versions, and the settings in the environment."""

from __future__ import annotations

import os
import platform
import re
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from urllib.parse import urlsplit

from customers_sdk import __version__, _settings
from customers_sdk.cli._client import http_allowed
from customers_sdk.cli._lookup import UUID
from customers_sdk.cli.doctor._finding import Finding, good, note, wrong
from customers_sdk.errors import ConfigurationError

_NEEDS = ("requests", "urllib3", "attrs", "cattrs")
_REQUIREMENT = re.compile(r"([\w.-]+)\s*>=\s*([\d.]+)$")
_APP_ADVICE = (
    "Set it to the app's id, not its name: the dashboard has it, and the sandbox prints it."
)
_QUOTES = "\"'`“”"


def software() -> Iterator[Finding]:
    """Python and the packages that the SDK stands on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield good("python", f"{python} with {ssl.OPENSSL_VERSION}, customers_sdk {__version__}.")
    least = _least_versions()
    present = []
    for name in _NEEDS:
        try:
            found = version(name)
        except PackageNotFoundError:
            advice = "Run: pip install --upgrade customers_sdk"
            yield wrong("packages", f"{name} is not installed.", advice)
            continue
        if _numbers(found) < _numbers(least.get(name, "")):
            text = f"{name} {found} is older than {least[name]}, which the SDK needs."
            yield wrong("packages", text, f"Run: pip install --upgrade {name}")
        present.append(f"{name} {found}")
    yield good("packages", f"{', '.join(present)}; {_orjson()}.")


def _orjson() -> str:
    try:
        return f"orjson {version('orjson')} decodes the responses"
    except PackageNotFoundError:
        return "without orjson, which would decode responses faster (extra: speed)"


def _least_versions() -> dict[str, str]:
    """The versions that the installed package asks for; none in a checkout."""
    try:
        wanted = requires("customers_sdk") or []
    except PackageNotFoundError:
        return {}
    return dict(found.groups() for found in map(_REQUIREMENT.match, wanted) if found)  # type: ignore[misc]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def settings() -> tuple[list[Finding], str | None]:
    """Look at the settings in the environment; returns the base URL too, if it is right."""
    url, base_url = _url()
    return [_key(), _app(), url], base_url


def _key() -> Finding:
    try:
        environment = _settings.api_key(os.environ.get("NODERAILS_API_KEY")).split("_")[1]
    except ConfigurationError as error:
        return _refused("key", error, "Run: export NODERAILS_API_KEY=nr_test_sk_…")
    money = "real money" if environment == "live" else "trying things out"
    found = f"NODERAILS_API_KEY holds a secret key of the {environment} environment, for {money}."
    return good("key", found)


def _app() -> Finding:
    try:
        app = _settings.app_id(os.environ.get("NODERAILS_APP_ID"))
    except ConfigurationError as error:
        return _refused("app", error, _APP_ADVICE)
    if not UUID.fullmatch(app):
        # Observed: "appId: Invalid uuid".
        return wrong("app", f"NODERAILS_APP_ID is {app!r}, which is not a UUID.", _APP_ADVICE)
    return good("app", f"NODERAILS_APP_ID is {app}.")


def _url() -> tuple[Finding, str | None]:
    from customers_sdk.client import DEFAULT_BASE_URL

    value = os.environ.get("NODERAILS_BASE_URL")
    if not value:
        return good("base URL", f"{DEFAULT_BASE_URL}, the service itself."), DEFAULT_BASE_URL
    try:
        url = _settings.base_url(value, allow_http=http_allowed())
    except ConfigurationError as error:
        return _refused("base URL", error, _url_advice(value)), None
    text = f"NODERAILS_BASE_URL is {url}."
    parts = urlsplit(url)
    if parts.scheme == "http" and not _settings.is_loopback(str(parts.hostname)):
        advice = "Only for tests: the key goes there in the clear."
        return note("base URL", f"{text} NODERAILS_ALLOW_HTTP permits that.", advice), url
    if parts.path:
        advice = "That is unusual; the service has none."
        return note("base URL", f"{text} It has a path.", advice), url
    return good("base URL", text), url


def _refused(check: str, error: ConfigurationError, advice: str) -> Finding:
    """A setting that the client refuses, by the name it has here and without its value."""
    variable = _settings.VARIABLES[str(error.setting)]
    value = os.environ.get(variable)
    if not value:
        return wrong(check, f"{variable} is not set.", advice)
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        advice = "Take the quotes off: they are part of the value."
    elif value != value.strip():
        advice = "Take the blanks and line ends around it off: they came with copying."
    return wrong(check, f"{variable} {error.problem}.", advice)


def _url_advice(value: str) -> str:
    """What to do about a base URL that the client refuses."""
    if not value.lower().startswith(("http://", "https://")):
        return "Put https:// before the host, or http:// for a sandbox on this machine."
    try:
        _settings.base_url(value, allow_http=True)
    except ConfigurationError:
        return "Write it like https://api.noderails.com or http://127.0.0.1:8787."
    return (
        "Use https. Only for a sandbox in another container or on another machine, run: "
        "export NODERAILS_ALLOW_HTTP=1"
    )
