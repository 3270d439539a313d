"""The commands for single customers, wallets and lists, against the sandbox over HTTP."""

from __future__ import annotations

import json
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

from customers_sdk import Customers, IncompleteListWarning
from customers_sdk.cli._output import write_json

if TYPE_CHECKING:
    from customers_sdk.sandbox import Sandbox
    from tests.cli.conftest import Customers as Run

NOBODY = "00000000-0000-4000-8000-000000000000"
ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def test_a_customer_is_created_with_all_that_was_given(sandbox: Sandbox, customers: Run) -> None:
    arguments = ["--external-id=u-1", "--email=a@b.cc", "--name=Ada", "--address=1 Main St"]
    arguments += ["--city=London", "--state=X", "--country=GB", "--postal-code=N1"]
    done = customers("create", *arguments, "--metadata", '{"plan": "gold", "é": "日本"}')
    assert (done.code, done.err) == (0, "")
    (stored,) = sandbox.customers
    assert stored.to_dict().items() >= done.record.items()
    assert done.record["externalId"] == "u-1"
    assert done.record["postalCode"] == "N1"
    assert done.record["metadata"] == {"plan": "gold", "é": "日本"}
    assert "日本" in done.out


@pytest.mark.parametrize("text", ["[1]", "{", "[" * 100_000, '"x"'])
def test_metadata_must_be_an_object_of_json(sandbox: Sandbox, customers: Run, text: str) -> None:
    done = customers("create", "--metadata", text)
    assert done.code == 2
    assert "--metadata" in done.complaint
    assert not sandbox.requests


def test_show_has_the_history_by_either_id(sandbox: Sandbox, customers: Run) -> None:
    id_ = sandbox.add_customer(external_id="u-1")
    sandbox.add_payment_intent(id_, amount="12.50", currency="EUR", status="CAPTURED")
    by_id = customers("show", id_)
    assert by_id.code == 0
    assert by_id.record["paymentIntents"][0]["amount"] == "12.5"
    assert customers("show", "--external-id", "u-1").record == by_id.record


@pytest.mark.parametrize(
    "arguments",
    [("show", NOBODY), ("update", NOBODY, "--city=X"), ("wallet", "remove", NOBODY, NOBODY)],
)
def test_what_is_not_there_is_3(
    sandbox: Sandbox, customers: Run, arguments: tuple[str, ...]
) -> None:
    done = customers(*arguments)
    assert (done.code, done.out) == (3, "")
    assert re.search(r"request id [0-9a-f]{32}\]$", done.complaint)


def test_an_external_id_that_nobody_has_is_3(sandbox: Sandbox, customers: Run) -> None:
    sandbox.add_customer(external_id="u-12")
    done = customers("show", "--external-id", "u-1")
    assert (done.code, done.out) == (3, "")
    assert sandbox.app_id in done.complaint


def test_a_customer_is_named_by_id_or_external_id_or_email(
    sandbox: Sandbox, customers: Run
) -> None:
    id_ = sandbox.add_customer(external_id="u-1", email="ada@example.com")
    for name in ((id_,), ("--by-external-id", "u-1"), ("--by-email", "ADA@example.com")):
        assert customers("show", *name).record["id"] == id_
        assert customers("update", *name, "--city=London").record["id"] == id_
        added = customers("wallet", "add", *name, "--chain=base", "--address", ADDRESS).record
        assert (added["customerAccountId"], added["chainId"]) == (id_, 8453)
        assert customers("wallet", "remove", *name, added["id"]).code == 0


def test_several_customers_of_one_email_are_listed_and_nothing_is_done(
    sandbox: Sandbox, customers: Run
) -> None:
    ids = {sandbox.add_customer(email="ada@example.com", name="Ada") for _ in range(2)}
    done = customers("update", "--by-email=ada@example.com", "--name=Grace")
    assert done.code == 3
    assert {each["id"] for each in done.records} == ids
    assert "2 customers have this e-mail address, so nothing was done." in done.complaint
    assert {each.name for each in sandbox.customers} == {"Ada"}


def test_an_own_id_in_the_place_of_the_service_s_is_explained(
    sandbox: Sandbox, customers: Run
) -> None:
    done = customers("show", "user-42")
    assert done.code == 3
    assert "If this is your own id, pass it with --by-external-id." in done.complaint


def test_create_can_take_an_external_id_that_exists(sandbox: Sandbox, customers: Run) -> None:
    arguments = ("create", "--external-id=u-1", "--city=London", '--metadata={"a": 1}')
    first = customers(*arguments, "--or-get").record
    assert customers(*arguments, "--or-get", "--name=Ada").record["name"] is None
    again = customers(*arguments[:2], '--metadata={"b": 2}', "--or-update").record
    assert (again["id"], again["city"], again["metadata"]) == (
        first["id"],
        "London",
        {"a": 1, "b": 2},
    )
    assert customers("create", "--or-get").code == 2


def test_a_customer_without_an_external_id_can_be_adopted(sandbox: Sandbox, customers: Run) -> None:
    id_ = sandbox.add_customer(email="ada@example.com")
    arguments = ("create", "--external-id=u-1", "--email=ada@example.com")
    assert customers(*arguments, "--or-get", "--adopt").record["id"] == id_
    assert customers(*arguments, "--adopt").code == 2
    assert [each.external_id for each in sandbox.customers] == ["u-1"]


def test_members_of_the_metadata_are_merged_and_removed(sandbox: Sandbox, customers: Run) -> None:
    id_ = sandbox.add_customer(metadata={"a": 1, "b": 2})
    done = customers("update", id_, '--merge-metadata={"c": 3}', "--remove-metadata=a")
    assert done.record["metadata"] == {"b": 2, "c": 3}
    assert customers("update", id_, "--metadata={}", "--remove-metadata=b").code == 2


@pytest.mark.parametrize("arguments", [(), ("x", "--external-id=u")])
def test_show_wants_one_id(sandbox: Sandbox, customers: Run, arguments: tuple[str, ...]) -> None:
    assert customers("show", *arguments).code == 2
    assert not sandbox.requests


def test_update_changes_what_is_named_and_an_empty_text_blanks(
    sandbox: Sandbox, customers: Run
) -> None:
    id_ = sandbox.add_customer(external_id="u-1", name="Ada", city="Paris", metadata={"a": 1})
    done = customers("update", id_, "--city=", "--metadata={}")
    assert (done.code, done.err) == (0, "")
    (stored,) = sandbox.customers
    assert (stored.name, stored.city, stored.metadata) == ("Ada", "", {})


def test_an_update_of_nothing_is_not_sent(sandbox: Sandbox, customers: Run) -> None:
    assert customers("update", NOBODY).code == 2
    assert not sandbox.requests


def test_a_wallet_is_added_and_removed(sandbox: Sandbox, customers: Run) -> None:
    id_ = sandbox.add_customer()
    added = customers("wallet", "add", id_, "--chain=8453", "--address", ADDRESS)
    assert added.code == 0
    assert added.record["walletAddress"] == ADDRESS.lower()
    removed = customers("wallet", "remove", id_, added.record["id"])
    assert removed.code == 0
    assert removed.record["removed"] is True
    assert not sandbox.customers[0].wallets


def test_a_list_is_one_record_a_line_the_newest_first(sandbox: Sandbox, customers: Run) -> None:
    for number in range(5):
        stamp = f"2026-01-0{number + 1}T00:00:00Z"
        sandbox.add_customer(external_id=f"u-{number}", created_at=stamp)
    done = customers("list")
    assert (done.code, done.err) == (0, "")
    assert [each["externalId"] for each in done.records] == ["u-4", "u-3", "u-2", "u-1", "u-0"]
    assert len(customers("list", "--limit=2").records) == 2
    assert len(customers("list", "--limit=0", "--prefetch=2").records) == 5
    assert [each["externalId"] for each in customers("list", "--search=-3").records] == ["u-3"]


def test_a_list_is_of_the_own_app_or_of_all(sandbox: Sandbox, customers: Run) -> None:
    sandbox.add_customer(app_id=sandbox.add_app())
    assert customers("list").out == ""
    assert len(customers("list", "--all-apps").records) == 1


def test_a_list_that_is_incomplete_says_so_and_is_6(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.add_customer(external_id="u-1")
    walk = Customers.list

    def lose(*arguments: Any, **options: Any) -> Any:
        for _ in range(2):
            warnings.warn("the list is incomplete: 3 missing", IncompleteListWarning, stacklevel=2)
        yield from walk(*arguments, **options)

    monkeypatch.setattr(Customers, "list", lose)
    done = customers("list")
    assert done.code == 6
    assert len(done.records) == 1
    assert "customers: the list is incomplete: 3 missing (and 1 more" in done.complaint


def test_json_is_fit_for_any_reader(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a\x9b31m\u202eb\u2028c"
    sandbox.add_customer(name=name)
    done = customers("list")
    assert done.record["name"] == name
    assert done.out.rstrip("\n").isprintable()


def test_help_names_every_command_and_every_exit_code(customers: Run) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        done = customers(*arguments)
        assert done.code == 0
        for word in ("create", "doctor", "export", "import", "list", "sandbox", "show", "update"):
            assert f"\n  {word} " in done.out
        for code in (0, 2, 3, 4, 5, 6, 130):
            assert f"\n    {code} " in done.out
    assert "add" in customers("wallet").out


def test_the_version_is_told(customers: Run) -> None:
    from customers_sdk import __version__

    assert __version__ in customers("--version").out


def test_records_are_written_as_the_service_has_them(sandbox: Sandbox, customers: Run) -> None:
    sandbox.add_customer(metadata={"big": 10**20, "deep": {"list": [1.5, None, True]}})
    (stored,) = sandbox.stored()
    assert json.loads(customers("list").out)["metadata"] == stored["metadata"]


def test_records_nested_deeply_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    deep: Any = {}
    for _ in range(3_000):
        deep = {"a": deep}
    write_json({"metadata": deep})
    assert capsys.readouterr().out == '{"metadata": ' + '{"a": ' * 3_000 + "{" + "}" * 3_002 + "\n"


def test_a_person_gets_tables_unless_they_ask_for_json(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    none = customers("list")
    assert (none.code, none.out) == (0, "")
    assert none.complaint == "No customers yet. Create one with: customers create --email …"
    created = customers("create", "--name=Ada")
    assert "Ada" in created.out
    assert "{" not in created.out
    assert customers("list", "--json").record["name"] == "Ada"
    id_ = sandbox.customers[0].id
    added = customers("wallet", "add", id_, "--chain=8453", "--address", ADDRESS)
    assert "base 8453" in added.out
    (wallet,) = sandbox.customers[0].wallets
    assert customers("wallet", "remove", id_, wallet.id).out == "The wallet was removed.\n"


def test_a_long_list_is_drawn_piece_by_piece(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(130):
        sandbox.add_customer(external_id=f"u-{number}")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for limit, shown in ((0, 130), (100, 100), (120, 120), (130, 130)):
        done = customers("list", f"--limit={limit}")
        assert len(re.findall(r" u-[0-9]+ ", done.out)) == shown
        assert ("There are more" in done.err) is (0 < limit < 130)
    assert len(re.findall(r" u-[0-9]+ ", customers("list").out)) == 50
