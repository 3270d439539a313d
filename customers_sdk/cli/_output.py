"""What is written: JSON for programs, tables for people, notes on standard error."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from customers_sdk.cli._exit import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from customers_sdk.models import Model

# Legal in JSON as they are, but a terminal may act on them, and not every reader takes them.
_UNSAFE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write(*records: Model, for_people: bool, full: bool = False) -> None:
    """Write records of one kind, one at least; a person sees a customer in full, or in a row."""
    if not for_people:
        for each in records:
            write_json(each.to_dict())
        return
    from customers_sdk.cli import _tables

    if full:
        _tables.draw_customer(*records)
    else:
        _tables.draw(records)


def write_json(record: Mapping[str, Any]) -> None:
    """Write one record on one line."""
    from customers_sdk._wire import codec

    plain = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    line = codec.to_text(record, ascii_only=plain)
    write_text(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line))


def write_text(line: str) -> None:
    """Write a line, unless standard output was closed from the start."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")


def console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup, no highlighting."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def say(line: str) -> None:
    """Write a line to standard error, if it has a reader, fit for a terminal."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            click.echo(one_line(line), err=True)
