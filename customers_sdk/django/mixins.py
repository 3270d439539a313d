"""A model mixin that links rows to customers.

List it first: ``class User(CustomerMixin, AbstractUser)``.
"""

# ruff: noqa: SLF001 - Django documents _meta, _state and _base_manager

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional, cast

from django.db import models

from customers_sdk.django import get_client

if TYPE_CHECKING:
    from customers_sdk import Customer

    class Model:
        """Django has no types; this is what is used of it."""

        _meta: Any
        _state: Any

        def refresh_from_db(self, *, fields: list[str]) -> None:
            """Read fields again."""

else:
    from django.db.models import Model


class CustomerMixin(Model):
    """Links each row to at most one customer, whose external id is ``app_label.Model:pk``.

    Attributes:
        customer_id: the service's id of the customer, None until there is one.
    """

    customer_id: Optional[str] = cast(
        "Any",
        models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False),
    )

    class Meta:
        """It has no table."""

        abstract = True

    @property
    def customer_external_id(self) -> str:
        """``app_label.Model:pk`` of the row that holds ``customer_id``.

        It is the same for proxies of the model and for models that inherit its table.

        Raises:
            ValueError: the row has no primary key yet.
        """
        owner, key = self._customer_row()
        return f"{owner._meta.label}:{key}"

    def customer_fields(self) -> Mapping[str, Any]:
        """Return the fields of a new customer; override it, for instance to set an email."""
        return {}

    def get_or_create_customer(self, **fields: Any) -> tuple[Customer, bool]:
        """Get this row's customer, or create them, and store the link.

        Two calls at the same time get the same customer, in other processes too: the service keeps
        the external id unique. If the transaction is rolled back, the customer stays and the next
        call finds them.

        A row that has its ``customer_id`` takes one request, which retrieves the customer with
        their payments, invoices and the chains of their wallets. Another takes two, a look-up by
        the external id and a creation, and the wallets of that customer have no ``chain``.

        Args:
            fields: fields of a new customer, as for `Customers.get_or_create
                <customers_sdk.Customers.get_or_create>`, which also takes ``adopt`` and
                ``deadline`` here. They replace those of `customer_fields`. All are ignored if the
                row has its ``customer_id``.

        Returns:
            The customer, and True if this call created them.

        Raises:
            ValueError: the row is not saved, or a field cannot be right.
            ValidationError: the service refuses a field.
            NotFoundError: this key has no customer with ``customer_id``.
            CustomersError: as for every call; a later call resumes.
        """
        client = get_client()
        external_id = self.customer_external_id
        if self.customer_id:
            return client.customers.retrieve(self.customer_id), False
        found, created = client.customers.get_or_create(
            external_id, **{**self.customer_fields(), **fields}
        )
        if self._link(found.id):
            return found, created
        return client.customers.retrieve(str(self.customer_id)), False

    def _link(self, customer_id: str) -> bool:
        """Store the link, unless another process has; returns whether it is this customer's now."""
        owner, key = self._customer_row()
        free = owner._base_manager.using(self._state.db).filter(pk=key, customer_id=None)
        if free.update(customer_id=customer_id):
            self.customer_id = customer_id
        else:
            self.refresh_from_db(fields=["customer_id"])
        return self.customer_id == customer_id

    def _customer_row(self) -> tuple[Any, Any]:
        owner = self._meta.get_field("customer_id").model
        key = getattr(self, owner._meta.pk.attname)
        if key is None or self._state.adding:
            raise ValueError(f"save this {owner.__name__} first: it has no customer without a row")
        return owner, key
