"""``manage.py customers_check``: are the settings right, and does the service answer?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from customers_sdk import CustomersError
from customers_sdk._frameworks import report
from customers_sdk.django import get_client
from customers_sdk.django.checks import TAG
from customers_sdk.django.management import BaseCommand


class Command(BaseCommand):
    """Asks the service one question; exit status 1 if something is wrong."""

    help: str = "Ask the service one question, to see that settings and network are right."
    requires_system_checks: tuple[str, ...] = (TAG,)

    def handle(self, *_: Any, **__: Any) -> None:
        """Run."""
        try:
            line = report(get_client())
        except CustomersError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(self.style.SUCCESS(line))
