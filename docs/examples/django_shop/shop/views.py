"""Sign up, and look at an account.

There is no login here, to keep it short: a shop takes the user from ``request.user``, and not
from the address.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views import View

from customers_sdk import Customer
from customers_sdk.django import get_client
from shop.models import Account


class AccountView(View):
    """One account and its customer."""

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Sign up; a form sent twice makes one account and one customer."""
        try:
            account = Account.objects.create(name=name, email=request.POST["email"])
        except IntegrityError:
            account = Account.objects.get(name=name)
        customer, created = account.get_or_create_customer()
        return JsonResponse(shown(account, customer), status=201 if created else 200)

    def get(self, _: HttpRequest, name: str) -> HttpResponse:
        """Show what the payments service has on them."""
        account = get_object_or_404(Account, name=name)
        if account.customer_id is None:
            return JsonResponse({"error": "no customer yet"}, status=404)
        customer = get_client().customers.retrieve(account.customer_id)
        return JsonResponse(shown(account, customer))


def shown(account: Account, customer: Customer) -> dict[str, Any]:
    """Pick what a page would show."""
    return {"customer": customer.id, "user": account.name, "email": customer.email}
