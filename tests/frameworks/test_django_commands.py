"""``manage.py customers_check`` and ``customers_export``."""

from __future__ import annotations

import io
import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from customers_sdk import IncompleteListWarning
from customers_sdk.customers import Customers
from customers_sdk.django import get_client, get_fake
from customers_sdk.sandbox.faults.faults import Fault
from tests.doubles import APP, KEY


def run(name: str, *arguments: str, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def five(customers: Any) -> list[str]:
    """Five customers in the fake, the oldest first."""
    customers(FAKE=True, MAX_RETRIES=0)
    return [get_fake().add_customer(external_id=f"user-{at}", name="é\n") for at in range(5)]


def test_check_says_what_answers(five: list[str]) -> None:
    out, _ = run("customers_check")
    assert f"test key, app {get_client().app_id}, 5 customers" in out


def test_check_fails_with_one_line_and_no_key(customers: Any) -> None:
    customers(API_KEY=KEY, APP_ID=APP, BASE_URL="http://127.0.0.1:1", MAX_RETRIES=0)
    with pytest.raises(CommandError) as caught:
        run("customers_check")
    assert KEY not in str(caught.value)


def test_commands_begin_with_the_system_checks(customers: Any) -> None:
    customers({})
    for arguments in (["customers_check"], ["customers_export", "-"]):
        with pytest.raises(SystemCheckError, match=r"customers_sdk\.E003"):
            run(*arguments, skip_checks=False)


def lines(text: str) -> list[Any]:
    return [json.loads(line)["externalId"] for line in text.splitlines()]


def test_export_writes_all_customers_for_its_owner_to_read(five: list[str], tmp_path: Path) -> None:
    target = tmp_path / "customers.jsonl"
    _, err = run("customers_export", str(target))
    assert sorted(lines(target.read_text())) == [f"user-{at}" for at in range(5)]
    assert err == f"5 customers in {target}\n"
    assert list(tmp_path.iterdir()) == [target]
    if os.name == "posix":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_export_prints_and_searches(five: list[str]) -> None:
    out, _ = run("customers_export", "-", search="user-3")
    assert lines(out) == ["user-3"]


def test_export_takes_every_app_if_told_to(five: list[str]) -> None:
    other = get_fake().add_app(name="Other")
    get_fake().add_customer(external_id="theirs", app_id=other)
    assert "theirs" not in run("customers_export", "-")[0]
    assert "theirs" in run("customers_export", "-", all_apps=True)[0]


def test_an_export_that_fails_leaves_what_was_there(five: list[str], tmp_path: Path) -> None:
    target = tmp_path / "customers.jsonl"
    target.write_text("yesterday's")
    get_fake().fail_next(400)
    with pytest.raises(CommandError, match="nothing was written: 400"):
        run("customers_export", str(target))
    assert target.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupted_export_is_resumed(five: list[str], tmp_path: Path) -> None:
    for number in range(150):
        get_fake().add_customer(external_id=f"more-{number}")
    target = tmp_path / "customers.jsonl"
    get_fake().faults.add(Fault("fail_next", 99, after=1, status=400, path="/customers"))
    with pytest.raises(CommandError, match="nothing was written: 400"):
        run("customers_export", str(target))
    assert not target.exists()
    get_fake().clear_faults()
    run("customers_export", str(target), resume=True)
    assert len(set(lines(target.read_text()))) == 155
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_export_that_is_interrupted_at_once_leaves_nothing(
    five: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def interrupt(self: Customers, **_: Any) -> Any:
        raise error

    monkeypatch.setattr(Customers, "list_page", interrupt)
    with pytest.raises(error):
        run("customers_export", str(tmp_path / "customers.jsonl"))
    assert list(tmp_path.iterdir()) == []


def test_a_list_that_may_lack_customers_is_no_export(
    five: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Customers.list_page

    def short(self: Customers, **asked: Any) -> Any:
        warnings.warn("some are missing", IncompleteListWarning, stacklevel=2)
        return whole(self, **asked)

    monkeypatch.setattr(Customers, "list_page", short)
    with pytest.raises(CommandError, match="nothing was written: some are missing"):
        run("customers_export", str(tmp_path / "customers.jsonl"))
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_followed_and_stays_one(five: list[str], tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(real)
    run("customers_export", str(link))
    assert link.is_symlink()
    assert len(lines(real.read_text())) == 5


@pytest.mark.parametrize(
    ("name", "options", "first"),
    [
        ("customers.csv", {}, "id,external_id,"),
        ("customers", {"format": "csv"}, "id,external_id,"),
        ("customers", {}, '{"id":'),
        ("-", {"format": "csv"}, "id,external_id,"),
    ],
)
def test_the_format_is_named_or_the_files_ending_or_json_lines(
    five: list[str], tmp_path: Path, name: str, options: Any, first: str
) -> None:
    target = tmp_path / name
    out, _ = run("customers_export", name if name == "-" else str(target), **options)
    assert (out or target.read_text()).startswith(first)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (".", "Is a directory"),
        ("missing/customers.jsonl", "No such file"),
        ("fifo", "path: .*fifo exists and is not a regular file"),
    ],
)
def test_where_no_file_can_be_is_said(
    five: list[str], tmp_path: Path, target: str, reason: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CommandError, match=f"nothing was written: {reason}"):
        run("customers_export", str(tmp_path / target))
    assert [path.name for path in tmp_path.iterdir()] == ["fifo"]
    assert not get_fake().requests
