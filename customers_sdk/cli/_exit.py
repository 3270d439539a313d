"""Exit codes, and the one line that an error becomes."""

from __future__ import annotations

import enum
import re

import click

from customers_sdk._settings import VARIABLES
from customers_sdk.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    CustomersError,
    IdempotencyError,
    NotFoundError,
    TransportError,
)

# Whatever a caller puts into the wrong place, nothing that looks like a key is printed.
_KEY = re.compile(r"nr_(?:test|live)_sk_[!#-&(-~]+")
# Observed: the service's answer to a path it does not have, so the base URL is wrong.
_NO_ROUTE = "Route not found"


class Exit(enum.IntEnum):
    """What a command ends with; part of what is promised (docs/cli.md)."""

    DONE = 0
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    UNREACHABLE = 5
    IN_PART = 6
    INTERRUPTED = 130


def code_of(error: Exception) -> Exit:
    """The exit code for what a command raised."""
    if isinstance(error, ConfigurationError) or not isinstance(error, CustomersError):
        return Exit.USAGE
    if isinstance(error, IdempotencyError):
        return Exit.REFUSED
    if not isinstance(error, ApiError) or error.code is None or error.status > 500:
        # Nothing answered, or something that is not the service: a proxy, another server.
        return Exit.UNREACHABLE
    if isinstance(error, NotFoundError):
        return Exit.UNREACHABLE if error.message == _NO_ROUTE else Exit.NOT_FOUND
    return Exit.REFUSED


def line_of(error: Exception) -> str:
    """An error in one line, without what it may not or need not show."""
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "customers"
        return one_line(f"{where}: {error.format_message()} See '{where} --help'.")
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if isinstance(error, ConfigurationError) and error.setting in VARIABLES:
        # Here there are no arguments of a client, only the environment.
        text = f"{VARIABLES[error.setting]} {error.problem}"
    if isinstance(error, OSError):
        text = error.strerror or type(error).__name__
        if error.filename is not None:
            text = f"{error.filename}: {text}"
    request_id = getattr(error, "request_id", None)
    if request_id and request_id not in text:
        text += f" [request id {request_id}]"
    if isinstance(error, (ConfigurationError, AuthenticationError, TransportError)):
        text += '; "customers doctor" explains'
    return one_line(f"customers: {text}")


def one_line(text: str) -> str:
    """Text fit for a terminal: one line, no control characters, no key."""
    return _KEY.sub("nr_***", visible(" ".join(text.split())))


def visible(text: str) -> str:
    """Text whose control characters are spelled out: it may be anybody's input."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
