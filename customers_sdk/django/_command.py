"""Django's base of commands, with the types that Django does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    class BaseCommand:
        """What is used of it."""

        stdout: Any
        stderr: Any
        style: Any
else:
    from django.core.management.base import BaseCommand

__all__ = ["BaseCommand"]
