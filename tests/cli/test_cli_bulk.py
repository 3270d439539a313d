"""``customers export`` and ``customers import``, over HTTP."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

from customers_sdk import Attempt, IncompleteListWarning, bulk
from customers_sdk.bulk import _csvrows, _files
from customers_sdk.cli._client import Waiting, connect_patiently
from customers_sdk.sandbox.faults.faults import Fault
from tests.cli.cli_running import run, start

if TYPE_CHECKING:
    from pathlib import Path

    from customers_sdk.sandbox import Sandbox
    from tests.cli.conftest import Customers as Run

HEADER = "id,mail,full name,plan\n"
ROWS = "u-1,ada@example.com,Ada,gold\nu-2,grace@example.com,Grace,\n"
MAPPED = ("--external-id=id", "--map=email=mail", "--map", "name=full name")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text(HEADER + ROWS, "utf-8")
    return path


UNUSED = "users.csv: columns that fill no field: 'plan'"


def _beside(file: Path) -> set[str]:
    return {each.name.replace(file.name, "") for each in file.parent.iterdir()}


def _table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_an_import_creates_updates_and_leaves_alone(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    sandbox.add_customer(external_id="u-2", email="old@example.com", city="Paris")
    done = customers("import", str(file), *MAPPED, "--map=metadata.plan=plan")
    assert (done.code, done.err) == (0, "")
    wanted = {"created": 1, "updated": 1, "unchanged": 0, "resumed": 0, "rejected": 0, "failed": 0}
    assert done.record.items() >= {**wanted, "dryRun": False, "rejects": None}.items()
    stored = {each.external_id: each for each in sandbox.customers}
    assert stored["u-1"].metadata == {"plan": "gold"}
    assert (stored["u-2"].email, stored["u-2"].city) == ("grace@example.com", "Paris")
    assert stored["u-2"].metadata == {}
    again = customers("import", str(file), *MAPPED, "--workers=3", "--rate=500")
    assert (again.record["unchanged"], again.complaint) == (2, UNUSED)
    assert _beside(file) == {""}


def test_rejected_rows_are_named_kept_and_the_rest_is_imported(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    more = ",x@example.com,Nameless,\nu-3,not-a-mail,Emmy,\nu-4,d@example.com\n"
    file.write_text(HEADER + ROWS + more, "utf-8")
    done = customers("import", str(file), *MAPPED)
    assert done.code == 6
    assert {each.external_id for each in sandbox.customers} == {"u-1", "u-2"}
    assert (done.record["created"], done.record["rejected"]) == (2, 3)
    unused, *lines = done.err.splitlines()
    assert unused == UNUSED
    assert [line.partition(" ")[0] for line in lines] == [
        f"users.csv:{number}:" for number in (4, 6, 5)
    ]
    rejects = file.with_name("users.csv.rejects.csv")
    assert done.record["rejects"] == str(rejects)
    assert [(row["line"], row["id"], row["mail"]) for row in _table(rejects)] == [
        ("4", "", "x@example.com"),
        ("5", "u-3", "not-a-mail"),
        ("6", "u-4", "d@example.com"),
    ]
    assert "Invalid email" in _table(rejects)[1]["reason"]
    assert rejects.stat().st_mode & 0o077 == 0


def test_customers_without_an_external_id_are_adopted_by_their_email(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    adopted = sandbox.add_customer(email="ADA@example.com")
    dry = customers("import", str(file), *MAPPED, "--adopt", "--dry-run")
    done = customers("import", str(file), *MAPPED, "--adopt")
    for each in (dry, done):
        assert (each.code, each.record["created"], each.record["updated"]) == (0, 1, 1)
    assert {each.external_id: each.id for each in sandbox.customers}["u-1"] == adopted


def test_the_reject_file_is_written_before_the_first_request(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ROWS + ",,Nameless,\n", "utf-8")
    sandbox.fail_next(403, 99)
    done = customers("import", str(file), *MAPPED)
    assert done.code == 4
    assert _table(file.with_name("users.csv.rejects.csv"))[0]["line"] == "4"


def test_a_fixed_reject_file_is_imported_by_the_same_options(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ROWS + "u-3,not-a-mail,Emmy,\n", "utf-8")
    assert customers("import", str(file), *MAPPED).code == 6
    rejects = file.with_name("users.csv.rejects.csv")
    again = customers("import", str(rejects), *MAPPED)
    assert again.code == 6
    second = file.with_name("users.csv.rejects.2.csv")
    assert again.record["rejects"] == str(second)
    assert list(_table(second)[0]) == ["line", "reason", "id", "mail", "full name", "plan"]
    assert _table(second)[0]["line"] == "2"
    rejects.write_text(rejects.read_text("utf-8").replace("not-a-mail", "emmy@example.com"))
    assert customers("import", str(rejects), *MAPPED).code == 0
    assert _beside(file) == {"", ".rejects.csv", ".rejects.csv.sha256"}
    assert len(sandbox.customers) == 3


def test_the_columns_that_a_reject_file_adds_are_skipped_without_a_word(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text("id,name,line\n,Ada,1\n", "utf-8")
    options = ("--external-id=id", "--map=name=name", "--map=address=line", "--strict")
    customers("import", str(file), *options)
    rejects = file.with_name("users.csv.rejects.csv")
    assert list(_table(rejects)[0]) == ["line_", "reason", "id", "name", "line"]
    rejects.write_text(rejects.read_text("utf-8").replace(",,Ada", ",u-1,Ada"), "utf-8")
    done = customers("import", str(rejects), *options)
    assert (done.code, done.err) == (0, "")
    assert [each.address for each in sandbox.customers] == ["1"]


def test_columns_of_these_names_that_fill_a_field_are_the_files_own(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text("line,reason,id\n1 Main St,x,\n", "utf-8")
    options = ("--external-id=id", "--map=address=line")
    assert "fill no field: 'reason'" in customers("import", str(file), *options).err
    (row,) = _table(file.with_name("users.csv.rejects.csv"))
    assert (row["line_"], row["line"], row["reason"]) == ("2", "1 Main St", "x")


def test_a_reject_file_that_is_being_fixed_is_never_written_over(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ROWS + "u-3,not-a-mail,Emmy,\nu-4,none,Al,\n", "utf-8")
    rejects = file.with_name("users.csv.rejects.csv")
    customers("import", str(file), *MAPPED)
    fixed = rejects.read_text("utf-8").replace("not-a-mail", "emmy@example.com")
    rejects.write_text(fixed, "utf-8")
    for _ in range(2):
        done = customers("import", str(file), *MAPPED)
        second = file.with_name("users.csv.rejects.2.csv")
        assert (done.code, done.record["rejects"]) == (6, str(second))
        left = "users.csv.rejects.csv: changed since it was written, and left as it is."
        assert left in done.err.splitlines()
        assert (rejects.read_text("utf-8"), len(_table(second))) == (fixed, 2)
    file.write_text(HEADER + ROWS, "utf-8")
    assert customers("import", str(file), *MAPPED).code == 0
    assert (rejects.read_text("utf-8"), second.exists()) == (fixed, False)


def test_a_reject_file_that_is_fixed_while_the_import_runs_is_not_written_over(
    sandbox: Sandbox, customers: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(HEADER + ROWS + ",,Nameless,\n", "utf-8")
    rejects = file.with_name("users.csv.rejects.csv")
    import_rows = bulk.import_rows

    def slow(*given: Any, **options: Any) -> Any:
        report = import_rows(*given, **options)
        rejects.write_text("fixed", "utf-8")
        return report

    monkeypatch.setattr(bulk, "import_rows", slow)
    done = customers("import", str(file), *MAPPED)
    assert rejects.read_text("utf-8") == "fixed"
    assert _table(file.with_name("users.csv.rejects.2.csv"))[0]["line"] == "4"
    assert done.record["rejects"].endswith(".rejects.2.csv")


def test_a_reject_file_that_is_fixed_as_soon_as_it_is_there_is_not_written_over(
    sandbox: Sandbox, customers: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(HEADER + ",,Nameless,\n", "utf-8")
    rejects = file.with_name("users.csv.rejects.csv")
    put_in_place = _files.put_in_place

    def fixed_at_once(written: Any, path: Path) -> None:
        put_in_place(written, path)
        if path == rejects and not fixed:
            fixed.append(rejects.write_text("fixed", "utf-8"))

    fixed: list[int] = []
    monkeypatch.setattr(_files, "put_in_place", fixed_at_once)
    customers("import", str(file), *MAPPED)
    assert (fixed, rejects.read_text("utf-8")) == ([5], "fixed")


def test_a_file_that_no_import_has_written_is_not_taken_for_a_reject_file(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ",,Nameless,\n", "utf-8")
    notes = file.with_name("notes.2.csv")
    notes.write_text("mine", "utf-8")
    done = customers("import", str(file), *MAPPED, "--rejects", str(notes))
    assert done.record["rejects"] == str(file.with_name("notes.3.csv"))
    assert notes.read_text("utf-8") == "mine"


def test_a_run_that_does_not_reach_the_service_leaves_the_reject_file_of_the_last(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ROWS + "u-3,not-a-mail,Emmy,\n,,Nameless,\n", "utf-8")
    customers("import", str(file), *MAPPED)
    rejects = file.with_name("users.csv.rejects.csv")
    written = rejects.read_text("utf-8")
    sandbox.fail_next(503, 99)
    assert customers("import", str(file), *MAPPED).code == 5
    assert rejects.read_text("utf-8") == written


@pytest.mark.parametrize("seal", [b"\xff\xfe", b"", b"not a digest"])
def test_a_reject_file_whose_digest_is_damaged_is_left_like_one_that_was_changed(
    sandbox: Sandbox, customers: Run, file: Path, seal: bytes
) -> None:
    file.write_text(HEADER + ",,Nameless,\n", "utf-8")
    customers("import", str(file), *MAPPED)
    rejects = file.with_name("users.csv.rejects.csv")
    written = rejects.read_bytes()
    file.with_name("users.csv.rejects.csv.sha256").write_bytes(seal)
    done = customers("import", str(file), *MAPPED)
    assert (done.code, rejects.read_bytes()) == (6, written)
    assert done.record["rejects"].endswith(".rejects.2.csv")


def test_a_folder_of_the_reject_file_that_is_not_there_is_told_before_the_first_request(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    rejects = file.with_name("nowhere") / "rejects.csv"
    done = customers("import", str(file), *MAPPED, "--rejects", str(rejects))
    assert (done.code, sandbox.requests) == (2, ())
    assert f"The folder '{rejects.parent}' does not exist." in done.complaint


def test_where_the_reject_file_cannot_be_written_the_rows_are_named_and_counted(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ROWS + "u-3,not-a-mail,Emmy,\n", "utf-8")
    rejects = file.with_name("rejects.csv")
    rejects.with_name("rejects.csv.part").mkdir()
    done = customers("import", str(file), *MAPPED, "--rejects", str(rejects))
    assert done.code == 2
    assert "users.csv:4: email: Invalid email" in done.err
    assert "users.csv: 2 created, 1 rejected, of 3 rows." in done.err
    assert "rejects.csv.part: Is a directory" in done.err


def test_a_reject_file_by_a_link_is_emptied_of_its_rows_too_once_all_are_imported(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + ",,Nameless,\n", "utf-8")
    target, link = file.with_name("kept.csv"), file.with_name("users.csv.rejects.csv")
    link.symlink_to(target)
    customers("import", str(file), *MAPPED)
    assert len(_table(target)) == 1
    file.write_text(HEADER + ROWS, "utf-8")
    assert customers("import", str(file), *MAPPED).code == 0
    assert not target.exists()


def test_columns_called_like_ours_are_kept(sandbox: Sandbox, customers: Run, file: Path) -> None:
    file.write_text("id,line,reason\nu-1,1 Main St,y\n,2,z\n", "utf-8")
    done = customers("import", str(file), "--external-id=id", "--map=address=line")
    assert done.code == 6
    (row,) = _table(file.with_name("users.csv.rejects.csv"))
    assert (row["line_"], row["line"], row["reason"]) == ("3", "2", "z")


def test_columns_called_like_those_that_stand_in_for_ours_are_kept_too(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    options = ("--external-id=id", "--map=address=line_")
    file.write_text("id,line,line_\n,1,2 Main St\n", "utf-8")
    customers("import", str(file), *options)
    rejects = file.with_name("users.csv.rejects.csv")
    assert "line__,reason,id,line,line_" in rejects.read_text("utf-8-sig")
    rejects.write_text(rejects.read_text("utf-8").replace("missing,", "missing,u-1"), "utf-8")
    assert customers("import", str(rejects), *options).code == 0
    assert [each.address for each in sandbox.customers] == ["2 Main St"]


def test_columns_called_like_fields_need_no_map(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_bytes("uid\temail\tmetadata.plan\tx\nu-1\ta@b.cc\tfür\t1\n".encode("latin-1"))
    done = customers(
        "import", str(file), "--external-id=uid", "--delimiter=tab", "--encoding=cp1252"
    )
    assert (done.code, done.complaint) == (0, "users.csv: columns that fill no field: 'x'")
    (stored,) = sandbox.customers
    assert (stored.email, stored.metadata) == ("a@b.cc", {"plan": "für"})


def test_the_column_of_the_external_id_need_not_be_named_if_it_is_called_so(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text("email,external_id\na@b.cc,u-1\n", "utf-8")
    assert customers("import", str(file)).code == 0
    assert [each.external_id for each in sandbox.customers] == ["u-1"]


def test_columns_that_fill_no_field_are_named_with_the_nearest_or_refused(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text("external_id, name,postalCode,Email,x\nu-1,Ada,1234,a@b.cc,\n", "utf-8")
    named = (
        "users.csv: columns that fill no field: ' name' (did you mean 'name'?), 'postalCode' "
        "(did you mean 'postal_code'?), 'Email' (did you mean 'email'?), 'x'"
    )
    refused = customers("import", str(file), "--map=metadata.x=x", "--strict")
    assert refused.code == 2
    assert "--strict: " in refused.complaint
    assert "'postalCode' (did you mean 'postal_code'?)" in refused.complaint
    assert not sandbox.requests
    file.write_text("city," + file.read_text("utf-8").replace("\n", "\nBern,", 1), "utf-8")
    done = customers("import", str(file))
    assert (done.code, done.complaint) == (0, named)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"external_id;name\nu-1;Ada\n", "Pass --delimiter ';'."),
        (b"external_id\tname\nu-1\tAda\n", "Pass --delimiter tab."),
        ("external_id,name\nu-1,Zoë\n".encode("utf-16"), "Pass --encoding utf-16."),
        ("external_id,name\nu-1,Zoë\n".encode("utf-16-le"), "Pass --encoding utf-16-le."),
        ("external_id,name\nu-1,Zoë €\n".encode("cp1252"), "Pass --encoding cp1252."),
        ("external_id,name\nu-1,Zoë \x81\n".encode("latin-1"), "Pass --encoding latin-1."),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_option_that_reads_it(
    sandbox: Sandbox, customers: Run, file: Path, text: bytes, advice: str
) -> None:
    file.write_bytes(text)
    refused = customers("import", str(file))
    assert (refused.code, refused.out) == (2, "")
    assert advice in refused.complaint
    assert not sandbox.requests
    option = advice.removeprefix("Pass ").rstrip(".").replace("'", "")
    assert customers("import", str(file), *option.split()).code == 0
    (stored,) = sandbox.customers
    assert (stored.name or "").startswith(("Zoë", "Ada"))


def test_a_wrong_column_is_told_by_the_option_with_the_nearest(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text("externalId,name\nu-1,Ada\n", "utf-8")
    done = customers("import", str(file))
    assert done.code == 2
    assert "--external-id: " in done.complaint
    assert "no column 'external_id'; did you mean 'externalId'?" in done.complaint
    done = customers("import", str(file), "--external-id=externalId", "--map=name=nam")
    assert "--map: " in done.complaint


def test_bytes_that_are_not_text_come_back_as_they_were(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_bytes("id,name\nu-0,Zoëë\n".encode() + b"u-1,\xff\xfe\n")
    assert customers("import", str(file), "--external-id=id").code == 6
    assert b",u-1,\xff\xfe\n" in file.with_name("users.csv.rejects.csv").read_bytes()


def test_a_dry_run_changes_nothing(sandbox: Sandbox, customers: Run, file: Path) -> None:
    file.write_text(HEADER + ROWS + ",,Nameless,\n", "utf-8")
    kept = file.with_name("users.csv.rejects.csv")
    kept.write_text("kept", "utf-8")
    done = customers("import", str(file), *MAPPED, "--dry-run")
    assert done.code == 6
    assert done.err.splitlines() == [UNUSED, "users.csv:4: external_id is missing"]
    assert (done.record["created"], done.record["dryRun"]) == (2, True)
    assert not sandbox.customers
    assert (_beside(file), kept.read_text("utf-8")) == ({"", ".rejects.csv"}, "kept")
    customers("import", str(file), *MAPPED, "--dry-run", "--rejects", str(file.with_name("r.csv")))
    assert _table(file.with_name("r.csv"))[0]["line"] == "4"


def test_only_the_first_bad_lines_are_named(sandbox: Sandbox, customers: Run, file: Path) -> None:
    file.write_text(HEADER + ",,x,\n" * 25, "utf-8")
    lines = customers("import", str(file), *MAPPED).err.splitlines()
    assert (len(lines), lines[-1]) == (12, "… and 15 more")


def test_rows_of_empty_cells_are_skipped(sandbox: Sandbox, customers: Run, file: Path) -> None:
    file.write_text(HEADER + ",,,\n" + ROWS + ",, ,\n,,,,,,\n", "utf-8")
    done = customers("import", str(file), *MAPPED)
    assert (done.code, done.record["created"], done.record["rejected"]) == (0, 2, 0)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--external-id=nope",),
        ("--external-id=id", "--map=email"),
        ("--external-id=id", "--map=bogus=mail"),
        ("--external-id=id", "--map=email=mail", "--map=email=plan"),
        ("--external-id=id", "--map=email=nope"),
        ("--external-id=id", "--delimiter=ab"),
        ("--external-id=id", "--encoding=klingon"),
        ("--external-id=id", "--workers=0"),
        ("--external-id=id", "--rate=0"),
        ("--external-id=id", "--no-journal", "--journal=j"),
        ("--external-id=id", "--journal=users.csv"),
        ("--external-id=id", "--rejects=users.csv"),
        ("--external-id=id", "--rejects=x", "--journal=x"),
    ],
)
def test_wrong_options_are_2_in_one_line_and_touch_nothing(
    sandbox: Sandbox,
    customers: Run,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(file.parent)
    done = customers("import", "users.csv", *options)
    assert (done.code, done.out) == (2, "")
    assert done.complaint
    assert not sandbox.requests
    assert (_beside(file), file.read_text("utf-8")) == ({""}, HEADER + ROWS)


def test_a_file_that_is_not_regular_is_refused_and_left(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    fifo = file.with_name("fifo")
    os.mkfifo(fifo)
    for arguments in (
        ["import", str(file), *MAPPED, "--rejects", str(fifo)],
        ["import", str(file), *MAPPED, "--journal", str(fifo)],
        ["import", str(fifo), *MAPPED],
        ["export", str(fifo), "--format=csv"],
    ):
        done = customers(*arguments)
        assert done.code == 2
        assert "not a regular file" in done.err
    assert fifo.is_fifo()
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("content", "name"), [("", "users.csv"), ("Zoë\n", "users.csv"), (HEADER, "pipe")]
)
def test_a_file_is_named_as_it_was_typed(
    sandbox: Sandbox,
    customers: Run,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str,
    name: str,
) -> None:
    monkeypatch.chdir(file.parent)
    file.write_text(content, "latin-1")
    os.mkfifo("pipe")
    done = customers("import", "users.csv", *MAPPED, "--rejects", "pipe")
    assert done.code == 2
    assert re.search(rf"\b{name}\b", done.complaint)


@pytest.mark.parametrize("before", [None, 0o640])
def test_a_reject_file_is_private_unless_it_was_not(
    sandbox: Sandbox, customers: Run, file: Path, before: int | None
) -> None:
    file.write_text(HEADER + ",,Nameless,\n", "utf-8")
    rejects = file.with_name("users.csv.rejects.csv")
    if before is not None:
        rejects.touch()
        rejects.chmod(before)
    customers("import", str(file), *MAPPED)
    assert rejects.stat().st_mode & 0o777 == (before or 0o600)


def test_an_import_reads_its_file_twice_and_checks_it_once(
    sandbox: Sandbox, customers: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = []
    walk = _csvrows.records

    def counted(*arguments: Any) -> Any:
        records = list(walk(*arguments))
        walks.append(len(records))
        return iter(records)

    monkeypatch.setattr(_csvrows, "records", counted)
    assert customers("import", str(file), *MAPPED).code == 0
    assert walks[1:] == [3, 3]  # the first is for the header


def test_a_failed_import_is_resumed_by_the_same_command(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    sandbox.fail_next(503, 6, method="POST", path="/customers")
    done = customers("import", str(file), *MAPPED)
    assert done.code == 6
    assert (done.record["created"], done.record["failed"]) == (1, 1)
    assert "(for now)" in done.err
    assert ".journal" in _beside(file)
    again = customers("import", str(file), *MAPPED)
    assert (again.code, again.record["created"], again.record["resumed"]) == (0, 1, 1)
    assert _beside(file) == {""}


def test_an_outage_ends_an_import_and_says_how_to_resume(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + "".join(f"u-{number},,,\n" for number in range(30)), "utf-8")
    sandbox.fail_next(503, 999)
    done = customers("import", str(file), *MAPPED)
    assert done.code == 5
    assert done.err.endswith(" Run the same command again later.\n")
    sandbox.clear_faults()
    sandbox.faults.add(Fault("fail_next", 999, after=9, status=503))
    done = customers("import", str(file), *MAPPED)
    assert done.code == 5
    assert re.search(r"users.csv: 8 created, 1[0-2] failed for now, of 30 rows.\n", done.err)
    assert done.err.endswith(" Run the same command again to resume.\n")


@pytest.mark.parametrize(
    ("name", "wrong", "right_one"),
    [
        ("NODERAILS_APP_ID", "00000000-0000-4000-8000-000000000000", "app_id"),
        ("NODERAILS_API_KEY", "nr_test_sk_unknown", "api_key"),
        ("NODERAILS_BASE_URL", "/v1", "base_url"),
    ],
)
def test_a_run_with_a_wrong_setting_does_not_stand_in_the_way_of_the_right_one(
    sandbox: Sandbox,
    customers: Run,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    wrong: str,
    right_one: str,
) -> None:
    file.write_text(f"{HEADER}{ROWS}u-3,not-a-mail,Emmy,\n", "utf-8")
    right = getattr(sandbox, right_one)
    monkeypatch.setenv(name, f"{right}{wrong}" if wrong == "/v1" else wrong)
    done = customers("import", str(file), *MAPPED, "--workers=4")
    assert done.code in (2, 4)
    assert name in done.err
    assert "Run the same command again" not in done.err
    assert len(sandbox.requests) <= 4
    monkeypatch.setenv(name, right)
    done = customers("import", str(file), *MAPPED)
    assert (done.code, done.record["created"]) == (6, 2)


def test_a_journal_of_another_app_is_refused_with_two_ways_out(
    sandbox: Sandbox, customers: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults.add(Fault("fail_next", 999, after=2, status=503))
    assert customers("import", str(file), *MAPPED).code == 6
    sandbox.clear_faults()
    app = sandbox.app_id
    monkeypatch.setenv("NODERAILS_APP_ID", sandbox.add_app())
    done = customers("import", str(file), *MAPPED)
    assert done.code == 2
    assert f"--journal: {file}.journal is of an import into app {app}" in done.err
    assert "; delete it (customers that exist are not created twice), or pass" in done.err
    journal = file.with_name("other.journal")
    assert customers("import", str(file), *MAPPED, "--journal", str(journal)).code == 0


def test_what_is_wrong_with_a_row_is_told_in_the_words_of_the_service_alone(
    sandbox: Sandbox, customers: Run, file: Path
) -> None:
    file.write_text(HEADER + "u-3,not-a-mail,Emmy,\n", "utf-8")
    done = customers("import", str(file), *MAPPED)
    assert done.err.splitlines()[1:] == ["users.csv:2: email: Invalid email"]
    (row,) = _table(file.with_name("users.csv.rejects.csv"))
    assert row["reason"] == "email: Invalid email"


def test_a_sentence_ends_once(sandbox: Sandbox, customers: Run, file: Path) -> None:
    file.write_text(HEADER.replace("id", "identity", 1) + ROWS, "utf-8")
    done = customers("import", str(file), "--external-id=identit")
    assert "did you mean 'identity'? See " in done.complaint


def _attempt(retry_in: float | None, number: int = 1, status: int | None = None) -> Attempt:
    failure = None if status else "not_sent"
    return Attempt(
        *("GET", "/customers", number, status, failure, 0.0, 0, 0, "id"),
        replayed=False,
        retry_in=retry_in,
    )


def test_an_import_that_waits_for_the_service_says_so_now_and_then(
    capfd: pytest.CaptureFixture[str],
) -> None:
    now = 100.0
    waiting = Waiting(lambda: now)
    told = []
    for passes, attempt in (
        (0, _attempt(0.5)),
        (1, _attempt(1.0, 2)),
        (2, _attempt(4.0, 3)),  # has failed for 3 s, and will for 7
        (4, _attempt(8.0, 4, 503)),  # told a moment ago
        (11, _attempt(8.0, 5, 503)),
        (8, _attempt(None, 6, 503)),
        (1, _attempt(None, 1, 200)),
        (9, _attempt(0.5, 1, 502)),
    ):
        now += passes
        waiting(attempt)
        told.append(capfd.readouterr().err)
    assert [line for line in told if line] == [
        "customers: The service does not respond. Retrying in 4 s (try 4 of 6).\n",
        "customers: The service responds with 503. Retrying in 8 s (try 6 of 6).\n",
    ]


def test_a_long_wait_that_the_service_asks_for_is_told_at_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Waiting(lambda: 0.0)(_attempt(59.2, 1, 429))
    told = "customers: The service responds with 429. Retrying in 60 s (try 2 of 6).\n"
    assert capfd.readouterr().err == told


def test_imports_and_exports_say_that_they_wait(sandbox: Sandbox) -> None:
    with connect_patiently() as client:
        assert isinstance(client._transport._on_attempt, Waiting)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_import_is_resumed_and_creates_no_customer_twice(
    sandbox: Sandbox, file: Path, how: signal.Signals
) -> None:
    bad = "u-bad,not-a-mail,x,\n"
    rows = "".join(f"u-{number},u{number}@example.com,x,\n" for number in range(60))
    file.write_text(HEADER + bad + rows, "utf-8")
    sandbox.latency(0.02, method="POST")
    process = start("import", str(file), *MAPPED, "--workers=2")
    ends = time.monotonic() + 10
    while len(sandbox.customers) < 10:
        assert time.monotonic() < ends, process.communicate()
        time.sleep(0.02)
    process.send_signal(how)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    if how is signal.SIGINT:
        unused, done, hint = complaint.splitlines()
        assert (unused, hint) == (UNUSED, "Interrupted. Run the same command again to resume.")
        told = re.fullmatch(r"users.csv: (\d+) created, 1 rejected, of 61 rows.", done)
        assert told
        assert int(told[1]) == len(sandbox.customers)
    assert 10 <= len(sandbox.customers) < 60
    sandbox.clear_faults()
    done = run("import", str(file), *MAPPED, "--workers=2")
    assert done.code == 6
    assert done.record["resumed"] > 0
    assert [row["id"] for row in _table(file.with_name("users.csv.rejects.csv"))] == ["u-bad"]
    assert sorted(each.external_id or "" for each in sandbox.customers) == sorted(
        f"u-{number}" for number in range(60)
    )


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_an_export_is_complete(
    sandbox: Sandbox, customers: Run, tmp_path: Path, ending: str
) -> None:
    for number in range(7):
        sandbox.add_customer(external_id=f"u-{number}")
    sandbox.add_customer(app_id=sandbox.add_app())
    target = tmp_path / f"all.{ending}"
    done = customers("export", str(target), "--page-size=3", "--prefetch=2")
    assert (done.code, done.err) == (0, "")
    assert done.record == {"file": str(target), "customers": 7, "complete": True}
    text = target.read_text("utf-8")
    assert len(text.splitlines()) == (7 if ending == "jsonl" else 8)
    assert customers("export", str(target), "--all-apps").record["customers"] == 8
    assert customers("export", str(target), "--search=-6").record["customers"] == 1
    assert [each.name for each in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_dash_is_standard_output(sandbox: Sandbox, customers: Run, form: str) -> None:
    for number in range(7):
        sandbox.add_customer(external_id=f"=u-{number}")
    done = customers("export", "-", f"--format={form}", "--page-size=3")
    assert (done.code, done.err) == (0, "")
    if form == "jsonl":
        assert len({record["id"] for record in done.records}) == 7
        assert customers("export", "-").out == done.out
        assert customers("export", "-", "--resume").code == 2
        assert customers("export", "-", "--excel-safe").code == 2
    else:
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert rows[0]["external_id"].startswith("=u-")
        safe = customers("export", "-", "--format=csv", "--excel-safe").out
        assert all(
            row["external_id"].startswith("'=u-") for row in csv.DictReader(io.StringIO(safe))
        )


def test_the_format_is_the_files_ending_or_named(
    sandbox: Sandbox, customers: Run, tmp_path: Path
) -> None:
    sandbox.add_customer(external_id="u-1")
    refused = customers("export", str(tmp_path / "all.txt"))
    assert refused.code == 2
    assert "Pass --format jsonl." in refused.complaint
    assert customers("export", str(tmp_path / "all.txt"), "--format=jsonl").code == 0
    assert json.loads((tmp_path / "all.txt").read_text("utf-8"))["externalId"] == "u-1"


def test_an_export_that_is_cut_short_says_how_to_resume_and_does(
    sandbox: Sandbox, customers: Run, tmp_path: Path
) -> None:
    for number in range(9):
        sandbox.add_customer(external_id=f"u-{number}")
    target = tmp_path / "all.jsonl"
    target.write_text("old", "utf-8")
    sandbox.faults.add(_third_page_fails())
    done = customers("export", str(target), "--page-size=3")
    assert (done.code, target.read_text("utf-8")) == (5, "old")
    assert done.complaint.endswith(". Run the same command with --resume to resume.")
    sandbox.clear_faults()
    again = customers("export", str(target), "--page-size=3", "--resume")
    assert again.record["customers"] == 9
    ids = [json.loads(line)["externalId"] for line in target.read_text("utf-8").splitlines()]
    assert sorted(ids) == [f"u-{number}" for number in range(9)]
    assert customers("export", str(target), "--resume", "--page-size=3").code == 0


@pytest.mark.parametrize(
    ("option", "setting"), [((), "NODERAILS_APP_ID"), (("--all-apps",), "NODERAILS_API_KEY")]
)
@pytest.mark.parametrize("resume", [(), ("--resume",)])
def test_an_export_of_nobody_over_a_file_names_the_setting_and_does_not_say_how_to_resume(
    sandbox: Sandbox,
    customers: Run,
    tmp_path: Path,
    option: tuple[str, ...],
    setting: str,
    resume: tuple[str, ...],
) -> None:
    target = tmp_path / "all.jsonl"
    target.write_text("old", "utf-8")
    done = customers("export", str(target), *option, *resume)
    assert (done.code, target.read_text("utf-8")) == (2, "old")
    assert f"{setting} lists no customers: all.jsonl, which has some, was kept" in done.complaint
    assert "resume" not in done.complaint


def _third_page_fails() -> Any:
    return Fault("fail_next", 99, after=2, status=503, path="/customers")


def test_an_incomplete_export_is_6_and_says_so(
    sandbox: Sandbox, customers: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: Any, **__: Any) -> int:
        warnings.warn("the list is incomplete: 3 missing", IncompleteListWarning, stacklevel=2)
        return 4

    monkeypatch.setattr(bulk, "export_customers", lose)
    done = customers("export", str(tmp_path / "all.jsonl"))
    assert done.code == 6
    assert done.record["complete"] is False
    assert "customers: the list is incomplete: 3 missing" in done.complaint


def test_a_folder_that_is_not_there_is_2(sandbox: Sandbox, customers: Run, tmp_path: Path) -> None:
    done = customers("export", str(tmp_path / "nowhere" / "all.csv"))
    assert done.code == 2
    assert "nowhere" in done.complaint
