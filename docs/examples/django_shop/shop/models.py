"""Accounts, each linked to one customer."""

from __future__ import annotations

from typing import Any

from django.db import models

from customers_sdk.django.mixins import CustomerMixin


class Account(CustomerMixin, models.Model):
    """Somebody who has signed up."""

    name = models.CharField(max_length=100, unique=True)
    email = models.EmailField()

    def __str__(self) -> str:
        """Their name."""
        return str(self.name)

    def customer_fields(self) -> dict[str, Any]:
        """Say what the payments service is told of them."""
        return {"email": self.email, "name": self.name}
