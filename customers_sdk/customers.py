"""Customers: the six methods of the service, and the look-ups built on them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from customers_sdk import _checks
from customers_sdk._recovery import LIST, ONE, Writes, changes_to, resolve_conflict
from customers_sdk._settings import Limits, Timeout
from customers_sdk._stored import differs, same, stored_text
from customers_sdk.errors import ConflictError, ServerError

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


#: Stands for an argument that was not given, where None means something of its own.
UNSET = Unset.UNSET

Text = Union[Optional[str], Unset]

_LONGEST_SEARCH = 255


_WALLETS = "/customers/{id}/wallets"
_WALLET = "/customers/{id}/wallets/{id}"

_LINKED = "the customer has this wallet already, with the id {id}: there is nothing to add"


class Customers(Writes):
    """The customers of a merchant; reach it as ``client.customers``.

    Every method takes ``timeout`` (seconds, or a pair of connect and read seconds),
    ``deadline`` (seconds for the call with all its tries) and ``max_retries``, which
    stand in for the client's own for that call.

    Every method raises ``ValueError`` or ``TypeError``, before any request, for an
    argument that cannot be right, and otherwise errors under
    `~customers_sdk.CustomersError`: `~customers_sdk.ApiError` if the service refuses,
    `~customers_sdk.TransportError` if no answer comes, and
    `~customers_sdk.ResponseFormatError` if the answer is not what was promised.
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

        Give an ``external_id``: it is unique within an app, and with it a creation whose
        answer is lost can be tried again and happens once. Without one it is not tried
        again after a time-out, and the error says ``outcome_unknown``.

        Args:
            email, name, city, state, country: text of at most 255 UTF-16 units.
            external_id: your own id, at most 255, unique within the app.
            address: at most 500.
            postal_code: at most 50.
            metadata: a JSON object. Numbers beyond double precision are rounded by the
                service.
            app_id: the app to create it in; None is the client's own.
            idempotency_key: at most 255 characters; the same key and arguments within
                24 hours give the first answer again, but after a time-out the service has
                let go of it. By default one is drawn.
            timeout, deadline, max_retries: see the class.

        Returns:
            The customer as stored.

        Raises:
            ValidationError: the service refuses an argument; ``issues`` names it.
            ServerError: the ``external_id`` is taken (observed, recording
                ``create_dup_externalId_2``), among other reasons.
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
        app = self._app(app_id)
        sent = _checks.customer_fields(
            {name: value for name, value in fields.items() if value is not None}
        )
        limits = self._limits.override(timeout, deadline, max_retries)
        return self._create(app, sent, limits, idempotency_key)

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
        from customers_sdk.models import CustomerDetail

        limits = self._limits.override(timeout, deadline, max_retries)
        return self._get(ONE, CustomerDetail, limits, customer_id=customer_id)

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

        ``""`` blanks a field. None is sent as null, which the service refuses today for
        every field (observed, recording ``update_null_name``). ``metadata`` is replaced
        as a whole, not merged.

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
        sent = _checks.customer_fields(
            {name: value for name, value in fields.items() if value is not UNSET}
        )
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

        The walk covers the customers that are not newer than its first; those created
        meanwhile neither appear nor push others out of sight.

        Args:
            search: a substring of email, name or external id, in any case; ``%`` and
                ``_`` are wildcards and ``\`` escapes them; at most 255 UTF-16 units.
            app_id: **UNSET is the client's own app, None every app of the merchant.**
            page_size: customers a request, from 1 to 100.
            prefetch: how many pages to get ahead, on as many threads, at most 64; 0 asks
                for a page only when the one before it is used up. The order is the same.
            timeout, deadline, max_retries: see the class; they hold for each request.

        Raises:
            ValueError, TypeError: an argument is wrong; raised by this call itself, not
                by the first ``next``.

        Warns:
            IncompleteListWarning: customers created in one instant could not all be got
                hold of.
        """
        from customers_sdk.models import CustomerSummary

        limits = self._limits.override(timeout, deadline, max_retries)
        query = self._scope(search, app_id)
        return self._walk(LIST, CustomerSummary, query, lambda: limits, page_size, prefetch)

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

        For all of them use `list`: pages shift while customers are created, and rows of
        one instant may be on two pages or on none.

        Args:
            page: its number, from 1; past the end it is empty.
            page_size: customers on it, from 1 to 100.
            search, app_id: as for `list`; **UNSET is the client's own app, None every
                app of the merchant.**
            timeout, deadline, max_retries: see the class.
        """
        from customers_sdk.models import CustomerSummary

        limits = self._limits.override(timeout, deadline, max_retries)
        size = _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
        number = _checks.page(page, size)
        query = self._scope(search, app_id)
        return self._page(LIST, CustomerSummary, query, number, size, limits)

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
            chain_id: see `~customers_sdk.models.Chain`.
            wallet_address: EVM (``0x`` and 40 hexadecimal digits), Solana (base58) or Sui,
                as the chain demands; EVM and Sui are stored in lower case.
            idempotency_key: as for `create`.
            timeout, deadline, max_retries: see the class.

        Returns:
            The wallet, with its ``chain``.

        Raises:
            ValidationError: the chain is unknown or disabled, or the address is not one
                of its.
            NotFoundError: there is no such customer.
            ServerError: the customer has this wallet already (observed, recording
                ``wallet_duplicate_exact``), among other reasons.
        """
        from customers_sdk.models import Wallet

        sent = {
            "chain_id": _checks.chain_id(chain_id),
            "wallet_address": _checks.wallet_address(wallet_address),
        }
        limits = self._limits.override(timeout, deadline, max_retries)
        try:
            return self._write(
                "POST",
                _WALLETS,
                Wallet,
                sent,
                limits,
                ids={"customer_id": customer_id},
                expected={"customer_account_id": customer_id, **sent},
                key=idempotency_key,
                unique=True,
            )
        except (ServerError, ConflictError) as error:
            return resolve_conflict(
                error,
                limits,
                lambda left: self._find_wallet(customer_id, sent, left),
                lambda _: True,
                _LINKED,
            )

    def remove_wallet(
        self,
        customer_id: str,
        wallet_id: str,
        *,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        """Take a wallet off a customer.

        Args:
            customer_id: the service's id of the customer.
            wallet_id: the wallet record's ``id``.
            timeout, deadline, max_retries: see the class.

        Raises:
            NotFoundError: there is no such customer, or they have no such wallet (any
                more). After a try whose answer was lost that counts as done.
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
            timeout, deadline, max_retries: see the class; the deadline is for the whole
                look-up, which asks for more than one page where an external id is part
                of more than a hundred other ids, names or emails.

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
            CustomersError: as for `create`, where a look-up cannot settle it.
        """
        key = fields.pop("idempotency_key", None)
        sent = _check_fields("get_or_create", fields, key, adopt=adopt)
        limits = self._limits.override(timeout, deadline, max_retries)
        rest = self._transport.remaining(limits)
        return self._get_or_create(external_id, self._app(app_id), sent, rest, key, adopt=adopt)

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
        sent = _check_fields("update_or_create", fields, key, adopt=adopt)
        limits = self._limits.override(timeout, deadline, max_retries)
        rest = self._transport.remaining(limits)
        app = self._app(app_id)
        customer, created = self._get_or_create(external_id, app, sent, rest, key, adopt=adopt)
        changes = changes_to(customer, sent)
        if created or not changes:
            return customer, created
        if "metadata" in changes:
            return self._change(customer.id, lambda now: changes_to(now, sent), rest), False
        return self._update(customer.id, changes, rest(), None), False

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
            ValueError: a name is both in ``members`` and in ``remove``; or as for `update`.
        """
        checked = _checks.metadata(members, "members")
        gone = _checks.member_names(remove, "remove")
        if gone & checked.keys():
            raise ValueError("remove has a name that members has too")

        def changes(now: Customer) -> dict[str, Any]:
            kept = {name: value for name, value in now.metadata.items() if name not in gone}
            merged = {**kept, **checked}
            return {} if same(merged, now.metadata) else {"metadata": merged}

        limits = self._limits.override(timeout, deadline, max_retries)
        return self._change(customer_id, changes, self._transport.remaining(limits))

    def _find_wallet(
        self, customer_id: str, sent: Mapping[str, Any], limits: Limits
    ) -> Wallet | None:
        """The wallet of a customer that has this chain and address."""
        wallets = self.retrieve(customer_id, **limits._asdict()).wallets
        return next((wallet for wallet in wallets if differs(sent, wallet) is None), None)

    def _scope(self, search: str | None, app_id: str | Unset | None) -> dict[str, Any]:
        """The part of a list's query that stays the same from page to page."""
        if search is not None:
            search = stored_text(_checks.text(search, "search", _LONGEST_SEARCH))
        if app_id is not None:
            app_id = self._app(None if isinstance(app_id, Unset) else app_id)
        return {"search": search, "app_id": app_id}


def _check_fields(
    verb: str, fields: CustomerFields, key: str | None, *, adopt: bool
) -> dict[str, Any]:
    """Refuse what `Customers.create` would before a look-up is made; the fields to send."""
    for name in fields:
        if name not in _checks.CUSTOMER_FIELDS:
            raise TypeError(f"{verb} got an unexpected keyword argument {name!r}")
    if not isinstance(adopt, bool):
        raise TypeError(f"adopt must be True or False, not {_checks.kind_of(adopt)}")
    _checks.idempotency_key(key)

    from customers_sdk._wire import codec

    given = {name: value for name, value in fields.items() if value is not None}
    checked = _checks.customer_fields(given)
    codec.dumps(checked, "what would be sent")
    return checked
