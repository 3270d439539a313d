"""The application in process: state, headers, idempotency, seeding."""

from __future__ import annotations

import gzip
import json
import sqlite3
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from customers_sdk.sandbox.backend import Backend, Handle
from customers_sdk.sandbox.express.exchange import etag
from customers_sdk.sandbox.service.idempotency import Locks
from customers_sdk.sandbox.service.store import DAY, Duplicate
from customers_sdk.sandbox.values import column_text, milliseconds, money_text, units_text
from tests.sandbox import sandbox_replay as lab

if TYPE_CHECKING:
    from conftest import Call

EVM = "0x" + "ab" * 20


def create(call: Call, service: Handle, *, idem: str = "", **fields: Any) -> Any:
    headers = {"Idempotency-Key": idem} if idem else {}
    return call("POST", "/customers", json={"appId": service.app_id, **fields}, headers=headers)


def test_the_etag_formula_gives_every_recorded_etag() -> None:
    checked = 0
    for recording in lab.load().values():
        response = recording["response"]
        if response["body"] and "ETag" in response["headers"]:
            assert etag(response["body"].encode()) == response["headers"]["ETag"]
            checked += 1
    assert checked > 200


def test_a_customer_goes_all_the_way(service: Handle, call: Call) -> None:
    made = create(call, service, name="A").json["data"]
    wallet = call(
        "POST", f"/customers/{made['id']}/wallets", json={"chainId": 1, "walletAddress": EVM}
    ).json["data"]
    assert wallet["chain"] == {"chainId": 1, "name": "ethereum"}
    changed = call("PUT", f"/customers/{made['id']}", json={"name": "B"}).json["data"]
    assert (changed["name"], [one["id"] for one in changed["wallets"]]) == ("B", [wallet["id"]])
    assert "chain" not in changed["wallets"][0]
    assert call("GET", f"/customers/{made['id']}").json["data"]["wallets"] == [wallet]
    gone = call("DELETE", f"/customers/{made['id']}/wallets/{wallet['id']}")
    assert (gone.status_code, gone.data, gone.headers.get("Content-Type")) == (204, b"", None)
    assert call("GET", "/customers").json["data"][0]["wallets"] == []


def test_an_external_id_is_unique_within_its_app_alone(service: Handle, call: Call) -> None:
    other_app = service.add_app()
    assert create(call, service, externalId="x").status_code == 201
    assert create(call, service, externalId="x").status_code == 500
    assert create(call, service, externalId="x", appId=other_app).status_code == 201
    second = create(call, service, externalId="y").json["data"]["id"]
    assert call("PUT", f"/customers/{second}", json={"externalId": "x"}).status_code == 500
    assert call("PUT", f"/customers/{second}", json={"externalId": "y"}).status_code == 200


def test_metadata_is_replaced_and_loses_a_proto_key(service: Handle, call: Call) -> None:
    made = create(call, service, metadata={"a": 1, "b": {"__proto__": 1}}).json["data"]
    assert made["metadata"] == {"a": 1, "b": {}}
    body = '{"metadata":{"__proto__":{"x":1},"c":2}}'
    path = f"/customers/{made['id']}"
    assert call("PUT", path, data=body, content_type="application/json").json["data"][
        "metadata"
    ] == {"c": 2}


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "deflate"}])
def test_a_body_that_is_not_compressed_as_it_says_is_a_500(headers: Any, call: Call) -> None:
    assert (
        call(
            "POST", "/customers", data="{}", content_type="application/json", headers=headers
        ).status_code
        == 500
    )


def test_a_gzipped_body_is_read_up_to_the_limit(service: Handle, call: Call) -> None:
    def send(padding: int) -> int:
        body = json.dumps({"appId": service.app_id, "metadata": {"p": "x" * padding}}).encode()
        headers = {"Content-Encoding": "gzip"}
        options = {
            "data": gzip.compress(body),
            "content_type": "application/json",
            "headers": headers,
        }
        return call("POST", "/customers", **options).status_code

    assert (send(1000), send(1_048_576)) == (201, 500)


def test_utf16_bodies_are_read_and_unknown_utf_charsets_are_not(
    service: Handle, call: Call
) -> None:
    body = json.dumps({"appId": service.app_id, "name": "é"}).encode("utf-16-le")
    kind = "application/json; charset=utf-16le"
    assert call("POST", "/customers", data=body, content_type=kind).json["data"]["name"] == "é"
    assert (
        call(
            "POST", "/customers", data=body, content_type="application/json; charset=utf-99"
        ).status_code
        == 500
    )


def test_a_failure_within_is_a_500_that_says_nothing(
    service: Handle, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise sqlite3.OperationalError("secret")

    monkeypatch.setattr(service.store, "detail", fail)
    answer = call("GET", f"/customers/{service.add_customer()}")
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_a_retrieve_shows_the_newest_fifty(service: Handle, call: Call) -> None:
    one = service.add_customer()
    for minute in range(55):
        born = f"2026-01-01T00:{minute:02}:00Z"
        service.add_payment_intent(one, amount=minute, created_at=born)
        service.add_invoice(one, total=minute, created_at=born)
    service.add_subscription(one)
    shown = call("GET", f"/customers/{one}").json["data"]
    newest = [str(minute) for minute in range(54, 4, -1)]
    assert [intent["amount"] for intent in shown["paymentIntents"]] == newest
    assert [invoice["total"] for invoice in shown["invoices"]] == newest
    counts = call("GET", "/customers").json["data"][0]["_count"]
    assert counts == {"paymentIntents": 55, "subscriptions": 1, "invoices": 55}


def test_a_list_is_newest_first_with_ties_in_a_fixed_order(service: Handle, call: Call) -> None:
    old = service.add_customer(created_at="2026-01-01T00:00:00Z")
    tied = [service.add_customer(created_at="2026-02-01T00:00:00Z") for _ in range(6)]
    pages = [
        call("GET", f"/customers?pageSize=2&page={page}").json["data"] for page in (1, 2, 3, 4)
    ]
    assert [one["id"] for page in pages for one in page] == [*tied[::-1], old]


def test_a_service_that_nothing_serves_has_no_address() -> None:
    """A client with an empty address in its environment would call the real service."""
    service = Handle(Backend(db=":memory:"))
    with pytest.raises(AttributeError, match="base_url"):
        _ = service.environment
    service.backend.close()


def test_random_ties_lose_and_repeat_rows_the_same_way_each_time() -> None:
    service = Handle(Backend(tie_order="random"))
    tied = {service.add_customer(created_at="2026-02-01T00:00:00Z") for _ in range(12)}

    def walk(size: int) -> list[str]:
        pages = (
            service.store.page(merchant, None, "", page, size)[0]
            for page in range(1, 12 // size + 1)
        )
        return [one["id"] for page in pages for one in json.loads(page)]

    app = service.store.app(service.app_id)
    assert app is not None
    merchant = app["merchant_id"]
    assert set(walk(12)) == tied
    assert walk(2) == walk(2)
    assert set(walk(2)) < tied
    service.backend.close()


@pytest.mark.parametrize("header", ['W/"1"', '"x", *'])
def test_another_etag_is_answered_in_full(header: str, service: Handle, call: Call) -> None:
    path = f"/customers/{service.add_customer()}"
    assert call("GET", path, headers={"If-None-Match": header}).status_code == 200


def test_a_known_etag_among_several_is_a_304_without_a_body(service: Handle, call: Call) -> None:
    path = f"/customers/{service.add_customer()}"
    tag = call("GET", path).headers["ETag"]
    answer = call("GET", path, headers={"If-None-Match": f'"other", {tag}'})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)


def test_an_answer_is_replayed_to_anyone_for_a_day(service: Handle, call: Call) -> None:
    clock = {"now": service.store.now()}
    service.store.now = lambda: clock["now"]
    first = create(call, service, idem="k", name="A")
    again = call("PUT", "/nope", key=None, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "text/html; charset=utf-8"
    clock["now"] += DAY
    assert create(call, service, idem="k", name="A").json["data"]["id"] != first.json["data"]["id"]


def test_even_the_404_to_a_patch_is_kept_but_reads_ignore_the_key(call: Call) -> None:
    headers = {"Idempotency-Key": "k"}
    assert "Idempotent-Replayed" not in call("GET", "/customers", headers=headers).headers
    assert "Idempotent-Replayed" not in call("PATCH", "/nope", headers=headers).headers
    replayed = call("POST", "/customers", headers=headers)
    assert (replayed.status_code, replayed.headers["Idempotent-Replayed"]) == (404, "true")
    assert "Idempotent-Replayed" not in call("GET", "/customers", headers=headers).headers


def test_the_key_of_a_patch_has_255_characters_at_most(call: Call) -> None:
    assert call("PATCH", "/customers", headers={"Idempotency-Key": "k" * 255}).status_code == 404
    assert call("PATCH", "/customers", headers={"Idempotency-Key": "k" * 256}).status_code == 400


def test_a_key_with_lock_at_its_end_blocks_the_key_without(service: Handle, call: Call) -> None:
    assert create(call, service, idem="k:lock").status_code == 201
    blocked = create(call, service, idem="k")
    assert (blocked.status_code, blocked.json["error"]["type"]) == (409, "idempotency_error")
    assert create(call, service, idem="other").status_code == 201


def test_a_lock_is_held_for_a_minute_or_until_its_caller_hangs_up() -> None:
    clock = {"now": 0.0}
    locks = Locks(lambda: clock["now"])
    hung_up = {"first": False}
    first = locks.take("k", lambda: hung_up["first"])
    assert first is not None
    assert locks.take("other", lambda: False) is not None
    assert locks.take("k", lambda: False) is None
    hung_up["first"] = True
    second = locks.take("k", lambda: False)
    assert second is not None
    locks.release(first)
    assert locks.take("k", lambda: False) is None
    clock["now"] = 60.0
    assert locks.take("k", lambda: False) is not None


def test_other_merchants_customers_are_forbidden_yet_listed_by_app(
    service: Handle, call: Call
) -> None:
    merchant = service.add_merchant()
    app = service.add_app(merchant_id=merchant)
    theirs = service.add_customer(app_id=app)
    assert call("GET", f"/customers/{theirs}").status_code == 403
    assert (
        call(
            "GET", f"/customers/{theirs}", key=service.add_api_key(merchant_id=merchant)
        ).status_code
        == 200
    )
    assert call("GET", "/customers").json["pagination"] == {
        "total": 0,
        "page": 1,
        "pageSize": 20,
        "totalPages": 0,
    }
    assert call("GET", f"/customers?appId={app}").json["data"][0]["id"] == theirs


def test_a_missing_path_segment_falls_back_to_the_list(call: Call) -> None:
    assert call("GET", "/customers/").json["pagination"]["total"] == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10.00", "10"),
        ("0.10", "0.1"),
        (Decimal("9999999999999999.99"), "9999999999999999.99"),
        (Decimal("1E+3"), "1000"),
        (100, "100"),
        ("-5.250", "-5.25"),
        ("-0.00", "0"),
        (0, "0"),
    ],
)
def test_money_is_exact_without_trailing_zeros(value: Any, text: str) -> None:
    assert money_text(value, "amount") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("19.90", "19.9"),
        ("19.994", "19.99"),
        ("19.995", "20"),
        ("-0.005", "-0.01"),
        ("0.004", "0"),
        ("1E+30", "1" + "0" * 30),
        (Decimal("9999999999999999.99"), "9999999999999999.99"),
    ],
)
def test_a_column_of_money_has_two_decimals(value: Any, text: str) -> None:
    assert column_text(value, "amount") == text


def test_payments_and_invoices_keep_two_decimals(service: Handle, call: Call) -> None:
    one = service.add_customer()
    service.add_payment_intent(one, amount="10.005", crypto_amount=1)
    service.add_invoice(one, total="0.999")
    shown = call("GET", f"/customers/{one}").json["data"]
    assert (shown["paymentIntents"][0]["amount"], shown["invoices"][0]["total"]) == ("10.01", "1")


def test_invoices_are_numbered_unless_they_have_a_number(service: Handle, call: Call) -> None:
    one, other = service.add_customer(), service.add_customer()
    service.add_invoice(one, total=1, created_at="2026-01-01T00:00:00Z")
    service.add_invoice(one, total=1, invoice_number="2026-7", created_at="2026-01-02T00:00:00Z")
    service.add_invoice(other, total=1)
    service.add_invoice(one, total=1, created_at="2026-01-03T00:00:00Z")
    numbers = [
        each["invoiceNumber"] for each in call("GET", f"/customers/{one}").json["data"]["invoices"]
    ]
    assert numbers == ["INV-0004", "2026-7", "INV-0001"]


@pytest.mark.parametrize(
    ("kind", "read", "write"),
    [
        ("secret", 200, 201),
        ("public", 200, 201),
        ("inactive", 401, 401),
        ("expired", 401, 401),
        ("suspended", 200, 403),
    ],
)
def test_each_kind_of_key_is_answered_as_the_service_does(
    kind: str, read: int, write: int, service: Handle, call: Call
) -> None:
    key = service.add_api_key(kind=kind)
    assert call("GET", "/customers", key=key).status_code == read
    body = {"appId": service.app_id}
    assert call("POST", "/customers", key=key, json=body).status_code == write
    assert key.startswith("nr_test_pk_" if kind == "public" else "nr_test_sk_")


def test_an_unknown_kind_of_key_is_refused(service: Handle) -> None:
    with pytest.raises(ValueError, match="kind must be one of secret, public, inactive"):
        service.add_api_key(kind="golden")


def test_another_merchant_has_its_own_app_and_key(service: Handle, call: Call) -> None:
    merchant = service.add_merchant(name="Another")
    app = service.add_app(merchant_id=merchant, name="Another's")
    key = service.add_api_key(merchant_id=merchant)
    theirs = service.add_customer(app_id=app)
    second = service.add_app(name="Second")
    ours = service.add_customer(app_id=second)
    assert call("GET", f"/customers/{theirs}").status_code == 403
    assert call("GET", f"/customers/{theirs}", key=key).json["data"]["app"]["name"] == "Another's"
    assert [one["id"] for one in call("GET", "/customers").json["data"]] == [ours]


def test_a_seeded_wallet_shows_its_authorisation(service: Handle, call: Call) -> None:
    one = service.add_customer()
    service.add_wallet(
        one,
        chain_id=1,
        wallet_address=EVM.upper().replace("X", "x"),
        has_active_authorization=True,
        authorization_type="PERMIT",
        authorization_tx_hash="0xfeed",
        authorized_at="2026-01-02T03:04:05.678Z",
    )
    [wallet] = call("GET", f"/customers/{one}").json["data"]["wallets"]
    assert wallet["walletAddress"] == EVM
    assert wallet["hasActiveAuthorization"] is True
    assert wallet["authorizationType"] == "PERMIT"
    assert wallet["authorizationTxHash"] == "0xfeed"
    assert wallet["authorizedAt"] == "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize("value", [1.5, True, None, b"1"])
def test_money_that_is_not_exact_is_a_type_error_naming_the_argument(
    value: Any, service: Handle
) -> None:
    one = service.add_customer()
    with pytest.raises(TypeError, match="amount must be a Decimal"):
        service.add_payment_intent(one, amount=value)
    with pytest.raises(TypeError, match="total must be a Decimal"):
        service.add_invoice(one, total=value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "ten", ""])
def test_money_that_is_no_number_is_a_value_error(value: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        money_text(value, "amount")


def test_token_units_are_whole_however_many() -> None:
    assert units_text(2**256 - 1, "crypto_amount") == str(2**256 - 1)
    assert units_text(None, "crypto_amount") is None
    for wrong in ("1.5", -1):
        with pytest.raises(ValueError, match="crypto_amount must be a whole number"):
            units_text(wrong, "crypto_amount")


def test_instants_are_aware() -> None:
    zoned = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert (
        milliseconds(zoned, "at")
        == milliseconds("2026-01-01T00:00:00.000Z", "at")
        == 1_767_225_600_000
    )
    with pytest.raises(ValueError, match="at must have a time zone"):
        milliseconds("2026-01-01T00:00:00", "at")
    with pytest.raises(TypeError, match="at must be a datetime"):
        milliseconds(5, "at")  # type: ignore[arg-type]


def test_seeding_refuses_what_has_no_place(service: Handle) -> None:
    with pytest.raises(LookupError, match="no customer nobody"):
        service.add_payment_intent("nobody", amount=1)
    with pytest.raises(LookupError, match="no app"):
        service.add_customer(app_id="nobody")
    with pytest.raises(ValueError, match="family"):
        service.add_chain(1, "x", family="bitcoin")
    service.add_customer(id="one")
    with pytest.raises(Duplicate):
        service.add_customer(id="one")


def test_a_reset_leaves_the_key_the_app_and_the_chains(service: Handle, call: Call) -> None:
    create(call, service, idem="k", externalId="x")
    service.add_chain(10, "optimism", enabled=False)
    service.reset()
    assert call("GET", "/customers").json["pagination"]["total"] == 0
    again = create(call, service, idem="k", externalId="x")
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, False)
    path = f"/customers/{again.json['data']['id']}/wallets"
    assert call("POST", path, json={"chainId": 10, "walletAddress": EVM}).status_code == 201


def test_an_unknown_tie_order_is_refused() -> None:
    with pytest.raises(ValueError, match="tie_order"):
        Backend(tie_order="sideways")


def test_latency_is_waited_before_the_row_is_there() -> None:
    service = Handle(Backend(latency=0.25))
    waited: list[tuple[float, int]] = []

    def sleep(seconds: float) -> None:
        count = (
            service.store.database.connection()
            .execute("SELECT count(*) FROM customers")
            .fetchone()[0]
        )
        waited.append((seconds, count))

    service.backend.application._sleep = sleep
    headers = {"x-api-key": service.api_key}
    client = Client(service.backend.application)
    client.post("/customers", json={"appId": service.app_id}, headers=headers)
    client.get("/customers", headers=headers)
    service.backend.close()
    assert waited == [(0.25, 0)]
