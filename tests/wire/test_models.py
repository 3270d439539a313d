"""The models: frozen, exact, comparable, and silent about people."""

from __future__ import annotations

import copy
import pickle
import weakref
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers_sdk import (
    App,
    Chain,
    Customer,
    CustomerCounts,
    CustomerDetail,
    CustomerSummary,
    Invoice,
    PaymentIntent,
    ResponseFormatError,
    Wallet,
)
from customers_sdk._wire.schema import explain
from customers_sdk.models import Model
from tests.doubles import (
    APP,
    ID,
    INSTANT,
    WALLET_ID,
    customer,
    detail,
    invoice,
    payment_intent,
    summary,
    wallet,
    without,
)
from tests.wire.strategies import DETAILS, JSON, MEMBERS, objects

SAMPLES: list[tuple[type[Model], dict[str, Any]]] = [
    (Customer, customer(wallets=[without(wallet(), "chain")])),
    (CustomerSummary, summary()),
    (CustomerDetail, detail()),
    (Wallet, wallet()),
    (Chain, {"chainId": 137, "name": "polygon"}),
    (App, detail()["app"]),
    (PaymentIntent, payment_intent()),
    (Invoice, invoice()),
    (CustomerCounts, {"paymentIntents": 1, "subscriptions": 2, "invoices": 3}),
]
EACH = pytest.mark.parametrize(("cls", "data"), SAMPLES, ids=[cls.__name__ for cls, _ in SAMPLES])


@EACH
def test_a_model_is_written_as_it_was_read(cls: type[Model], data: dict[str, Any]) -> None:
    record = cls.from_dict(data)
    assert type(record) is cls
    assert record.to_dict() == data
    assert cls.from_dict(record.to_dict()) == record


@EACH
def test_a_model_is_frozen_and_slotted(cls: type[Model], data: dict[str, Any]) -> None:
    record = cls.from_dict(data)
    for field in attrs.fields(cls):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(record, field.name, None)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(record, field.name)
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        record.something = 1  # type: ignore[attr-defined]
    assert not hasattr(record, "__dict__")


@EACH
def test_a_model_that_was_read_is_like_one_that_was_made(
    cls: type[Model], data: dict[str, Any]
) -> None:
    record = cls.from_dict(data)
    made = cls(**{field.name: getattr(record, field.name) for field in attrs.fields(cls)})
    assert made == record
    assert hash(made) == hash(record)
    assert repr(made) == repr(record)
    assert made.to_dict() == record.to_dict()


@EACH
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_model_survives_pickling(cls: type[Model], data: dict[str, Any], protocol: int) -> None:
    record = cls.from_dict({**data, "new": [1]})
    back = pickle.loads(pickle.dumps(record, protocol))  # noqa: S301
    assert back == record
    assert type(back) is cls
    assert back.to_dict() == {**data, "new": [1]}


@EACH
def test_a_model_can_be_copied_and_weakly_referenced(
    cls: type[Model], data: dict[str, Any]
) -> None:
    record = cls.from_dict(data)
    assert copy.copy(record) == record
    deep = copy.deepcopy(record)
    assert deep == record
    assert deep is not record
    assert weakref.ref(record)() is record
    assert attrs.evolve(record) == record  # type: ignore[misc]


@EACH
def test_members_without_a_name_stay_in_extra(cls: type[Model], data: dict[str, Any]) -> None:
    more = {"newField": {"a": [1, None]}, "other_one": None, "extra": 5, "": ""}
    record = cls.from_dict({**data, **more})
    assert record.extra == more  # type: ignore[attr-defined]
    assert record.to_dict() == {**data, **more}
    assert record != cls.from_dict(data)
    assert hash(record) == hash(cls.from_dict(data))


@EACH
def test_a_nullable_member_may_be_absent_and_a_required_one_may_not(
    cls: type[Model], data: dict[str, Any]
) -> None:
    for field in attrs.fields(cls):
        if field.name == "extra":
            continue
        name = {"counts": "_count"}.get(field.name) or camel(field.name)
        if field.default is None:
            record = cls.from_dict(without(data, name))
            assert getattr(record, field.name) is None
            written = record.to_dict()
            if field.name == "chain":
                assert written == without(data, name)
            else:
                assert written == {**data, name: None}
            assert getattr(cls.from_dict({**data, name: None}), field.name) is None
        else:
            bads = [without(data, name), {**data, name: None}]
            for bad in bads[:1] if name == "metadata" else bads:
                with pytest.raises(ResponseFormatError, match=rf"^{cls.__name__}\.{name}: "):
                    cls.from_dict(bad)


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def test_all_nullable_members_may_be_absent_at_once() -> None:
    record = PaymentIntent.from_dict(
        {"id": "p", "status": "S", "amount": "1", "currency": "EUR", "createdAt": INSTANT}
    )
    assert (record.crypto_amount, record.crypto_token_key, record.captured_at) == (None,) * 3
    bare = Customer.from_dict(
        {
            "id": ID,
            "appId": APP,
            "metadata": {},
            "createdAt": INSTANT,
            "updatedAt": INSTANT,
            "wallets": [],
            "later": True,
        }
    )
    assert bare.email is None
    assert bare.extra == {"later": True}


def test_an_app_needs_no_more_than_an_id_and_a_name() -> None:
    record = App.from_dict({"id": "a", "name": "Shop"})
    assert record.merchant_id is None
    assert {name for name, value in record.to_dict().items() if value is not None} == {"id", "name"}
    for name in ("id", "name"):
        with pytest.raises(ResponseFormatError, match=f"App.{name}: missing"):
            App.from_dict(without({"id": "a", "name": "Shop"}, name))


def test_the_customers_are_one_family() -> None:
    assert issubclass(CustomerDetail, Customer)
    assert issubclass(CustomerSummary, Customer)
    assert not issubclass(CustomerDetail, CustomerSummary)
    assert Customer.from_dict(customer()) != CustomerDetail.from_dict(detail(wallets=[]))


def test_lists_are_tuples_of_models() -> None:
    record = CustomerDetail.from_dict(detail())
    assert isinstance(record.wallets, tuple)
    assert isinstance(record.wallets[0], Wallet)
    assert isinstance(record.wallets[0].chain, Chain)
    assert isinstance(record.payment_intents[0], PaymentIntent)
    assert isinstance(record.invoices[0], Invoice)
    assert isinstance(record.app, App)
    assert CustomerSummary.from_dict(summary()).counts == CustomerCounts(
        payment_intents=0, subscriptions=0, invoices=0
    )


def test_a_record_can_be_narrowed() -> None:
    record = CustomerSummary.from_dict(summary(later=1)).narrowed_to(Customer)
    assert type(record) is Customer
    assert record == Customer.from_dict(customer(later=1))


def test_metadata_and_extra_count_for_equality_but_not_for_the_hash() -> None:
    one, two = (Customer.from_dict(customer(metadata={"n": n})) for n in (1, 2))
    assert one != two
    assert hash(one) == hash(two)
    assert len({one, two}) == 2
    assert Customer.from_dict(customer()) == Customer.from_dict(customer())
    renamed = Customer.from_dict(customer(name="x"))
    assert hash(renamed) != hash(one)


def test_what_is_written_is_a_copy() -> None:
    record = Customer.from_dict(customer(metadata={"a": {"b": [1]}}, new={"c": 1}))
    written = record.to_dict()
    written["metadata"]["a"]["b"].append(2)
    written["new"]["c"] = 2
    assert record.metadata == {"a": {"b": [1]}}
    assert record.extra == {"new": {"c": 1}}


def test_what_is_read_may_be_any_mapping() -> None:
    from types import MappingProxyType

    assert Chain.from_dict(MappingProxyType({"chainId": 1, "name": "x"})).chain_id == 1


@pytest.mark.parametrize("data", [None, [], "x", 5, [("id", 1)]])
def test_what_is_no_mapping_is_a_type_error(data: Any) -> None:
    with pytest.raises(TypeError, match="data must be a mapping"):
        Customer.from_dict(data)


@pytest.mark.parametrize("status", ["CREATED", "A_NEW_ONE", "", "ünï", "x" * 1000])
def test_an_unknown_status_breaks_nothing(status: str) -> None:
    assert PaymentIntent.from_dict(payment_intent(status=status)).status == status
    assert Invoice.from_dict(invoice(status=status)).status == status
    assert Wallet.from_dict(wallet(authorizationType=status)).authorization_type == status


@pytest.mark.parametrize(
    "amount",
    ["10", "0.1", "9999999999999999.99", "-3.5", "0", "0.00000001", "12345678901234567890.1"],
)
def test_money_is_exact(amount: str) -> None:
    record = PaymentIntent.from_dict(payment_intent(amount=amount))
    assert isinstance(record.amount, Decimal)
    assert str(record.amount) == amount or record.amount == Decimal(amount)
    assert record.to_dict()["amount"] == amount
    assert Invoice.from_dict(invoice(total=amount)).to_dict()["total"] == amount


@pytest.mark.parametrize(
    "amount",
    [
        10,
        10.5,
        "",
        "ten",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_0",
        " 1",
        "1 ",
        "٣",
        "0x1",
        "1.",
        ".5",
        True,
        [],
    ],
)
def test_money_that_is_no_decimal_string_is_refused(amount: Any) -> None:
    with pytest.raises(ResponseFormatError, match=r"^PaymentIntent\.amount: expected a decimal"):
        PaymentIntent.from_dict(payment_intent(amount=amount))


@pytest.mark.parametrize("amount", [0, 1, 2**53 + 1, 2**64, 2**256 - 1])
def test_crypto_amounts_are_exact_however_large(amount: int) -> None:
    record = PaymentIntent.from_dict(payment_intent(cryptoAmount=str(amount)))
    assert record.crypto_amount == amount
    assert record.to_dict()["cryptoAmount"] == str(amount)


@pytest.mark.parametrize(
    "amount", [5, 5.0, "", "1.5", "1e5", "0x5", " 5", "five", True, [], "1" * 5000]
)
def test_crypto_amounts_that_are_no_digits_are_refused(amount: Any) -> None:
    with pytest.raises(ResponseFormatError, match="cryptoAmount: expected an integer in a string"):
        PaymentIntent.from_dict(payment_intent(cryptoAmount=amount))


def test_instants_have_a_zone() -> None:
    record = Customer.from_dict(customer())
    assert record.created_at == datetime(2026, 11, 22, 20, 17, 22, 71_000, tzinfo=timezone.utc)
    assert record.created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-22T20:17:22.071Z", "2026-11-22T20:17:22.071Z"),
        ("2026-11-22T20:17:22.000Z", "2026-11-22T20:17:22.000Z"),
        ("2026-11-22T21:17:22.071+01:00", "2026-11-22T20:17:22.071Z"),
        ("2026-11-22T20:17:22.071001Z", "2026-11-22T20:17:22.071001Z"),
        ("2026-11-22T20:17:22Z", "2026-11-22T20:17:22.000Z"),
    ],
)
def test_instants_are_written_as_the_service_does(text: str, written: str) -> None:
    assert Customer.from_dict(customer(createdAt=text)).to_dict()["createdAt"] == written


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T20:17:22.071",
        "2026-11-22",
        "",
        "Z",
        "yesterday",
        1795378642,
        1.5,
        True,
        [],
        {},
        "2026-13-22T20:17:22.071Z",
    ],
)
def test_an_instant_without_a_zone_or_sense_is_refused(text: Any) -> None:
    with pytest.raises(ResponseFormatError, match=r"^Customer\.createdAt: expected an ISO 8601"):
        Customer.from_dict(customer(createdAt=text))
    with pytest.raises(ResponseFormatError, match=r"authorizedAt: expected an ISO 8601"):
        Wallet.from_dict(wallet(authorizedAt=text))


def nested(place: str) -> dict[str, Any]:
    """A detailed customer that is wrong at one place."""
    data = detail(wallets=[wallet(), wallet()])
    target: Any = data
    *way, last = [
        int(p) if p.isdigit() else p for p in place.replace("[", ".").replace("]", "").split(".")
    ]
    for step in way:
        target = target[step]
    target[last] = {"secret": "p@ss"} if not isinstance(target[last], dict) else "p@ss"
    return data


@pytest.mark.parametrize(
    "place",
    [
        "id",
        "email",
        "createdAt",
        "wallets",
        "wallets[0]",
        "wallets[1]",
        "wallets[0].chainId",
        "wallets[1].chain",
        "wallets[1].chain.name",
        "wallets[0].hasActiveAuthorization",
        "app",
        "app.name",
        "app.payoutApproved",
        "paymentIntents",
        "paymentIntents[0].amount",
        "paymentIntents[0].cryptoAmount",
        "invoices[0].total",
        "invoices[0].dueDate",
    ],
)
def test_the_place_of_a_wrong_member_is_named_and_its_value_is_not(place: str) -> None:
    data = nested(place)
    with pytest.raises(ResponseFormatError) as caught:
        CustomerDetail.from_dict(data)
    assert str(caught.value).startswith(f"CustomerDetail.{place}: expected ")
    assert "p@ss" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.status == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", None),
        ("id", 5),
        ("email", 5),
        ("email", ["x"]),
        ("wallets", None),
        ("wallets", {}),
        ("wallets", "[]"),
        ("wallets", [None]),
        ("wallets", [[]]),
    ],
)
def test_a_mistyped_member_of_a_customer_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ResponseFormatError, match=rf"^Customer\.{name}(\[0\])?: expected"):
        Customer.from_dict(customer(**{name: value}))


@pytest.mark.parametrize("value", [True, 1.0, "1", None, []])
def test_a_chain_id_is_an_integer_and_nothing_like_one(value: Any) -> None:
    with pytest.raises(ResponseFormatError, match="chainId: expected an integer, got"):
        Wallet.from_dict(wallet(chainId=value))


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_a_flag_is_true_or_false(value: Any) -> None:
    with pytest.raises(ResponseFormatError, match="hasActiveAuthorization: expected true or false"):
        Wallet.from_dict(wallet(hasActiveAuthorization=value))


def test_a_repr_shows_ids_and_states_and_no_personal_data() -> None:
    private = {
        "email": "private-2",
        "name": "private-3",
        "address": "private-4",
        "city": "private-5",
        "state": "private-6",
        "country": "private-7",
        "postalCode": "private-8",
        "metadata": {"private-9": "private-10"},
        "new": "private-11",
    }
    address = wallet(walletAddress="private-12", authorizationTxHash="private-13", x="private-14")
    record = CustomerDetail.from_dict(detail(**private, wallets=[address]))
    parts = (*record.wallets, *record.payment_intents, *record.invoices, record.app)
    shown = [repr(each) for each in (record, *parts, CustomerSummary.from_dict(summary(**private)))]
    assert "private" not in " ".join(shown)
    assert WALLET_ID in repr(record.wallets[0])
    assert "CREATED" in repr(record.payment_intents[0])


def test_a_customers_repr_says_who_since_when_and_with_how_many_wallets() -> None:
    record = Customer.from_dict(customer(wallets=[wallet()]))
    assert repr(record) == (
        f"Customer(id='{ID}', external_id='user-1', "
        "created_at=2026-11-22T20:17:22.071000+00:00, wallets=1)"
    )
    assert "external_id=None" in repr(Customer.from_dict(customer(externalId=None)))


@pytest.mark.parametrize("text", ["x" * 255, "\n" * 255, "\u2028'\"" * 85, "\U000e0001" * 127])
def test_a_customers_repr_is_one_line_of_at_most_200_characters(text: str) -> None:
    shown = repr(
        CustomerSummary.from_dict(summary(id=text, externalId=text, wallets=[wallet()] * 999))
    )
    assert len(shown) <= 200
    assert len(shown.splitlines()) == 1


# --- properties ------------------------------------------------------------------------------

MODEST = settings(max_examples=60, deadline=None)


@MODEST
@given(objects(MEMBERS))
def test_any_customer_is_written_as_it_was_read(data: dict[str, Any]) -> None:
    record = Customer.from_dict(data)
    assert record.to_dict() == data
    hash(record)


@MODEST
@given(DETAILS)
def test_any_detailed_customer_is_written_as_it_was_read(data: dict[str, Any]) -> None:
    record = CustomerDetail.from_dict(data)
    assert record.to_dict() == data
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301


def mutate(data: Any, choose: Any) -> Any:
    """The same JSON with one member at any depth removed or replaced."""
    if isinstance(data, dict) and data:
        name = choose(st.sampled_from(sorted(data)))
        what = choose(st.sampled_from(["drop", "replace", "inside"]))
        if what == "drop":
            return without(data, name)
        new = choose(JSON) if what == "replace" else mutate(data[name], choose)
        return {**data, name: new}
    if isinstance(data, list) and data:
        return [mutate(data[0], choose), *data[1:]]
    return choose(JSON)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_customer_is_read_or_refused_by_place(choices: st.DataObject) -> None:
    data = mutate(detail(), choices.draw)
    if not isinstance(data, dict):
        return
    place = explain(data, CustomerDetail, "CustomerDetail")
    if place is None:
        record = CustomerDetail.from_dict(data)
        assert CustomerDetail.from_dict(record.to_dict()) == record
    else:
        # The quick reader and the slow one refuse the same.
        with pytest.raises(ResponseFormatError) as caught:
            CustomerDetail.from_dict(data)
        assert caught.value.args[0] == place
