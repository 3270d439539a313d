"""``manage.py customers_export FILE``: all customers as JSON Lines or CSV, in an atomic file."""

from __future__ import annotations

import warnings
from argparse import ArgumentParser
from types import SimpleNamespace
from typing import Any

from django.core.management.base import CommandError

from customers_sdk import CustomersError, IncompleteListWarning
from customers_sdk.bulk import export_customers
from customers_sdk.customers import UNSET
from customers_sdk.django import get_client
from customers_sdk.django.checks import TAG
from customers_sdk.django.management import BaseCommand


class Command(BaseCommand):
    """Export customers, as `customers_sdk.bulk.export_customers` does."""

    help: str = "Write all customers to a file as JSON Lines or CSV: complete, or not at all."
    requires_system_checks: tuple[str, ...] = (TAG,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "file", help="a regular file that exists is replaced at the end; - is standard output"
        )
        parser.add_argument(
            "--format",
            choices=["jsonl", "csv"],
            help="default: csv for a file named .csv, otherwise jsonl",
        )
        parser.add_argument("--resume", action="store_true", help="resume an interrupted export")
        parser.add_argument("--search", help="a part of an email, a name or an external id")
        parser.add_argument(
            "--all-apps", action="store_true", help="every app of the merchant, not just our own"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Run."""
        file = options["file"]
        printed = file == "-"
        # Django's standard output takes text, and ends it with a line end of its own.
        out: Any = SimpleNamespace(write=lambda data: self.stdout.write(data.decode(), ending=""))
        try:
            with warnings.catch_warnings():
                # A file that may lack customers is not an export of all.
                warnings.simplefilter("error", IncompleteListWarning)
                count = export_customers(
                    get_client(),
                    out if printed else file,
                    format=options["format"] or ("csv" if file.endswith(".csv") else "jsonl"),
                    search=options["search"],
                    app_id=None if options["all_apps"] else UNSET,
                    resume=options["resume"],
                )
        except (CustomersError, IncompleteListWarning, ValueError, OSError) as error:
            outcome = "interrupted" if printed else "nothing was written"
            reason = error.strerror if isinstance(error, OSError) else None
            raise CommandError(f"{outcome}: {reason or error}") from None
        if not printed:
            self.stderr.write(f"{count} customers in {file}")
