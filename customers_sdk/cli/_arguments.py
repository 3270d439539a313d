"""Arguments of `customers_sdk.bulk` in the words of the command line."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator

import click

from customers_sdk.cli._exit import ended

# How an argument is called here; the problems of others name a file, and need no name.
_OPTIONS = {
    "external_id": "--external-id",
    "fields": "--map",
    "encoding": "--encoding",
    "delimiter": "--delimiter",
    "strict": "--strict",
    "format": "--format",
    "excel_safe": "--excel-safe",
    "resume": "--resume",
    "journal": "--journal",
}
_SPELLED = {"\t": "tab"}


@contextlib.contextmanager
def named_by_option() -> Iterator[None]:
    """Tell of an argument that does not fit by the option that the reader typed."""
    from customers_sdk.bulk import ArgumentError

    try:
        yield
    except ArgumentError as error:
        option = _OPTIONS.get(error.argument)
        if option is None:  # the problem begins with the name of a file
            raise click.ClickException(ended(error.problem)) from None
        if error.fitting is None:
            raise click.UsageError(f"{option}: {ended(error.problem)}") from None
        problem = error.problem[:1].upper() + error.problem[1:]
        value = shlex.quote(_SPELLED.get(error.fitting, error.fitting))
        raise click.UsageError(f"{problem}. Pass {option} {value}.") from None
