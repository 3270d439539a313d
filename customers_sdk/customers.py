"""Customers: the six methods of the service, and the look-ups built on them."""

# `models` and what hangs off it cost 30 ms to import, and only a first answer needs them:
# so they are imported in the methods, and a client is ready without them.

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Optional, TypeVar, Union

from customers_sdk import _checks
from customers_sdk._http import keys
from customers_sdk._http.call import ApiResponse, Call
from customers_sdk._http.transport import Transport
from customers_sdk._settings import Limits, Timeout
from customers_sdk.errors import (
    ConflictError,
    CustomersError,
    ResponseFormatError,
    ServerError,
    TransportError,
)

if TYPE_CHECKING:
    from customers_sdk.models import Customer, CustomerDetail, CustomerSummary, Model, Wallet
    from customers_sdk.pagination import Page

    M = TypeVar("M", bound=Model)


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
_MOST_AHEAD = 64

_LIST = "/customers"
_ONE = "/customers/{id}"
_WALLETS = "/customers/{id}/wallets"
_WALLET = "/customers/{id}/wallets/{id}"


class Customers:
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

    def __init__(self, transport: Transport, app_id: str, limits: Limits) -> None:
        self._transport = transport
        self._app_id = app_id
        self._limits = limits

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
        from customers_sdk.models import Customer

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
        scope = {"app_id": self._app(app_id)}
        sent = _checks.customer_fields(
            {name: value for name, value in fields.items() if value is not None}
        )
        limits = self._limits.override(timeout, deadline, max_retries)
        call = self._call(
            "POST",
            _LIST,
            _LIST,
            {**scope, **sent},
            limits,
            idempotency_key,
            unique=external_id is not None,
            repeatable=external_id is not None,
        )
        try:
            return self._written(call, Customer, scope, sent)
        except (ServerError, ConflictError) as error:
            if not sent.get("external_id", "").strip():
                raise
            return _settle(error, limits, lambda rest: self._made_before(sent, app_id, rest))

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

        path = f"/customers/{_checks.segment(customer_id, 'customer_id')}"
        limits = self._limits.override(timeout, deadline, max_retries)
        return _read(self._transport.send(Call("GET", path, _ONE, limits)), CustomerDetail)

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
            ServerError: the ``external_id`` is taken, among other reasons.
        """
        from customers_sdk.models import Customer

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
        path = f"/customers/{_checks.segment(customer_id, 'customer_id')}"
        limits = self._limits.override(timeout, deadline, max_retries)
        call = self._call(
            "PUT", path, _ONE, sent, limits, idempotency_key, unique="external_id" in sent
        )
        return self._written(call, Customer, {"id": customer_id}, sent)

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
        limits = self._limits.override(timeout, deadline, max_retries)
        size = _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
        pages = _checks.integer(prefetch, "prefetch", least=0, most=_MOST_AHEAD)
        return self._walk(self._scope(search, app_id), size, lambda: limits, pages)

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
        limits = self._limits.override(timeout, deadline, max_retries)
        size = _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
        number = _checks.page(page, size)
        return self._page(self._scope(search, app_id), number, size, limits)

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

        path = f"/customers/{_checks.segment(customer_id, 'customer_id')}/wallets"
        sent = {
            "chain_id": _checks.chain_id(chain_id),
            "wallet_address": _checks.wallet_address(wallet_address),
        }
        limits = self._limits.override(timeout, deadline, max_retries)
        call = self._call("POST", path, _WALLETS, sent, limits, idempotency_key, unique=True)
        try:
            return self._written(call, Wallet, {"customer_account_id": customer_id, **sent}, {})
        except (ServerError, ConflictError) as error:
            return _settle(error, limits, lambda rest: self._linked_before(customer_id, sent, rest))

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
        path = (
            f"/customers/{_checks.segment(customer_id, 'customer_id')}"
            f"/wallets/{_checks.segment(wallet_id, 'wallet_id')}"
        )
        limits = self._limits.override(timeout, deadline, max_retries)
        self._transport.send(Call("DELETE", path, _WALLET, limits))

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
        return self._find(external_id, app_id, self._transport.countdown(limits))

    def get_or_create(
        self,
        external_id: str,
        *,
        app_id: str | None = None,
        timeout: Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        **fields: Any,
    ) -> tuple[Customer, bool]:
        """Get the customer with this external id, or create them with it and ``fields``.

        Safe against others who do the same at the same time: there will be one customer.

        Args:
            external_id: your own id for them, not blank.
            app_id: the app; None is the client's own.
            timeout, deadline, max_retries: see the class; the deadline is for the whole
                call: a look-up, a creation, and a second look-up if that is in doubt.
            fields: what to create them with, as for `create`; ignored if they exist.

        Returns:
            The customer, and True if this call created them. Where two calls create the
            same customer with the same fields and the answer to one is lost, both may
            say True.

        Raises:
            CustomersError: as for `create`, where a look-up cannot settle it.
        """
        _check_fields(fields)
        rest = self._transport.countdown(self._limits.override(timeout, deadline, max_retries))
        found = self._find(external_id, app_id, rest)
        if found is not None:
            return found, False
        made, error = keys.made_or_found(
            lambda: self.create(
                external_id=external_id, app_id=app_id, **rest()._asdict(), **fields
            ),
            lambda: self._find(external_id, app_id, rest),
        )
        if error is None:
            return made, True
        return made, isinstance(error, TransportError) and _is_fresh(made, fields)

    def _find(
        self, external_id: str, app_id: str | None, rest: Callable[[], Limits]
    ) -> CustomerSummary | None:
        wanted = keys.stored_text(_checks.external_id(external_id))
        app = self._app(app_id)
        query = {"search": _search_for(wanted), "app_id": app}
        for customer in self._walk(query, _checks.LARGEST_PAGE, rest):
            if customer.external_id == wanted and customer.app_id == app:
                return customer
        return None

    def __reduce__(self) -> NoReturn:
        self._transport.__reduce__()

    def _app(self, app_id: str | None) -> str:
        if app_id is None:
            return self._app_id
        if not _checks.text(app_id, "app_id").strip():
            raise ValueError("app_id is empty or blank")
        return app_id

    def _scope(self, search: str | None, app_id: str | Unset | None) -> dict[str, Any]:
        """The part of a list's query that stays the same from page to page."""
        if search is not None:
            search = keys.stored_text(_checks.text(search, "search", _LONGEST_SEARCH))
        if app_id is not None:
            app_id = self._app(None if isinstance(app_id, Unset) else app_id)
        return {"search": search, "app_id": app_id}

    def _page(
        self, query: Mapping[str, Any], number: int, size: int, limits: Limits
    ) -> Page[CustomerSummary]:
        from customers_sdk._wire.schema import names
        from customers_sdk.pagination import page_from

        params = _checks.query(names({**query, "page": number, "page_size": size}))
        response = self._transport.send(Call("GET", _LIST, _LIST, limits, query=params))
        try:
            return page_from(response.data, response.pagination)
        except ResponseFormatError as error:
            raise response.mismatch(str(error)) from None

    def _walk(
        self,
        query: Mapping[str, Any],
        size: int,
        limits: Callable[[], Limits],
        prefetch: int = 0,
    ) -> Iterator[CustomerSummary]:
        from customers_sdk._lists.walk import walk

        def fetch(number: int, size: int) -> Page[CustomerSummary]:
            return self._page(query, number, size, limits())

        if not prefetch:
            yield from walk(fetch, size)
            return
        from customers_sdk._lists.prefetch import Prefetch

        with Prefetch(fetch, size, prefetch) as ahead:
            yield from walk(ahead, size)

    def _call(
        self,
        method: str,
        path: str,
        route: str,
        sent: Mapping[str, Any],
        limits: Limits,
        key: str | None,
        *,
        unique: bool,
        repeatable: bool = True,
    ) -> Call:
        from customers_sdk._wire import codec, schema

        return Call(
            method,
            path,
            route,
            limits,
            body=codec.dumps(schema.names(sent), "what would be sent"),
            key=_checks.idempotency_key(key),
            unique=unique,
            repeatable=repeatable,
        )

    def _written(
        self, call: Call, kind: type[M], ids: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> M:
        """Make a write and read the record it answers with.

        Args:
            call: the write.
            kind: the class of the record.
            ids: fields that every record answered to this write must have.
            sent: fields that were sent. They are compared as well if the answer is a
                stored one and the key the caller's, who may have used it before.
        """
        response = self._transport.send(call)
        if not response.replayed:
            return _read(response, kind)
        try:
            record = _read(response, kind)
        except ResponseFormatError:
            wrong: str | None = "kind"
        else:
            wrong = keys.differs({**ids, **sent} if call.key else ids, record)
            if wrong is None:
                return record
        what = f"the stored answer to this idempotency key has another {wrong}"
        if call.key:
            what += ": the key was used for a different request; use a new one"
        raise response.mismatch(what, someone_elses=True)

    def _made_before(
        self, sent: Mapping[str, Any], app_id: str | None, limits: Limits
    ) -> Customer | None:
        """The customer that an earlier try of a creation has made, if it has."""
        from customers_sdk.models import Customer

        found = self._find(sent["external_id"], app_id, self._transport.countdown(limits))
        if found is None or not _is_fresh(found, sent):
            return None
        return found.narrowed_to(Customer)

    def _linked_before(
        self, customer_id: str, sent: Mapping[str, Any], limits: Limits
    ) -> Wallet | None:
        """The wallet that an earlier try has linked, if it has."""
        for wallet in self.retrieve(customer_id, **limits._asdict()).wallets:
            if keys.differs(sent, wallet) is None:
                return wallet
        return None


def _check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse what `Customers.create` would, before a look-up is made."""
    for name in fields:
        if name not in _checks.CUSTOMER_FIELDS and name != "idempotency_key":
            raise TypeError(f"get_or_create got an unexpected keyword argument {name!r}")
    given = {name: value for name, value in fields.items() if value is not None}
    _checks.idempotency_key(given.pop("idempotency_key", None))

    from customers_sdk._wire import codec

    codec.dumps(_checks.customer_fields(given), "what would be sent")


def _is_fresh(found: Customer, sent: Mapping[str, Any]) -> bool:
    """Whether a customer is as one just created with these fields is: the others are unset."""
    fields = {
        name: value
        for name, value in sent.items()
        if name in _checks.CUSTOMER_FIELDS and value is not None
    }
    fields.pop("external_id", None)
    unset: dict[str, Any] = {**dict.fromkeys(_checks.CUSTOMER_FIELDS), "metadata": {}}
    del unset["external_id"]
    return keys.differs({**unset, **fields}, found) is None


def _search_for(external_id: str) -> str:
    """The longest search that finds ``external_id``: its wildcards escaped, then cut to fit."""
    search = ""
    room = _LONGEST_SEARCH
    for character in external_id:
        piece = f"\\{character}" if character in "\\%_" else character
        room -= _checks.utf16_length(piece)
        if room < 0:
            break
        search += piece
    return search


def _read(response: ApiResponse, kind: type[M]) -> M:
    from customers_sdk._wire import schema

    try:
        return schema.structure(response.data, kind)
    except ResponseFormatError as error:
        raise response.mismatch(str(error)) from None


def _settle(
    error: ServerError | ConflictError, limits: Limits, look: Callable[[Limits], M | None]
) -> M:
    """What an earlier try has made, if the error is only that it exists; else the error.

    After a try whose answer was lost, a second one meets the first one's record, and the
    service answers 500 to a duplicate. Looking takes what the call has left of its time.
    """
    left = limits.deadline - error.elapsed
    exists = error.status in (409, 500)
    if exists and error.earlier_try_unknown and left > 0:
        with contextlib.suppress(CustomersError):
            found = look(limits._replace(deadline=left))
            if found is not None:
                return found
    raise error
