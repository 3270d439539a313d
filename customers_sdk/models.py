"""What the service knows about a customer: frozen, slotted attrs classes.

They compare, hash, pickle and copy. A ``repr`` shows ids, instants and states, and no
personal data. Members of a response that a class does not name stay in ``extra`` under
their wire names; statuses and types are open sets, and so plain strings.
Instants are timezone-aware; money is an exact `decimal.Decimal` in units of its
currency. Source: the documented Customers API, and the recordings of the service.
"""

# Annotations are evaluated here (no `from __future__ import annotations`): `_wire` needs the
# types themselves, and evaluating text takes longer than everything else it does with them.

import functools
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Optional, TypeVar, cast

import attrs

from customers_sdk._wire import codec, deep, schema
from customers_sdk._wire.fields import wire

M = TypeVar("M", bound="Model")

# The pickler in Python and `copy.deepcopy` take up to four frames for a level.
_LEVELS_PICKLED = 100


@functools.cache
def _compared(cls: Any) -> Callable[[Any], object]:
    return operator.attrgetter(*(field.name for field in attrs.fields(cls) if field.eq))


@functools.cache
def _hashed(cls: Any) -> Callable[[Any], object]:
    return operator.attrgetter(*(field.name for field in attrs.fields(cls) if field.hash is None))


class _Packed(bytes):
    """Free-form JSON in a pickle, as text: nested so deeply that `pickle` might not take it."""


def _packed(value: Any) -> Any:
    return _Packed(codec.encode(value)) if deep.is_deeper(value, _LEVELS_PICKLED) else value


def _restore(cls: type[M], values: Mapping[str, Any]) -> M:
    """A record out of a pickle."""
    record = object.__new__(cls)
    for name, value in values.items():
        restored = codec.loads(value) if value.__class__ is _Packed else value
        object.__setattr__(record, name, restored)
    return record


class Model:
    """The base of all models: reads and writes the wire form.

    ``metadata`` and ``extra`` are ordinary dicts. Treat them as read-only: what came with a
    response is not copied.
    """

    __slots__ = ("__weakref__",)

    # attrs would write the next four for each class, which doubles what a class costs to make.

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        cls: Any = self.__class__
        values = _compared(cls)
        try:
            return values(self) == values(other)
        except RecursionError:
            return deep.equal(values(self), values(other))

    def __hash__(self) -> int:
        cls: Any = self.__class__
        return hash((cls, _hashed(cls)(self)))

    def __repr__(self) -> str:
        cls: Any = self.__class__
        shown = [f"{f.name}={getattr(self, f.name)!r}" for f in attrs.fields(cls) if f.repr]
        return f"{cls.__name__}({', '.join(shown)})"

    def __reduce__(self) -> Any:
        cls: Any = self.__class__
        return _restore, (cls, {f.name: _packed(getattr(self, f.name)) for f in attrs.fields(cls)})

    @classmethod
    def from_dict(cls: type[M], data: Mapping[str, Any]) -> M:
        """Read the wire form: a decoded JSON object with camelCase names.

        Raises:
            TypeError: ``data`` is not a mapping.
            ResponseFormatError: a required field is missing, or one has the wrong
                type; the text names its path.
        """
        if data.__class__ is not dict:
            if not isinstance(data, Mapping):
                raise TypeError(f"data must be a mapping, not {type(data).__name__}")
            data = dict(data)
        return schema.structure(data, cls, cls.__name__)

    def to_dict(self) -> dict[str, Any]:
        """Write the wire form: camelCase names, and instants and money as the service has them.

        Returns:
            A new dict, equal to what the object was read from, except that nullable fields
            that were absent come as None (an absent ``chain`` stays absent).
        """
        return schema.unstructure(self)

    def narrowed_to(self, cls: type[M]) -> M:
        """The same record as an instance of ``cls``, one of this class's bases."""
        return cls(**{name: getattr(self, name) for name in attrs.fields_dict(cast("Any", cls))})


def _short(value: Optional[str]) -> str:
    """The ``repr`` of a text, cut so that a customer's fits on one line of 200 characters."""
    text = repr(value)
    return text if len(text) <= 50 else f"{text[:48]}…{text[-1]}"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Chain(Model):
    """A blockchain.

    Attributes:
        chain_id: the EVM chain id (1, 137, 8453 …), or the service's own number for
            Solana (101 testnet, 102 devnet, 103 mainnet) and Sui (201 devnet, 202
            testnet, 203 mainnet).
        name: the service's name for it (``ethereum``, ``polygon`` …).
    """

    chain_id: int
    name: str
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Wallet(Model):
    """A wallet of a customer on one chain.

    Attributes:
        id: UUID of this wallet record, the one `remove_wallet` takes.
        customer_account_id: the customer's id.
        chain_id: see `Chain`.
        wallet_address: as the service stores it (EVM and Sui in lower case).
        has_active_authorization: whether the customer has authorised payments from it.
        authorization_type: ``PERMIT``, ``NATIVE``, ``EIP7702`` … (an open set), or None.
        authorization_tx_hash: the transaction that authorised it, or None.
        authorized_at: when it was authorised, or None.
        created_at: when the record was made.
        updated_at: when it last changed.
        chain: given by `retrieve` and `add_wallet`, otherwise None.
    """

    id: str
    customer_account_id: str
    chain_id: int
    wallet_address: str = attrs.field(repr=False)
    has_active_authorization: bool
    authorization_type: Optional[str] = None
    authorization_tx_hash: Optional[str] = attrs.field(default=None, repr=False)
    authorized_at: Optional[datetime] = None
    created_at: datetime
    updated_at: datetime
    chain: Optional[Chain] = attrs.field(default=None, repr=False, metadata=wire(omit=True))
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class App(Model):
    """The app that a customer belongs to.

    Attributes:
        id: UUID.
        name: the app's name.
        merchant_id: UUID of the merchant that owns it.
        environment: ``TEST`` or ``LIVE`` (an open set).
        receiving_wallet: where payments go.
        receiving_wallet_signature: the merchant's signature of it.
        payout_wallet: where payouts go.
        payout_approved: whether that wallet is approved.
        created_at: when the app was made.
        updated_at: when it last changed.
    """

    id: str
    name: str
    merchant_id: Optional[str] = None
    environment: Optional[str] = None
    receiving_wallet: Optional[str] = attrs.field(default=None, repr=False)
    receiving_wallet_signature: Optional[str] = attrs.field(default=None, repr=False)
    payout_wallet: Optional[str] = attrs.field(default=None, repr=False)
    payout_approved: Optional[bool] = None
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class PaymentIntent(Model):
    """One payment in a customer's history.

    Attributes:
        id: UUID.
        status: ``CREATED``, ``AUTHORIZED``, ``CAPTURED``, ``SETTLED`` … (an open set).
        amount: exact, in units of ``currency``; refunds are negative.
        currency: ISO 4217 code.
        crypto_amount: in the token's smallest unit, exact up to 2**256 - 1, or None.
        crypto_token_key: which token, or None.
        authorization_chain_id: the chain it was authorised on, or None; see `Chain`.
        created_at: when it was made.
        captured_at: when it was captured, or None.
    """

    id: str
    status: str
    amount: Decimal
    currency: str
    crypto_amount: Optional[int] = attrs.field(default=None, metadata=wire(digits=True))
    crypto_token_key: Optional[str] = None
    authorization_chain_id: Optional[int] = None
    created_at: datetime
    captured_at: Optional[datetime] = None
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Invoice(Model):
    """One invoice in a customer's history.

    Attributes:
        id: UUID.
        invoice_number: the merchant's number for it, or None.
        status: ``DRAFT``, ``OPEN``, ``PAID``, ``VOID`` … (an open set).
        total: exact, in units of ``currency``.
        currency: ISO 4217 code.
        due_date: when it is due, or None.
        paid_at: when it was paid, or None.
        created_at: when it was made.
    """

    id: str
    invoice_number: Optional[str] = None
    status: str
    total: Decimal
    currency: str
    due_date: Optional[datetime] = None
    paid_at: Optional[datetime] = None
    created_at: datetime
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CustomerCounts(Model):
    """How many records of each kind a customer has.

    Attributes:
        payment_intents: number of payments.
        subscriptions: number of subscriptions.
        invoices: number of invoices.
    """

    payment_intents: int
    subscriptions: int
    invoices: int
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Customer(Model):
    """A person or company that pays you.

    Attributes:
        id: UUID, given by the service.
        app_id: the app the customer belongs to.
        external_id: your own id for them, unique within an app, or None.
        email: their email address, or None.
        name: their full name, or None.
        address: street and number, or None.
        city: their city, or None.
        state: their state, or None.
        country: their country, or None.
        postal_code: their postal code, or None.
        metadata: your own JSON object, ``{}`` if you set none. If the service returns
            something else (other programs can store it), it is ``{}`` as well, and
            ``extra["metadata"]`` holds what was returned.
        created_at: when the record was made, to the millisecond.
        updated_at: when it last changed.
        wallets: their wallets.
        extra: members of the response that this class does not name, under their wire names.
    """

    id: str
    app_id: str
    external_id: Optional[str] = attrs.field(default=None, repr=False)
    email: Optional[str] = attrs.field(default=None, repr=False)
    name: Optional[str] = attrs.field(default=None, repr=False)
    address: Optional[str] = attrs.field(default=None, repr=False)
    city: Optional[str] = attrs.field(default=None, repr=False)
    state: Optional[str] = attrs.field(default=None, repr=False)
    country: Optional[str] = attrs.field(default=None, repr=False)
    postal_code: Optional[str] = attrs.field(default=None, repr=False)
    metadata: Mapping[str, Any] = attrs.field(repr=False, hash=False)
    created_at: datetime
    updated_at: datetime
    wallets: tuple[Wallet, ...]
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(id={_short(self.id)}, external_id={_short(self.external_id)}, "
            f"created_at={self.created_at.isoformat()}, wallets={len(self.wallets)})"
        )


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CustomerSummary(Customer):
    """A customer as a list shows them.

    Attributes:
        counts: how many payments, subscriptions and invoices they have.
    """

    counts: CustomerCounts = attrs.field(metadata=wire(name="_count"))


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CustomerDetail(Customer):
    """A customer with their history; their wallets carry ``chain``.

    Attributes:
        app: the app they belong to.
        payment_intents: their last 50 payments, the newest first.
        invoices: their last 50 invoices, the newest first.
    """

    app: App
    payment_intents: tuple[PaymentIntent, ...]
    invoices: tuple[Invoice, ...]
