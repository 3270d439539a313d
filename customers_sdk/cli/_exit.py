"""Exit codes, and text that is fit for a terminal."""

from __future__ import annotations

import enum
import re

import click

from customers_sdk.errors import (
    ApiError,
    ConfigurationError,
    CustomersError,
    IdempotencyError,
    NotFoundError,
    RateLimitError,
)

# Whatever a caller puts into the wrong place, nothing that looks like a key is printed.
_KEY = re.compile(r"nr_(?:test|live)_sk_[!#-&(-~]+")


class Exit(enum.IntEnum):
    """What a command ends with; part of what is promised (docs/cli.md)."""

    DONE = 0
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    UNREACHABLE = 5
    IN_PART = 6
    INTERRUPTED = 130


class NotOne(click.ClickException):
    """No customer, or more than one, is the one that the command line names."""


def code_of(error: Exception) -> Exit:
    """The exit code for what a command raised."""
    if isinstance(error, NotOne):
        return Exit.NOT_FOUND
    if isinstance(error, ConfigurationError) or not isinstance(error, CustomersError):
        return Exit.USAGE
    if isinstance(error, IdempotencyError):
        return Exit.REFUSED
    if not isinstance(error, ApiError) or error.code is None or error.status > 500:
        # Nothing answered, or something that is not the service: a proxy, another server.
        return Exit.UNREACHABLE
    if error.setting:
        return Exit.USAGE
    if isinstance(error, NotFoundError):
        return Exit.NOT_FOUND
    if isinstance(error, RateLimitError) or getattr(error, "database_down", False):
        return Exit.UNREACHABLE
    return Exit.REFUSED


def ended(text: str) -> str:
    """A sentence that ends with one stop."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def one_line(text: str) -> str:
    """Text fit for a terminal: one line, no control characters, no key."""
    return _KEY.sub("nr_***", visible(" ".join(text.split())))


def visible(text: str) -> str:
    """Text whose control characters are spelled out: it may be untrusted input."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
