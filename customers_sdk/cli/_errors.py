"""How an error reads on a terminal: what happened, what to do next, then what support needs."""

from __future__ import annotations

import errno
import math
from pathlib import Path

import click

from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk._settings import VARIABLES
from customers_sdk.cli._exit import one_line
from customers_sdk.cli._options import option_of
from customers_sdk.errors import (
    AlreadyExistsError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    CustomersError,
    RateLimitError,
    ValidationError,
)

_DOCTOR = 'Run "customers doctor" to find out why.'
# What a person typed for a member of the request; other members are fields with their own names.
_TYPED = {
    "app_id": VARIABLES["app_id"],
    "chain_id": "--chain",
    "wallet_address": "--address",
    **{name: option_of(name) for name in (*CUSTOMER_FIELDS, "search")},
}

_NO_SUCH = {
    "base_url": ("route", ": it must not end with a path such as /v1"),
    "app_id": ("app", ""),
}


def line_of(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "customers"
        return one_line(f"{where}: {error.format_message()} See '{where} --help'.")
    return one_line(f"customers: {_told(error)}")


def _told(error: Exception) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, ConfigurationError) and error.setting in VARIABLES:
        # Here there are no arguments of a client, only the environment.
        return f"{VARIABLES[error.setting]} {error.problem}. {_DOCTOR}"
    if isinstance(error, ApiError):
        return _answered(error)
    if isinstance(error, CustomersError):
        return f"{error}. {_DOCTOR}"
    return _file(error) if isinstance(error, OSError) else str(error)


def _file(error: OSError) -> str:
    what = error.strerror or type(error).__name__
    if error.filename is None:
        return f"{what}."
    folder = Path(str(error.filename)).parent
    if error.errno == errno.ENOENT and not folder.is_dir():
        return f"The folder '{folder}' does not exist. Create it first, or name another file."
    return f"{error.filename}: {what}."


def _answered(error: ApiError) -> str:
    """Word what the service refused; what is not the service is told as the client tells it."""
    if error.code is None or error.status > 500:
        return str(error)
    tries = f", {error.attempts} tries in {error.elapsed:.1f} s" if error.attempts > 1 else ""
    tail = f"{error.reference}, {error.status}{tries}, request id {error.request_id}"
    return f"{_refusal(error)} [{tail}]"


def _refusal(error: ApiError) -> str:
    if isinstance(error, AlreadyExistsError):
        taken_by = error.existing.id
        if hasattr(error.existing, "wallet_address"):
            return f"The customer has this wallet already: {taken_by}."
        return (
            f"The external id belongs to customer {taken_by}. To use that customer, create with "
            "--or-get or --or-update."
        )
    if error.status == 404 and error.setting:
        what, more = _NO_SUCH[error.setting]
        return f"The service has no such {what}. Check {VARIABLES[error.setting]}{more}."
    if isinstance(error, AuthenticationError):
        if error.database_down:
            return "The service cannot check any key: its database is down. Try again later."
        return f"The service refused the key in {VARIABLES['api_key']}. {_DOCTOR}"
    if isinstance(error, RateLimitError):
        wait = "" if error.retry_after is None else f" in {math.ceil(error.retry_after)} s"
        return f"Too many requests. Try again{wait}."
    if isinstance(error, ValidationError) and error.issues:
        return " ".join(f"{_place(each.path)}: {each.message}." for each in error.issues)
    return str(error) if error.outcome_unknown else f"{error.message.rstrip('.')}."


def _place(path: tuple[str | int, ...]) -> str:
    if not path:
        return "The request"
    from customers_sdk._wire.codec import wire_name

    options = {wire_name(name): option for name, option in _TYPED.items()}
    return ".".join([options.get(str(path[0]), str(path[0])), *map(str, path[1:])])
