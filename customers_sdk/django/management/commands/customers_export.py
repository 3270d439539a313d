"""``manage.py customers_export FILE``: all customers as JSON Lines, complete or not there."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import warnings
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError

from customers_sdk import CustomersError, IncompleteListWarning
from customers_sdk.django import get_client
from customers_sdk.django._command import BaseCommand
from customers_sdk.django.checks import TAG


class Command(BaseCommand):
    """Writes beside the file and renames at the end, so that nobody sees half of it."""

    help: str = "Write all customers to a file as JSON Lines: complete, or not at all."
    requires_system_checks: tuple[str, ...] = (TAG,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what there is to choose."""
        parser.add_argument("file", help="where to; a file there is replaced at the end; - prints")
        parser.add_argument("--search", help="a part of an email, a name or an external id")
        parser.add_argument(
            "--all-apps", action="store_true", help="every app of the merchant, not just our own"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Run."""
        query: dict[str, Any] = {"search": options["search"]}
        outcome = "cut short" if options["file"] == "-" else "nothing was written"
        if options["all_apps"]:
            query["app_id"] = None
        try:
            if options["file"] == "-":
                _write(query, self.stdout)
                return
            count = _replace(Path(os.path.realpath(options["file"])), query)
        except (CustomersError, IncompleteListWarning, ValueError) as error:
            raise CommandError(f"{outcome}: {error}") from None
        except OSError as error:
            raise CommandError(f"{outcome}: {error.strerror or error}") from None
        self.stderr.write(f"{count} customers in {options['file']}")


def _replace(target: Path, query: dict[str, Any]) -> int:
    """Write a file under another name first: a temporary one is its owner's alone to read."""
    if target.exists() and not target.is_file():
        raise ValueError("it is no regular file; - prints")
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            count = _write(query, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return count


def _write(query: dict[str, Any], file: IO[str]) -> int:
    """Write all customers; one that could not be got hold of is an error."""
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", IncompleteListWarning)
        for customer in get_client().customers.list(**query):
            file.write(json.dumps(customer.to_dict()) + "\n")
            count += 1
    return count
