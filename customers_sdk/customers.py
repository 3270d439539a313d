"""Customers: the six methods of the service, and the verbs built on them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from customers_sdk import _checks
from customers_sdk._http import late
from customers_sdk._recovery.lookups import LIST, LONGEST_SEARCH, ONE, fields_to_send, models
from customers_sdk._recovery.writes import Writes
from customers_sdk._settings import Timeout
from customers_sdk._stored import same, stored_text
from customers_sdk.errors import CustomersError

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    from customers_sdk.models import Customer, CustomerDetail, CustomerSummary, Wallet
    from customers_sdk.pagination import Page

    class CustomerFields(TypedDict, total=False):
        """The fields that the look-ups take as keyword arguments; None is not sent."""

        email: str | None
        name: str | None
        address: str | None
        city: str | None
        state: str | None
        country: str | None
        postal_code: str | None
        metadata: Mapping[str, Any] | None
        idempotency_key: str | None


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


#: Stands for an argument that was not passed, where None has a meaning.
UNSET = Unset.UNSET

Text = Union[Optional[str], Unset]

_WALLET = "/customers/{id}/wallets/{id}"


class Customers(Writes):
    """The customers of a merchant; reach it as ``client.customers``.

    Every method takes ``timeout`` (seconds, or a pair of connect and read seconds),
    ``deadline`` (seconds for the whole call, including retries) and ``max_retries``. They
    replace the client's own for that call.

    Every method raises ``ValueError`` or ``TypeError`` for an invalid argument, before any
    request. All other errors are `~customers_sdk.CustomersError`:
    `~customers_sdk.ApiError` if the service refuses, `~customers_sdk.TransportError` if no
    response comes, and `~customers_sdk.ResponseFormatError` if the response is malformed.
    """

    def create(
        self,
        *,
        email: str | None = None,
        name: str | None = None,
        external_id: str | None = None,
        address: str | None = None,
        city: str | None = None,
        state: str | None = None,
        country: str | None = None,
        postal_code: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        app_id: str | None = None,
        idempotency_key: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Customer:
        """Create a customer.

        Pass an ``external_id``. It is unique within an app, so a creation whose response is
        lost can be retried and still happens once. Without one, a creation is not retried
        after a timeout, and the error has ``outcome_unknown`` set.

        Args:
            email, name, city, state, country: at most 255 UTF-16 units each.
            external_id: your own id, at most 255 UTF-16 units, unique within the app; None if
                there is none, since ``""`` is unique as well.
            address: at most 500 UTF-16 units.
            postal_code: at most 50 UTF-16 units.
            metadata: a JSON object. The service rounds numbers beyond double precision.
            app_id: the app to create the customer in; None is the client's own.
            idempotency_key: at most 255 characters. The same key and arguments within 24
                hours give the first response again, except after a timeout, when the service
                has dropped the key. By default the client draws a random one.
            timeout, deadline, max_retries: see the class.

        Returns:
            The customer as stored.

        Raises:
            ValidationError: the service refuses an argument; ``issues`` names it.
            AlreadyExistsError: another customer of the app has the ``external_id``.
            IdempotencyError: the key was used for another customer.
        """
        fields = {
            "external_id": external_id,
            "email": email,
            "name": name,
            "address": address,
            "city": city,
            "state": state,
            "country": country,
            "postal_code": postal_code,
            "metadata": metadata,
        }
        sent = _checks.customer_fields(fields, absent=None)
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._create(self._app(app_id), sent, limits, idempotency_key)

    def retrieve(
        self,
        customer_id: str,
        *,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> CustomerDetail:
        """Retrieve a customer with their app, wallets, last 50 payments and last 50 invoices.

        Args:
            customer_id: the service's id of the customer.
            timeout, deadline, max_retries: see the class.

        Raises:
            NotFoundError: there is no such customer.
            PermissionDeniedError: it is another merchant's.
        """
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._get(ONE, models.CustomerDetail, limits, customer_id=customer_id)

    def update(
        self,
        customer_id: str,
        *,
        email: Text = UNSET,
        name: Text = UNSET,
        external_id: Text = UNSET,
        address: Text = UNSET,
        city: Text = UNSET,
        state: Text = UNSET,
        country: Text = UNSET,
        postal_code: Text = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        idempotency_key: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Customer:
        """Change the given fields of a customer, and no others.

        ``""`` blanks ``name``, ``address``, ``city``, ``state``, ``country`` and
        ``postal_code``. An email or an external id can be replaced, not removed. None is sent as
        null, which the service refuses today for every field. ``metadata`` is replaced as a
        whole; `merge_metadata` merges it.

        Args:
            customer_id: the service's id of the customer.
            email, name, external_id, address, city, state, country, postal_code: as for
                `create`; UNSET leaves a field alone.
            metadata: the same.
            idempotency_key: as for `create`.
            timeout, deadline, max_retries: see the class.

        Returns:
            The customer as stored.

        Raises:
            ValidationError: the service refuses an argument; ``issues`` names it.
            NotFoundError: there is no such customer.
            AlreadyExistsError: another customer of the app has the ``external_id``.
        """
        fields = {
            "external_id": external_id,
            "email": email,
            "name": name,
            "address": address,
            "city": city,
            "state": state,
            "country": country,
            "postal_code": postal_code,
            "metadata": metadata,
        }
        sent = _checks.customer_fields(fields, absent=UNSET)
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._update(customer_id, sent, limits, idempotency_key)

    def list(
        self,
        *,
        search: str | None = None,
        app_id: str | Unset | None = UNSET,
        page_size: int = 100,
        prefetch: int = 0,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Iterator[CustomerSummary]:
        r"""Walk over all customers, the newest first, each exactly once.

        Customers created during the walk do not appear, and cause no other to be skipped or
        repeated.

        Args:
            search: part of an email, name or external id, case-insensitive; ``%`` and
                ``_`` are wildcards and ``\`` escapes them; at most 255 UTF-16 units.
            app_id: **UNSET is the client's own app, None every app of the merchant.**
            page_size: customers in a request, from 1 to 100.
            prefetch: number of pages to fetch in parallel, at most 64. 0 requests a page
                only when the one before it is used up. The order is the same.
            timeout, deadline, max_retries: see the class; they apply to each request.

        Raises:
            ValueError, TypeError: an argument is wrong; raised by this call itself, not
                by the first ``next``.

        Warns:
            IncompleteListWarning: not all customers with the same creation time could be
                retrieved.
        """
        limits = self._limits.override(timeout, deadline, max_retries)
        query = self._scope(search, app_id)
        return self._walk(LIST, models.CustomerSummary, query, lambda: limits, page_size, prefetch)

    def list_page(
        self,
        *,
        page: int = 1,
        page_size: int = 20,
        search: str | None = None,
        app_id: str | Unset | None = UNSET,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Page[CustomerSummary]:
        """Get one page of customers, as the service orders it.

        To read all customers use `list`: pages shift while customers are created, and
        customers with the same creation time may be on two pages or on none.

        Args:
            page: the page number, from 1. A page past the end is empty.
            page_size: customers on a page, from 1 to 100.
            search, app_id: as for `list`; **UNSET is the client's own app, None every
                app of the merchant.**
            timeout, deadline, max_retries: see the class.
        """
        limits = self._limits.override(timeout, deadline, max_retries)
        size = _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
        query = self._scope(search, app_id)
        number = _checks.page(page, size)
        return self._page(LIST, models.CustomerSummary, query, number, size, limits)

    def add_wallet(
        self,
        customer_id: str,
        *,
        chain_id: int,
        wallet_address: str,
        idempotency_key: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Wallet:
        """Link a wallet to a customer.

        Args:
            customer_id: the service's id of the customer.
            chain_id: a `~customers_sdk.ChainId`, or any other integer.
            wallet_address: EVM (``0x`` and 40 hexadecimal digits), Solana (base58) or Sui,
                depending on the chain. EVM and Sui addresses are stored in lower case.
            idempotency_key: as for `create`.
            timeout, deadline, max_retries: see the class.

        Returns:
            The wallet, with its ``chain``.

        Raises:
            ValidationError: the chain is unknown or disabled, or the address is not one
                of its.
            NotFoundError: there is no such customer.
            AlreadyExistsError: the customer has this wallet already.
        """
        sent = {
            "chain_id": _checks.chain_id(chain_id),
            "wallet_address": _checks.wallet_address(wallet_address),
        }
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._link(customer_id, sent, limits, idempotency_key)

    def remove_wallet(
        self,
        customer_id: str,
        wallet_id: str,
        *,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        """Unlink a wallet from a customer.

        Args:
            customer_id: the service's id of the customer.
            wallet_id: the wallet record's ``id``.
            timeout, deadline, max_retries: see the class.

        Raises:
            NotFoundError: there is no such customer, or they do not have this wallet. After
                a try whose response was lost, a missing wallet counts as unlinked.
        """
        limits = self._limits.override(timeout, deadline, max_retries)
        self._delete(_WALLET, limits, customer_id=customer_id, wallet_id=wallet_id)

    def find_by_external_id(
        self,
        external_id: str,
        *,
        app_id: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> CustomerSummary | None:
        """Find the customer with exactly this external id.

        Args:
            external_id: your own id for them, not blank.
            app_id: the app to look in; None is the client's own.
            timeout, deadline, max_retries: see the class. The deadline is for the whole
                look-up, which requests several pages if more than a hundred other ids, names
                or emails contain the external id.

        Returns:
            The customer, or None if the app has none with this id.

        Raises:
            RequestTimeoutError: the look-up took longer than its deadline.
        """
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._find(external_id, self._app(app_id), self._transport.remaining(limits))

    def find_by_email(
        self,
        email: str,
        *,
        app_id: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> tuple[CustomerSummary, ...]:
        """Find every customer with exactly this email; the case of ASCII letters is ignored.

        The service does not keep emails unique: there may be several.

        Args:
            email: not blank.
            app_id: the app to look in; None is the client's own.
            timeout, deadline, max_retries: see the class; the deadline is for the whole
                look-up, which requests a page for every hundred customers whose email, name
                or external id contains this email.

        Returns:
            The customers, the newest first; empty if there are none.

        Raises:
            RequestTimeoutError: the look-up took longer than its deadline.
        """
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._find_all(email, self._app(app_id), self._transport.remaining(limits))

    def get_or_create(
        self,
        external_id: str,
        *,
        app_id: str | None = None,
        adopt: bool = False,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        **fields: Unpack[CustomerFields],
    ) -> tuple[Customer, bool]:
        """Get the customer with this external id, or create them with it and ``fields``.

        Safe when several processes do the same at the same time: there will be one customer.

        Args:
            external_id: your own id for them, not blank.
            app_id: the app; None is the client's own.
            adopt: if no customer has the external id, but exactly one in the app has the
                ``email`` given and no external id, give that one the external id and return
                them. Without an ``email`` there is nothing to adopt.
            timeout, deadline, max_retries: see the class; the deadline is for the whole
                call: a look-up, a creation, and a second look-up if that is in doubt.
            fields: ``email``, ``name``, ``address``, ``city``, ``state``, ``country``,
                ``postal_code`` and ``metadata`` to create them with, as for `create`; ignored
                if they exist. ``idempotency_key`` is for the creation.

        Returns:
            The customer, and True if this call created them. Where two calls create the
            same customer with the same fields and the response to one is lost, both may
            say True.

        Raises:
            AmbiguousCustomerError: with ``adopt``, several customers have the email and no
                external id; nothing was written.
            CustomersError: as for `create`, if a look-up does not resolve it.
        """
        key = fields.pop("idempotency_key", None)
        sent = fields_to_send("get_or_create", fields, key, adopt=adopt)
        limits = self._limits.override(timeout, deadline, max_retries)
        rest = self._transport.remaining(limits)
        app = self._app(app_id)
        customer, created = self._get_or_create(external_id, app, sent, rest, key, adopt=adopt)
        return customer, bool(created)

    def update_or_create(
        self,
        external_id: str,
        *,
        app_id: str | None = None,
        adopt: bool = False,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        **fields: Unpack[CustomerFields],
    ) -> tuple[Customer, bool]:
        """Update the customer with this external id, or create them with it and ``fields``.

        Only the fields that differ from what is stored are sent, and nothing if none does.
        The members of ``metadata`` are merged into those that are stored, as `merge_metadata`
        does. Safe when several processes do the same at the same time.

        Args:
            external_id: your own id for them, not blank.
            app_id: the app; None is the client's own.
            adopt: as for `get_or_create`; who is adopted is then updated.
            timeout, deadline, max_retries: see the class; the deadline is for the whole call.
            fields: as for `get_or_create`; None leaves a field alone.

        Returns:
            The customer as stored, and True if this call created them.

        Raises:
            AmbiguousCustomerError, CustomersError: as for `get_or_create` and `update`.
        """
        key = fields.pop("idempotency_key", None)
        sent = fields_to_send("update_or_create", fields, key, adopt=adopt)
        limits = self._limits.override(timeout, deadline, max_retries)
        rest = self._transport.remaining(limits)
        app = self._app(app_id)
        customer, created = self._get_or_create(external_id, app, sent, rest, key, adopt=adopt)
        if created:
            return customer, True
        try:
            return self._bring_up_to_date(customer, sent, rest), False
        except CustomersError as error:
            error.outcome_unknown |= created is None  # what was written before stays written
            raise

    def merge_metadata(
        self,
        customer_id: str,
        members: Mapping[str, Any],
        *,
        remove: Iterable[str] = (),
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> Customer:
        """Set and remove members of a customer's metadata, and leave the others alone.

        The service replaces metadata as a whole. This reads it, merges, and writes only if
        something changes. Processes that do so at the same time, through this method or
        `update_or_create` and with the same API key, lose nothing of each other's: the
        service carries out one write for each state of the metadata, and the others read and
        merge again. What can still be lost is what another program or `update` writes in the
        one round trip between the read and the write, and what is written while the response
        to a write of the same customer is lost.

        Args:
            customer_id: the service's id of the customer.
            members: top-level members to set.
            remove: names of top-level members to remove.
            timeout, deadline, max_retries: see the class; the deadline is for the whole call.

        Returns:
            The customer as stored.

        Raises:
            NotFoundError: there is no such customer.
            CustomersError: the stored metadata cannot be written back with the changes, as
                together they are too large or nested too deeply.
            ValueError: a name is both in ``members`` and in ``remove``; or as for `update`.
        """
        checked = _checks.metadata(members, "members")
        late.codec.dumps(checked, "members")
        gone = _checks.member_names(remove, "remove")
        if gone & checked.keys():
            raise ValueError("remove has a name that members has too")

        def changes(now: Customer) -> dict[str, Any]:
            kept = {name: value for name, value in now.metadata.items() if name not in gone}
            merged = {**kept, **checked}
            return {} if same(merged, now.metadata) else {"metadata": merged}

        limits = self._limits.override(timeout, deadline, max_retries)
        return self._change(customer_id, changes, self._transport.remaining(limits))

    def _scope(self, search: str | None, app_id: str | Unset | None) -> dict[str, Any]:
        """The part of a list's query that stays the same from page to page."""
        if search is not None:
            search = stored_text(_checks.text(search, "search", LONGEST_SEARCH))
        if app_id is not None:
            app_id = self._app(None if isinstance(app_id, Unset) else app_id)
        return {"search": search, "app_id": app_id}
