"""Look-ups of customers: what a value finds exactly, where the service searches for parts."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from customers_sdk import _checks
from customers_sdk._http import late
from customers_sdk._resource import Resource
from customers_sdk._settings import Limits
from customers_sdk._stored import differs, stored_text

if TYPE_CHECKING:
    from customers_sdk import models as models  # noqa: PLC0414 - for the rooms above, too
    from customers_sdk.models import Customer, CustomerSummary, Wallet
else:
    models = late.Module("customers_sdk.models")

LIST = "/customers"
ONE = "/customers/{id}"
LONGEST_SEARCH = 255

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Lookups(Resource):
    """The look-ups under the public methods of customers."""

    def _find(
        self, external_id: str, app: str, rest: Callable[[], Limits]
    ) -> CustomerSummary | None:
        """The customer of an app who has an external id."""
        wanted = stored_text(_checks.sought(external_id, "external_id"))
        found = self._search(wanted, app, rest)
        return next((customer for customer in found if customer.external_id == wanted), None)

    def _find_all(
        self, email: str, app: str, rest: Callable[[], Limits]
    ) -> tuple[CustomerSummary, ...]:
        """The customers of an app who have an email."""
        wanted = stored_text(_checks.sought(email, "email"))
        folded = wanted.translate(_ASCII_LOWER)
        return tuple(
            customer
            for customer in self._search(wanted, app, rest)
            if customer.email is not None and customer.email.translate(_ASCII_LOWER) == folded
        )

    def _search(
        self, wanted: str, app: str, rest: Callable[[], Limits]
    ) -> Iterator[CustomerSummary]:
        """The customers of an app who have a text in their email, name or external id."""
        query = {"search": _search_for(wanted), "app_id": app}
        found = self._walk(LIST, models.CustomerSummary, query, rest)
        return (customer for customer in found if customer.app_id == app)

    def _find_other(self, customer_id: str, external_id: str, limits: Limits) -> Customer | None:
        """Another customer of the same app who has an external id."""
        rest = self._transport.remaining(limits)
        app = self._get(ONE, models.CustomerDetail, rest(), customer_id=customer_id).app_id
        found = self._find(external_id, app, rest)
        return None if found is None or found.id == customer_id else found

    def _find_wallet(
        self, customer_id: str, sent: Mapping[str, Any], limits: Limits
    ) -> Wallet | None:
        """The wallet of a customer that has this chain and address."""
        wallets = self._get(ONE, models.CustomerDetail, limits, customer_id=customer_id).wallets
        return next((wallet for wallet in wallets if differs(sent, wallet) is None), None)

    def _app(self, app_id: str | None) -> str:
        if app_id is None:
            return self._app_id
        if not _checks.text(app_id, "app_id").strip():
            raise ValueError("app_id is empty or blank")
        return app_id


def _search_for(text: str) -> str:
    """The longest search that finds ``text``: its wildcards escaped, then cut to fit."""
    search = ""
    room = LONGEST_SEARCH
    for character in text:
        piece = f"\\{character}" if character in "\\%_" else character
        room -= _checks.utf16_length(piece)
        if room < 0:
            break
        search += piece
    return search


def fields_to_send(
    verb: str, fields: Mapping[str, Any], key: str | None, *, adopt: bool
) -> dict[str, Any]:
    """Refuse what `create` would before a look-up is made; the fields to send."""
    for name in fields:
        if name not in _checks.CUSTOMER_FIELDS:
            raise TypeError(f"{verb} got an unexpected keyword argument {name!r}")
    _checks.flag(adopt, "adopt")
    _checks.idempotency_key(key)

    checked = _checks.customer_fields(fields, absent=None)
    late.codec.body(checked)
    return checked
