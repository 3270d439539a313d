"""Exports: atomic, resumed after a stop, and merged from parts."""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import json
import os
import stat
import sys
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_sdk import (
    AuthenticationError,
    Client,
    ConfigurationError,
    CustomerSummary,
    IncompleteListWarning,
)
from customers_sdk._lists.walk import Place, walk
from customers_sdk._wire import codec
from customers_sdk.bulk import (
    CsvRows,
    ExportProgress,
    IncompleteExportError,
    _exporting,
    _formats,
    export_customers,
    export_part,
    import_rows,
    merge_exports,
    plan_export,
)
from customers_sdk.testing import MockCustomers

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def many(mock: MockCustomers) -> list[str]:
    """The ids of 250 customers, of whom some share an instant."""
    return [
        mock.add_customer(
            external_id=f"u{number}",
            name=f"Zoë {number}",
            created_at=START + timedelta(milliseconds=number // 7),
        )
        for number in range(250)
    ]


def ids_in(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]


def files(path: Path) -> list[str]:
    return sorted(file.name for file in path.iterdir())


def test_json_lines_are_the_wire_form(mock: MockCustomers, client: Client, tmp_path: Path) -> None:
    customer_id = mock.add_customer(external_id="u1", name="Zoë", metadata={"a": [1, None]})
    client.customers.add_wallet(customer_id, chain_id=1, wallet_address="0x" + "ab" * 20)
    path = tmp_path / "all.jsonl"

    assert export_customers(client, path) == 1

    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert '"name":"Zoë"' in line
    (customer,) = client.customers.list()
    assert CustomerSummary.from_dict(json.loads(line)) == customer
    assert files(tmp_path) == ["all.jsonl"]


def test_csv_has_a_header_and_fixed_columns(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    customer_id = mock.add_customer(external_id="u1", name='Zoë, "Z"', metadata={"a": 1})
    client.customers.add_wallet(customer_id, chain_id=1, wallet_address="0x" + "ab" * 20)
    path = tmp_path / "all.csv"

    export_customers(client, path)

    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    (customer,) = client.customers.list()
    assert row["id"] == customer_id
    assert row["name"] == 'Zoë, "Z"'
    assert row["email"] == ""
    assert json.loads(row["metadata"]) == {"a": 1}
    assert json.loads(row["wallets"])[0]["walletAddress"] == "0x" + "ab" * 20
    assert row["invoices"] == "0"
    assert datetime.fromisoformat(row["created_at"].replace("Z", "+00:00")) == customer.created_at


def test_an_exported_csv_can_be_imported(
    mock: MockCustomers, client: Client, many: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "all.csv"
    export_customers(client, path)

    report = import_rows(client, CsvRows(path, external_id="external_id"))

    assert report.unchanged == 250
    assert report.complete


@pytest.mark.parametrize("prefetch", [0, 4])
def test_each_customer_is_there_once_and_in_order(
    client: Client, many: list[str], tmp_path: Path, prefetch: int
) -> None:
    path = tmp_path / "all.ndjson"
    seen: list[ExportProgress] = []

    count = export_customers(client, path, page_size=40, prefetch=prefetch, progress=seen.append)

    assert count == 250
    assert ids_in(path) == [customer.id for customer in client.customers.list(page_size=40)]
    assert seen[0] == ExportProgress(40, 250)
    assert seen[-1] == ExportProgress(250, 250)


def test_search_and_app_choose(mock: MockCustomers, client: Client, tmp_path: Path) -> None:
    mock.add_customer(external_id="u1", name="Ada")
    mock.add_customer(external_id="u2", name="Bo")
    other = mock.add_app(name="Other")
    mock.add_customer(external_id="u3", name="Ada too", app_id=other)
    path = tmp_path / "some.jsonl"

    assert export_customers(client, path, search="ada") == 1
    assert export_customers(client, path, search="ada", app_id=None) == 2
    assert export_customers(client, path, app_id=other) == 1


def test_nobody_is_an_empty_file(mock: MockCustomers, client: Client, tmp_path: Path) -> None:
    assert export_customers(client, tmp_path / "none.jsonl") == 0
    assert (tmp_path / "none.jsonl").read_bytes() == b""
    assert export_customers(client, tmp_path / "none.csv") == 0
    assert len((tmp_path / "none.csv").read_text().splitlines()) == 1


def stopped(client: Client, path: Path, after: int, **options: Any) -> None:
    def stop(now: ExportProgress) -> None:
        if now.done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_customers(client, path, page_size=20, progress=stop, **options)


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_nobody_does_not_replace_a_file_that_has_customers(
    mock: MockCustomers, client: Client, tmp_path: Path, name: str
) -> None:
    mock.add_customer()
    path = tmp_path / name
    export_customers(client, path)
    kept = path.read_bytes()
    with pytest.raises(ConfigurationError, match="app_id lists no customers") as caught:
        export_customers(client, path, app_id="00000000-0000-4000-8000-000000000009")
    assert caught.value.setting == "app_id"
    assert path.read_bytes() == kept
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert export_customers(client, path, search="no one") == 0


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
@pytest.mark.parametrize("torn", [b"", b'{"id":"half'])
def test_an_interrupted_export_is_resumed_with_the_same_rows(
    mock: MockCustomers, client: Client, many: list[str], tmp_path: Path, ending: str, torn: bytes
) -> None:
    path = tmp_path / f"all.{ending}"
    whole = tmp_path / f"whole.{ending}"
    export_customers(client, whole, page_size=20)
    stopped(client, path, 60)
    with (tmp_path / f"all.{ending}.part").open("ab") as file:
        file.write(torn)
    assert not path.exists()
    before = len(mock.requests)
    # Born meanwhile: they push the others down, and are no part of this export.
    for number in range(7):
        mock.add_customer(external_id=f"new{number}")

    stopped(client, path, 140, resume=True)
    seen: list[ExportProgress] = []
    count = export_customers(client, path, page_size=20, resume=True, progress=seen.append)

    assert count == 250
    assert sorted(path.read_bytes().splitlines()) == sorted(whole.read_bytes().splitlines())
    assert seen[0].done > 140
    assert len(mock.requests) - before <= 10 + 8
    assert files(tmp_path) == sorted([path.name, whole.name])


def test_without_resume_an_export_begins_anew(
    client: Client, many: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    stopped(client, path, 60)

    assert export_customers(client, path) == 250
    assert len(ids_in(path)) == 250


def test_nothing_to_resume_begins(client: Client, many: list[str], tmp_path: Path) -> None:
    assert export_customers(client, tmp_path / "all.csv", resume=True) == 250
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 251


@pytest.mark.parametrize(
    "options",
    [
        {"search": "ada@example.com"},
        {"app_id": None},
        {"format": "csv"},
        {"format": "csv", "excel_safe": True},
    ],
)
def test_another_export_is_not_resumed(
    client: Client, many: list[str], tmp_path: Path, options: Any
) -> None:
    path = tmp_path / "all.jsonl"
    stopped(client, path, 60)
    before = (tmp_path / "all.jsonl.part").read_bytes()

    with pytest.raises(ValueError, match=r"resume: .* is of another export") as caught:
        export_customers(client, path, resume=True, **options)
    assert "ada" not in str(caught.value)

    assert (tmp_path / "all.jsonl.part").read_bytes() == before
    assert export_customers(client, path, page_size=20, resume=True) == 250


def test_a_damaged_note_and_a_short_file_are_refused(
    client: Client, many: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    stopped(client, path, 60)
    part, note = tmp_path / "all.jsonl.part", tmp_path / "all.jsonl.part.state"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is shorter than noted"):
        export_customers(client, path, resume=True)
    what, rows, _, place = json.loads(note.read_text())
    for damaged in ([1, 2], [what, rows, "x", place], [what, None, 10, place], [what, rows, 10, 7]):
        note.write_text(json.dumps(damaged))
        with pytest.raises(ValueError, match="is damaged"):
            export_customers(client, path, resume=True)

    assert export_customers(client, path) == 250


def test_a_file_that_was_there_stays_until_the_new_one_is_complete(
    mock: MockCustomers, client: Client, many: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    path.write_text("old\n")

    stopped(client, path, 60)

    assert path.read_text() == "old\n"


def test_a_refusal_leaves_nothing_behind(mock: MockCustomers, tmp_path: Path) -> None:
    client = Client("nr_test_sk_" + "0" * 32, mock.app_id, base_url=mock.base_url)

    with pytest.raises(AuthenticationError):
        export_customers(client, tmp_path / "all.jsonl")

    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "options", "error", "problem"),
    [
        (
            "all.txt",
            {},
            ValueError,
            "format: cannot tell the format from 'all.txt'.* format='jsonl'",
        ),
        ("all", {}, ValueError, "format: cannot tell the format from 'all'"),
        ("all.csv", {"format": "xml"}, ValueError, "format: must be 'jsonl' or 'csv'"),
        ("all.csv", {"page_size": 101}, ValueError, "page_size must be from 1 to 100"),
        ("all.csv", {"prefetch": -1}, ValueError, "prefetch must be from 0"),
        ("all.csv", {"search": "x" * 256}, ValueError, "search is longer than 255"),
        ("all.csv", {"search": 7}, TypeError, "search must be a string"),
        ("all.csv", {"app_id": ""}, ValueError, "app_id is empty"),
    ],
)
def test_wrong_arguments_are_refused_before_a_file_is_touched(
    mock: MockCustomers,
    client: Client,
    tmp_path: Path,
    name: str,
    options: Any,
    error: type[Exception],
    problem: str,
) -> None:
    with pytest.raises(error, match=problem):
        export_customers(client, tmp_path / name, **options)

    assert files(tmp_path) == []
    assert not mock.requests


def test_a_directory_that_is_not_there_is_named(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        export_customers(client, tmp_path / "nowhere" / "all.csv")


# --- in parts --------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 3, 5, 40])
@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_parts_are_merged_into_the_same_rows(
    mock: MockCustomers, client: Client, many: list[str], tmp_path: Path, parts: int, ending: str
) -> None:
    whole = tmp_path / f"whole.{ending}"
    export_customers(client, whole, page_size=20)
    plan = json.loads(json.dumps(plan_export(client, parts, page_size=20)))
    paths = [tmp_path / f"part-{index}" for index in range(parts)]
    # Out of order, and with births in between.
    for index in reversed(range(parts)):
        export_part(client, paths[index], **plan[index])
        mock.add_customer(external_id=f"new{index}")

    merged = tmp_path / f"merged.{ending}"
    assert merge_exports(paths, merged, total=plan[0]["total"]) == 250
    assert sorted(merged.read_bytes().splitlines()) == sorted(whole.read_bytes().splitlines())


def test_a_part_is_resumed(
    mock: MockCustomers, client: Client, many: list[str], tmp_path: Path
) -> None:
    first, second = plan_export(client, 2, page_size=10)
    path = tmp_path / "part-1"
    calls = 0

    def stop(now: ExportProgress) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_part(client, path, **second, progress=stop)
    with pytest.raises(ValueError, match="of another export"):
        export_part(client, path, **first, resume=True)
    export_part(client, path, **second, resume=True)
    export_part(client, tmp_path / "part-0", **first)

    assert merge_exports([tmp_path / "part-0", path], tmp_path / "all.jsonl", total=250) == 250


@pytest.fixture
def parts(client: Client, many: list[str], tmp_path: Path) -> list[Path]:
    """The files of an export in three parts."""
    paths = [tmp_path / f"part-{index}" for index in range(3)]
    for path, part in zip(paths, plan_export(client, 3, page_size=20)):
        export_part(client, path, **part)
    return paths


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_part_that_is_missing_is_told_even_if_the_others_overlap_it(
    parts: list[Path], tmp_path: Path, missing: int
) -> None:
    gap = ["1 to 80", "81 to 160", "161 to 250"][missing]
    del parts[missing]

    with pytest.raises(IncompleteExportError, match=f"a part is missing: .* {gap} of 250"):
        merge_exports(parts, tmp_path / "all.jsonl", total=250)

    assert not (tmp_path / "all.jsonl").exists()


def test_a_part_that_is_given_twice_or_nowhere_is_told(parts: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "all.jsonl"

    with pytest.raises(IncompleteExportError, match="a part is missing"):
        merge_exports([parts[0], parts[1], parts[1]], target, total=250)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        merge_exports([*parts, tmp_path / "nowhere"], target, total=250)
    with pytest.raises(IncompleteExportError, match="a part is missing"):
        merge_exports([], target, total=250)
    assert merge_exports([parts[2], *parts], target, total=250) == 250


def test_rows_of_another_app_or_search_cannot_fill_up_a_part(
    mock: MockCustomers, client: Client, parts: list[Path], tmp_path: Path
) -> None:
    other = mock.add_app(name="Other")
    for number in range(250):
        mock.add_customer(external_id=f"theirs{number}", app_id=other)
    strangers = [
        plan_export(client, 3, page_size=20, app_id=other)[1],
        plan_export(client, 3, page_size=20, search="Zo")[1],
        plan_export(client, 3, page_size=20, app_id=None)[1],
    ]

    for stranger in strangers:
        path = tmp_path / "stranger"
        export_part(client, path, **stranger)
        with pytest.raises(ValueError, match=r"parts: .*stranger is of another export"):
            merge_exports([parts[0], path, parts[2]], tmp_path / "all.jsonl", total=250)
    with pytest.raises(ValueError, match=r"parts: .*part-0 is of another export"):
        merge_exports(parts, tmp_path / "all.jsonl", total=249)


def test_a_part_that_was_cut_short_is_told(parts: list[Path], tmp_path: Path) -> None:
    for part in parts:
        lines = part.read_bytes().splitlines(keepends=True)
        part.write_bytes(b"".join(lines[:60]))

    with pytest.raises(IncompleteExportError, match=r"the parts hold \d+ of 250 customers"):
        merge_exports(parts, tmp_path / "all.jsonl", total=250)

    assert not (tmp_path / "all.jsonl").exists()


@pytest.mark.parametrize("junk", ["id,name", '{"id": []}', "[]", "null", '{"id": "a"}'])
def test_a_line_that_is_not_a_customer_is_told(
    parts: list[Path], tmp_path: Path, junk: str
) -> None:
    number = len(parts[2].read_bytes().splitlines()) + 1
    with parts[2].open("a", encoding="utf-8") as file:
        file.write(junk)

    with pytest.raises(ValueError, match=rf"parts: line {number} of .*part-2 is not a customer"):
        merge_exports(parts, tmp_path / "all.jsonl", total=250)

    assert not (tmp_path / "all.jsonl").exists()


@pytest.mark.parametrize(
    "first", ["", "id,name\n", "[]\n", "{}\n", '{"export": 1, "span": null}\n']
)
def test_a_file_that_is_not_a_part_is_told(
    client: Client, many: list[str], tmp_path: Path, first: str
) -> None:
    part = tmp_path / "part"
    export_customers(client, part, format="jsonl")
    part.write_text(first + part.read_text(encoding="utf-8"), encoding="utf-8")

    with pytest.raises(ValueError, match=r"parts: .*part was not written by export_part"):
        merge_exports([part], tmp_path / "all.jsonl", total=250)

    assert files(tmp_path) == ["part"]


def test_a_part_without_a_last_line_end_is_merged(parts: list[Path], tmp_path: Path) -> None:
    whole, merged = tmp_path / "whole.jsonl", tmp_path / "all.jsonl"
    merge_exports(parts, whole, total=250)
    for part in parts:
        part.write_bytes(part.read_bytes()[:-1])

    assert merge_exports(parts, merged, total=250) == 250
    assert merged.read_bytes() == whole.read_bytes()


def test_a_part_is_not_merged_into_itself(tmp_path: Path) -> None:
    part = tmp_path / "all.jsonl.part"
    part.write_text("precious\n")

    with pytest.raises(ValueError, match=r"parts: .* is where all.jsonl is written"):
        merge_exports([part], tmp_path / "all.jsonl", total=1)

    assert part.read_text() == "precious\n"


def test_more_parts_than_pages_are_empty(
    mock: MockCustomers, client: Client, many: list[str], tmp_path: Path
) -> None:
    plan = plan_export(client, 9, page_size=100)
    before = len(mock.requests)

    counts = [export_part(client, tmp_path / str(index), **part) for index, part in enumerate(plan)]

    assert sorted(counts)[:6] == [0] * 6
    assert len(mock.requests) - before <= 3 * 4


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
@pytest.mark.parametrize("work", ["export", "merge"])
def test_a_file_that_another_process_writes_is_left_alone(
    client: Client, many: list[str], tmp_path: Path, work: str
) -> None:
    path = tmp_path / "all.jsonl"
    works: dict[str, Any] = {
        "export": lambda: export_customers(client, path),
        "merge": lambda: merge_exports([], path, total=0),
    }
    with (tmp_path / "all.jsonl.part").open("ab") as other:
        other.write(b"precious")
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="is in use by another"):
            works[work]()

    assert (tmp_path / "all.jsonl.part").read_bytes() == b"precious"
    assert export_customers(client, path) == 250


def test_a_directory_in_the_place_of_the_file_is_told_before_the_work(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "all.jsonl").mkdir()

    with pytest.raises(IsADirectoryError, match=r"all\.jsonl"):
        export_customers(client, tmp_path / "all.jsonl")

    assert not mock.requests


def test_what_cannot_be_put_in_place_stays_to_be_resumed(
    client: Client, many: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.jsonl"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            export_customers(client, path, page_size=20)
    assert files(tmp_path) == ["all.jsonl.part", "all.jsonl.part.state"]

    assert export_customers(client, path, page_size=20, resume=True) == 250
    assert len(set(ids_in(path))) == 250
    assert files(tmp_path) == ["all.jsonl"]


# --- which files are written, and who may read them -------------------------------------------


posix = pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind")


def bits(path: Path) -> int:
    return path.stat().st_mode & 0o777


@posix
def test_links_and_permissions_stay(client: Client, many: list[str], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "all.jsonl"
    target.write_text("old\n")
    target.chmod(0o640)
    link = tmp_path / "all.jsonl"
    link.symlink_to(target)

    export_customers(client, link)

    assert link.is_symlink()
    assert len(ids_in(target)) == 250
    assert bits(target) == 0o640


@posix
@pytest.mark.parametrize("before", [None, 0o640, 0o644, 0o400])
@pytest.mark.parametrize("left", [False, True])
def test_what_is_written_on_the_way_is_as_private_as_the_file(
    client: Client, many: list[str], tmp_path: Path, before: int | None, *, left: bool
) -> None:
    path, part = tmp_path / "all.jsonl", tmp_path / "all.jsonl.part"
    wanted = 0o600 if before is None else before
    if before is not None:
        path.touch()
        path.chmod(before)
    if left:
        part.touch(0o666)

    stopped(client, path, 60)

    assert bits(part) == wanted
    assert bits(tmp_path / "all.jsonl.part.state") == wanted
    assert export_customers(client, path, page_size=20, resume=True) == 250
    assert bits(path) == wanted


@posix
def test_a_merged_file_and_its_parts_are_private(parts: list[Path], tmp_path: Path) -> None:
    merge_exports(parts, tmp_path / "all.csv", total=250)

    assert {bits(path) for path in tmp_path.iterdir()} == {0o600}


@posix
@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.part", "all.jsonl.part.state"])
@pytest.mark.parametrize("work", ["export", "resume", "merge"])
def test_what_is_not_a_regular_file_is_refused_and_left(
    mock: MockCustomers, client: Client, tmp_path: Path, name: str, work: str
) -> None:
    if work == "merge" and name.endswith("state"):
        pytest.skip("a merge has no state")
    path = tmp_path / "all.jsonl"
    os.mkfifo(tmp_path / name)

    works: dict[str, Any] = {
        "export": lambda: export_customers(client, path),
        "resume": lambda: export_customers(client, path, resume=True),
        "merge": lambda: merge_exports([], path, total=0),
    }

    with pytest.raises(ValueError, match=f"path: .*{name} exists and is not a regular file"):
        works[work]()

    assert stat.S_ISFIFO((tmp_path / name).stat().st_mode)
    assert files(tmp_path) == [name]
    assert not mock.requests


@posix
def test_a_link_to_what_is_not_a_regular_file_is_refused(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "all.jsonl").symlink_to(tmp_path / "fifo")

    with pytest.raises(ValueError, match="is not a regular file"):
        export_customers(client, tmp_path / "all.jsonl")

    assert not mock.requests


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no links to pipes")
def test_a_link_to_a_pipe_is_refused(mock: MockCustomers, client: Client, tmp_path: Path) -> None:
    link = tmp_path / "all.jsonl"
    ends = os.pipe()
    link.symlink_to(f"/proc/self/fd/{ends[1]}")
    works: list[Any] = [
        lambda: export_customers(client, link),
        lambda: merge_exports([], link, total=0),
        lambda: import_rows(client, [], journal=link),
    ]

    for work in works:
        with pytest.raises(ValueError, match="exists and is not a regular file"):
            work()
    for end in ends:
        os.close(end)

    assert files(tmp_path) == ["all.jsonl"]
    assert not mock.requests


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_stream_gets_what_a_file_would(
    client: Client, many: list[str], tmp_path: Path, form: Any
) -> None:
    path = tmp_path / f"all.{form}"
    export_customers(client, path)
    stream = io.BytesIO()
    seen: list[ExportProgress] = []

    assert export_customers(client, stream, format=form, progress=seen.append) == 250

    assert stream.getvalue() == path.read_bytes()
    assert seen[-1] == ExportProgress(250, 250)


def test_a_stream_that_takes_less_than_it_is_given_gets_all(
    client: Client, many: list[str], tmp_path: Path
) -> None:
    class Narrow(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(data[:100])

    path, stream = tmp_path / "all.jsonl", Narrow()
    export_customers(client, path)

    export_customers(client, stream)

    assert stream.getvalue() == path.read_bytes()


def test_a_dash_is_standard_output_as_json_lines(
    client: Client, many: list[str], tmp_path: Path, capfdbinary: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)

    export_customers(client, "-")
    sys.stdout.flush()

    lines = capfdbinary.readouterr().out.splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == 250
    assert files(tmp_path) == []


def test_a_stream_cannot_be_resumed(mock: MockCustomers, client: Client) -> None:
    with pytest.raises(ValueError, match="resume: an export to a stream cannot be resumed"):
        export_customers(client, io.BytesIO(), resume=True)

    assert not mock.requests


def test_an_export_that_may_lack_customers_is_not_resumed_where_that_is_an_error(
    client: Client, many: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(*arguments: Any, **options: Any) -> Any:
        for number, customer in enumerate(walk(*arguments, **options)):
            yield customer
            if number == 100:
                warnings.warn("3 are missing", IncompleteListWarning, stacklevel=1)

    monkeypatch.setattr(_exporting, "walk", lossy)
    with pytest.raises(IncompleteListWarning):
        export_customers(client, tmp_path / "all.jsonl", page_size=20)

    assert files(tmp_path) == []


def test_an_export_that_is_resumed_warns_of_what_was_missed_before(
    client: Client, many: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def lossy(*arguments: Any, note: Any, **options: Any) -> Any:
        def noted(place: Place) -> None:
            note(place._replace(missed="3 created at noon"))
            raise Killed

        return walk(*arguments, note=noted, **options)

    path = tmp_path / "all.jsonl"
    monkeypatch.setattr(_exporting, "walk", lossy)
    with pytest.raises(Killed):
        export_customers(client, path, page_size=20)

    monkeypatch.undo()
    with pytest.warns(IncompleteListWarning, match="3 created at noon"):
        assert export_customers(client, path, page_size=20, resume=True) == 250


# --- CSV for a spreadsheet ---------------------------------------------------------------------


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_cells_that_a_spreadsheet_would_run_are_marked_on_request(
    mock: MockCustomers, client: Client, tmp_path: Path, first: str
) -> None:
    name = f"{first}HYPERLINK(1)"
    mock.add_customer(external_id="a-1", name=name, city="x=1", metadata={"a": "=1"})
    cells = {}
    for safe in (False, True):
        path = tmp_path / f"{safe}.csv"
        export_customers(client, path, excel_safe=safe)
        with path.open(encoding="utf-8", newline="") as file:
            (cells[safe],) = csv.DictReader(file)

    assert cells[False]["name"] == name
    assert cells[True] == {**cells[False], "name": f"'{name}"}


def test_json_lines_cannot_be_marked(mock: MockCustomers, client: Client, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="excel_safe: is for CSV only"):
        export_customers(client, tmp_path / "all.jsonl", excel_safe=True)

    assert not mock.requests


def test_an_empty_list_is_split_as_well(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    plan = plan_export(client, 2)

    for index, part in enumerate(plan):
        assert export_part(client, tmp_path / str(index), **part) == 0
    assert merge_exports([tmp_path / "0", tmp_path / "1"], tmp_path / "all.csv", total=0) == 0


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.text(alphabet="a\",\r\n\t;' =é", max_size=8)),
        min_size=2,
        max_size=20,
    )
)
def test_a_line_of_csv_is_as_the_standard_library_writes_it(cells: list[Any]) -> None:
    text = io.StringIO()
    csv.writer(text).writerow(cells)

    assert _formats._csv_line(cells).decode() == text.getvalue()


@pytest.mark.parametrize("fast", [False, True])
def test_what_orjson_cannot_write_is_written(
    mock: MockCustomers,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fast: bool,
) -> None:
    if fast and not codec.FAST:
        pytest.skip("without orjson")
    monkeypatch.setattr(codec, "FAST", fast)
    metadata = {"a": 2**70, "b": [1.5, "é"], "c": {"d": None}}
    mock.add_customer(external_id="u1", name="Zoë", metadata=metadata)
    path = tmp_path / "all.jsonl"

    export_customers(client, path)

    (line,) = path.read_text(encoding="utf-8").splitlines()
    (customer,) = client.customers.list()
    assert CustomerSummary.from_dict(json.loads(line)) == customer
