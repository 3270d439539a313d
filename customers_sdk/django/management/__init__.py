"""The management commands ``customers_check`` and ``customers_export``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    class BaseCommand:
        """Django has no types; this is what is used of it."""

        stdout: Any
        stderr: Any
        style: Any
else:
    from django.core.management.base import BaseCommand

__all__ = ["BaseCommand"]
