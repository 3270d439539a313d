"""What the service's platform does to a request before and after its own rules, rule by rule."""

from __future__ import annotations

import json
import socket
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from customers_sdk.sandbox.backend import Backend, Handle
from customers_sdk.sandbox.service import database
from customers_sdk.sandbox.service.database import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call

    from customers_sdk.sandbox import Sandbox

JSON = "application/json"


def store_metadata(call: Call, service: Handle, metadata: Any) -> tuple[int, Any]:
    made = call("POST", "/customers", json={"appId": service.app_id, "metadata": metadata})
    body = made.json
    assert isinstance(body, dict)
    return made.status_code, body.get("data", {}).get("metadata")


@pytest.mark.parametrize(
    "path", ["/customers/%zz", "/customers/%ff/wallets", "/customers/a/b/c", "/customers/a//b"]
)
def test_below_customers_the_key_is_looked_at_before_route_and_id(path: str, call: Call) -> None:
    assert call("DELETE", path, key=None).status_code == 401
    assert call("DELETE", path, key="nr_test_sk_unknown").status_code == 401


def test_a_suspended_merchant_gets_403_before_any_route_is_looked_for(
    service: Handle, call: Call
) -> None:
    key = service.add_api_key(kind="suspended")
    assert call("PATCH", "/customers/a/b", key=key).status_code == 403
    assert call("GET", "/customers/a/b", key=key).status_code == 404


def test_elsewhere_an_unknown_path_is_404_without_a_key(call: Call) -> None:
    assert call("GET", "/customersx", key=None).status_code == 404
    assert call("GET", "/customers.json", key=None).status_code == 404


def test_an_id_that_cannot_be_decoded_is_500_by_any_method(call: Call) -> None:
    assert call("PATCH", "/customers/%zz").status_code == 500
    assert call("PATCH", "/customers/zz").status_code == 404
    assert call("GET", "/customers/%zz/other").status_code == 404


def test_a_second_slash_after_customers_counts_as_one(service: Handle, call: Call) -> None:
    one = service.add_customer()
    assert call("GET", f"/customers//{one}").json["data"]["id"] == one
    assert call("GET", "/customers//").json["pagination"]["total"] == 1
    assert call("GET", f"/customers///{one}").json["error"]["message"] == "Route not found"
    assert call("POST", f"/customers/{one}//wallets").json["error"]["message"] == "Route not found"


def test_one_slash_at_the_end_is_ignored_and_two_are_no_route(service: Handle, call: Call) -> None:
    one = service.add_customer()
    assert call("GET", f"/customers/{one}/").status_code == 200
    assert call("GET", f"/customers/{one}//").status_code == 404


@pytest.mark.parametrize(
    "kind",
    [
        f"{JSON};",
        f"{JSON}; charset=",
        f"{JSON}; =",
        f"{JSON}; charset=utf-8;",
        f"{JSON}, text/plain",
        "text/json",
    ],
)
def test_a_body_of_another_type_is_not_read(kind: str, service: Handle, call: Call) -> None:
    body = json.dumps({"appId": service.app_id})
    answer = call("POST", "/customers", data=body, content_type=kind)
    assert answer.json["error"]["message"] == "appId: Required"


@pytest.mark.parametrize(
    ("charset", "codec", "status"),
    [
        ("utf-8", "utf-8", 201),
        ('"UTF-8"', "utf-8", 201),
        ("utf-16", "utf-16", 201),
        ("utf-16", "utf-16-be", 201),
        ("utf-16le", "utf-16-le", 201),
        ("utf-7", "utf-7", 201),
        ("utf-32", "utf-32", 500),
        ("latin1", "latin-1", 500),
    ],
)
def test_a_body_is_read_in_the_charsets_of_the_service(
    charset: str, codec: str, status: int, service: Handle, call: Call
) -> None:
    body = json.dumps({"appId": service.app_id, "name": "é"}, ensure_ascii=False).encode(codec)
    kind = f"{JSON}; charset={charset}"
    answer = call("POST", "/customers", data=body, content_type=kind)
    assert answer.status_code == status
    assert status == 500 or answer.json["data"]["name"] == "é"


def test_a_byte_order_mark_is_skipped_once(call: Call) -> None:
    for body, status in ((b"\xef\xbb\xbf[]", 400), (b"\xef\xbb\xbf\xef\xbb\xbf[]", 500)):
        assert call("POST", "/customers", data=body, content_type=JSON).status_code == status


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"$type": "Decimal", "value": "12"}, 12),
        ({"$type": "Decimal", "value": "-0.10"}, -0.1),
        ({"$type": "Decimal", "value": "1e400"}, None),
        ({"$type": "BigInt", "value": "12"}, "12"),
        ({"$type": "Bytes", "value": "YWJj"}, "YWJj"),
        (
            {"$type": "DateTime", "value": "2026-01-01T00:00:00+02:00"},
            "2026-01-01T00:00:00.000+02:00",
        ),
        ({"$type": "DateTime", "value": "2026-01-01 00:00:00.5-00:00"}, "2026-01-01T00:00:00.500Z"),
        ({"$type": "Decimal", "value": "1_0"}, 10),
        ({"$type": "Raw", "value": None}, None),
        ({"$type": "Raw", "value": [1]}, [1]),
        ({"$type": "Raw", "value": {"$type": "Raw", "value": 1}}, {"$type": "Raw", "value": 1}),
        ({"$type": "Json", "value": '{"a":1}'}, {"a": 1}),
        ({"$type": "Json", "value": "null"}, None),
        ({"$type": "Json", "value": {"a": 1}, "more": 2}, {"a": 1}),
        ({"$type": "DbNull"}, {"$type": "DbNull"}),
        ({"$type": "decimal", "value": "1"}, {"$type": "decimal", "value": "1"}),
        ({"$type": 5}, {"$type": 5}),
        ({"a": {"$type": "Decimal", "value": "12"}}, {"a": {"$type": "Decimal", "value": "12"}}),
    ],
)
def test_tagged_metadata_is_stored_as_the_value_it_tags(
    sent: Any, stored: Any, service: Handle, call: Call
) -> None:
    assert store_metadata(call, service, sent) == (201, stored)
    [shown] = call("GET", "/customers").json["data"]
    assert shown["metadata"] == stored
    path = f"/customers/{shown['id']}"
    assert call("PUT", path, json={"metadata": sent}).json["data"]["metadata"] == stored


@pytest.mark.parametrize(
    "sent",
    [
        {"$type": "Enum", "value": "x"},
        {"$type": "Param", "value": {"name": "x", "type": "String"}},
        {"$type": "FieldRef", "value": {}},
        {"$type": "Json", "value": "x"},
        {"$type": "Json"},
        {"$type": "Json", "value": '"\\ud800"'},
        {"$type": "Raw"},
        {"$type": "Raw", "value": "\0"},
        {"$type": "Decimal", "value": 12},
        {"$type": "Decimal", "value": " 1"},
        {"$type": "BigInt", "value": "1.5"},
        {"$type": "BigInt", "value": str(2**63)},
        {"$type": "Bytes", "value": "!!"},
        {"$type": "DateTime", "value": "2026-01-01"},
        {"$type": "DateTime", "value": "2026-02-30T00:00:00Z"},
        {"$type": "DateTime", "value": "2026-01-01T24:00:00Z"},
        {"$type": "Bytes", "value": "YWK="},
        {"$type": "Json", "value": None},
    ],
)
def test_a_tag_that_is_ill_formed_or_fits_no_column_is_500(
    sent: Any, service: Handle, call: Call
) -> None:
    assert store_metadata(call, service, sent) == (500, None)


@pytest.mark.parametrize("place", [{"a": "\ud800"}, {"\udfff": 1}, {"a": [{"b": "\ud800x"}]}])
def test_a_lone_surrogate_is_500_in_metadata_and_replaced_in_text(
    place: Any, service: Handle, call: Call
) -> None:
    assert store_metadata(call, service, place)[0] == 500
    one = service.add_customer(name="old")
    changed = call("PUT", f"/customers/{one}", json={"name": "a\ud800"})
    assert changed.json["data"]["name"] == "a\ufffd"
    assert call("PUT", f"/customers/{one}", json={"metadata": place}).status_code == 500


def test_metadata_of_two_thousand_levels_is_answered_everywhere(
    service: Handle, call: Call
) -> None:
    deep = '{"a":' + "[" * 1900 + "]" * 1900 + "}"
    body = f'{{"appId":"{service.app_id}","metadata":{deep}}}'
    made = call("POST", "/customers", data=body, content_type=JSON)
    assert made.status_code == 201
    assert deep in made.text
    assert deep in call("GET", "/customers").text
    assert len(service.stored()) == 1
    assert service.requests[0].json != {}  # None where Python cannot read as deep


def test_a_list_whose_page_hides_its_to_string_is_500(call: Call) -> None:
    assert call("GET", "/customers?page[toString]=1").status_code == 500
    assert call("GET", "/customers?page[valueOf]=1").status_code == 400


def test_a_search_folds_letter_by_letter(service: Handle, call: Call) -> None:
    service.add_customer(name="ΝΙΚΟΣΑ")
    service.add_customer(name="İstanbul")
    for search in ("ΚΟΣ", "istanbul"):
        assert call("GET", f"/customers?search={quote(search)}").json["pagination"]["total"] == 1


def test_an_update_moves_updated_at_even_within_a_millisecond() -> None:
    service = Handle(Backend(db=":memory:", now=lambda: 1_800_000_000_000))
    one = service.add_customer()
    service.store.update(one, {"name": "A"})
    [shown] = service.stored()
    service.backend.close()
    assert shown["updatedAt"] > shown["createdAt"]


class TestOverTheWire:
    """What waitress would do otherwise."""

    def ask(self, sandbox: Sandbox, raw: str) -> bytes:
        where = urlsplit(sandbox.base_url)
        with socket.create_connection((str(where.hostname), int(where.port or 0)), 10) as caller:
            caller.sendall(raw.replace("\n", "\r\n").encode("latin-1"))
            received = b""
            while chunk := caller.recv(65536):
                received += chunk
        return received

    def test_expect_continue_is_answered_where_no_body_follows(self, sandbox: Sandbox) -> None:
        head = "GET /nope HTTP/1.1\nHost: x\nConnection: close\nExpect: 100-continue\n\n"
        received = self.ask(sandbox, head)
        assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n")

    def test_another_expectation_is_417(self, sandbox: Sandbox) -> None:
        head = "GET /nope HTTP/1.1\nHost: x\nConnection: close\nExpect: wonders\n\n"
        assert self.ask(sandbox, head).startswith(b"HTTP/1.1 417 ")

    @pytest.mark.parametrize(
        "lengths",
        [
            "Content-Length: 0\nContent-Length: 2",
            "Content-Length: x",
            "Content-Length: 2\nTransfer-Encoding: chunked",
        ],
    )
    def test_a_body_announced_twice_or_badly_is_a_bare_400(
        self, lengths: str, sandbox: Sandbox
    ) -> None:
        received = self.ask(sandbox, f"POST /customers HTTP/1.1\nHost: x\n{lengths}\n\n{{}}")
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"Content-Type" not in head
        assert body == b""


class TestDatabaseFile:
    """A file outlives the version of the sandbox that made it."""

    def first_version(self, path: Path, *, without: str = "") -> None:
        """Make a file as the version before the schema was numbered did."""
        schema = database._SCHEMA.replace(", json TEXT NOT NULL", "").replace("seq DESC", "seq")
        schema = schema.replace(f" {without} TEXT,", "")
        made = sqlite3.connect(path)
        made.executescript(schema)
        made.executescript("""
            INSERT INTO settings VALUES ('api_key', 'nr_test_sk_old'), ('app_id', 'app');
            INSERT INTO merchants VALUES ('m', 'Sandbox Merchant', NULL);
            INSERT INTO apps VALUES ('app', 'm', 'Old App', 'TEST', NULL, NULL, NULL, 0, 5, 5);
            INSERT INTO api_keys VALUES ('nr_test_sk_old', 'm', 1, NULL);
            INSERT INTO chains VALUES (1, 'ethereum', 1, 'evm');
            INSERT INTO customers (id, app_id, name, metadata, created_at, updated_at)
            VALUES ('one', 'app', 'Old', '{"a":1}', 1767225600000, 1767225600000);
            INSERT INTO wallets (id, customer_id, chain_id, wallet_address, created_at, updated_at)
            VALUES ('w', 'one', 1, '0x2', 5, 5);
        """)
        made.close()

    def test_a_file_without_a_version_is_brought_up_to_date(self, tmp_path: Path) -> None:
        path = tmp_path / "old.sqlite3"
        self.first_version(path)
        service = Handle(Backend(db=path))
        owner_and_text = service.store.detail("one")
        assert owner_and_text is not None
        shown = json.loads(owner_and_text[1])
        assert shown["app"]["name"] == "Old App"
        assert shown["wallets"][0]["chain"] == {"chainId": 1, "name": "ethereum"}
        [old] = service.stored()
        assert (old["name"], old["metadata"], old["createdAt"]) == (
            "Old",
            {"a": 1},
            "2026-01-01T00:00:00.000Z",
        )
        service.add_customer(name="New")
        service.backend.close()
        again = Handle(Backend(db=path))
        assert [one["name"] for one in again.stored()] == ["Old", "New"]
        version = again.store.database.row("PRAGMA user_version")
        again.backend.close()
        assert version is not None
        assert version[0] == database._VERSION

    def test_a_column_that_an_older_version_lacked_is_added(self, tmp_path: Path) -> None:
        path = tmp_path / "old.sqlite3"
        self.first_version(path, without="postal_code")
        service = Handle(Backend(db=path))
        service.add_customer(postal_code="N1")
        assert [one["postalCode"] for one in service.stored()] == [None, "N1"]
        service.backend.close()

    def test_a_file_of_a_newer_version_is_refused_in_words(self, tmp_path: Path) -> None:
        path = tmp_path / "newer.sqlite3"
        Backend(db=path).close()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(SchemaError, match="made by a newer version of customers_sdk"):
            Backend(db=path)

    def test_a_database_of_another_program_is_refused_and_untouched(self, tmp_path: Path) -> None:
        path = tmp_path / "other.sqlite3"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE customers (id)")
        connection.close()
        with pytest.raises(SchemaError, match="the database of another program"):
            Backend(db=path)
        connection = sqlite3.connect(path)
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        connection.close()
        assert tables == [("customers",)]

    def test_a_closed_file_is_not_opened_again(self, tmp_path: Path) -> None:
        """A write that waited while the file was closed would be stored after all."""
        service = Handle(Backend(db=tmp_path / "one.sqlite3"))
        service.backend.close()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            service.add_customer()


class TestFullDisk:
    """SQLite says that the disk is full; nothing else may be made of it."""

    def fill(self, service: Handle) -> None:
        connection = service.store.database.connection()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    @pytest.mark.parametrize("idem", ["", "k"])
    def test_a_write_is_500_and_not_404(self, idem: str, service: Handle, call: Call) -> None:
        self.fill(service)
        headers = {"Idempotency-Key": idem} if idem else {}
        body = {"appId": service.app_id, "metadata": {"a": "x" * 100_000}}
        answer = call("POST", "/customers", json=body, headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (500, "INTERNAL_ERROR")
        assert call("GET", "/customers").json["pagination"]["total"] == 0

    def test_a_response_that_cannot_be_kept_is_500_too(self, service: Handle, call: Call) -> None:
        self.fill(service)
        path = f"/customers/{'y' * 9000}"
        answer = call("PUT", path, json={}, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json["error"]["code"]) == (500, "INTERNAL_ERROR")
        assert not service.backend.application.locks._held
        assert call("PUT", path, json={}).status_code == 404
