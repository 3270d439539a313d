"""Rows: read from CSV by line, and refused before any request where they cannot be right."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from customers_sdk.bulk import CsvRows, RejectFile, Row, check_rows, share


def csv_rows(path: Path, text: str | bytes, **options: Any) -> CsvRows:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CsvRows(path, **{"external_id": "id", **options})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def test_columns_that_are_named_like_fields_are_those_fields(path: Path) -> None:
    text = "id,email,plan,metadata.plan,country\nu1,a@x.example,gold,pro,CH\n"

    rows = list(csv_rows(path, text))

    assert [row.fields for row in rows] == [
        {
            "external_id": "u1",
            "email": "a@x.example",
            "country": "CH",
            "metadata": {"plan": "pro"},
        }
    ]
    assert rows[0].line == 2
    assert rows[0].cells == ["u1", "a@x.example", "gold", "pro", "CH"]


def test_a_mapping_of_fields_to_columns_takes_no_others(path: Path) -> None:
    rows = csv_rows(path, "id,mail,name\nu1,a@x.example,Ada\n", fields={"email": "mail"})

    assert [row.fields for row in rows] == [{"external_id": "u1", "email": "a@x.example"}]
    assert rows.columns == ("id", "mail", "name")


def test_an_empty_cell_is_not_sent(path: Path) -> None:
    rows = csv_rows(path, "id,email,metadata,metadata.a\nu1,,,\n")

    assert [row.fields for row in rows] == [{"external_id": "u1"}]


def test_metadata_is_json_and_single_members_go_into_it(path: Path) -> None:
    rows = csv_rows(path, 'id,metadata,metadata.b\nu1,"{""a"": [1]}",two\n')

    assert next(iter(rows)).fields["metadata"] == {"a": [1], "b": "two"}


def test_lines_are_those_of_the_file(path: Path) -> None:
    rows = csv_rows(path, 'id,name\n\nu1,"two\nlines"\nu2,Bo\n')

    assert [(row.line, row.external_id) for row in rows] == [(3, "u1"), (5, "u2")]


def test_rows_can_be_walked_over_again(path: Path) -> None:
    rows = csv_rows(path, "id,name\nu1,Ada\n")

    assert list(rows) == list(rows)


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_a_column(path: Path, written: str, encoding: str) -> None:
    rows = csv_rows(path, '"id",name\nu1,Zoë\n'.encode(written), encoding=encoding)

    assert next(iter(rows)).fields == {"external_id": "u1", "name": "Zoë"}


def test_other_encodings_and_delimiters(path: Path) -> None:
    rows = csv_rows(path, "id;name\nu1;Zoë\n".encode("cp1252"), encoding="cp1252", delimiter=";")

    assert next(iter(rows)).fields["name"] == "Zoë"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("u1\n", "the line has 1 cells, and the header 2"),
        ("u1,a,b\n", "the line has 3 cells, and the header 2"),
        ("Zoë,Zoë\n".encode() + b"u1,\xff\n", "the line is not text in utf-8"),
        ('u1,"a"b\n', "the line is not CSV: ',' expected after '\"'"),
        ('u1,"a\n', "the line is not CSV: unexpected end of data"),
        (f"u1,{'x' * 1_050_000}\n", "the line is not CSV: field larger than field limit (1048576)"),
        (",a\n", "external_id is missing"),
        ("  ,a\n", "external_id is empty or blank"),
        (f"u1,{'x' * 256}\n", "name is longer than 255 characters"),
        (f"{'u' * 256},a\n", "external_id is longer than 255 characters"),
    ],
)
def test_a_wrong_line_is_named_and_the_next_is_read(
    path: Path, text: str | bytes, problem: str
) -> None:
    line = text.encode() if isinstance(text, str) else text
    rows = csv_rows(path, b"id,name\n" + line + b"u2,Bo\n")

    (rejection,) = check_rows(rows)

    assert rejection.line == 1 + line.count(b"\n")
    assert (rejection.reason, rejection.final) == (problem, True)
    assert [row.external_id for row in rows][-1] == "u2"


@pytest.mark.parametrize("cell", ["{", "[1]", "null", "[" * 100_000, '"""x"""'])
@pytest.mark.parametrize("more", ["", "x"])
def test_metadata_that_is_no_object_is_refused(path: Path, cell: str, more: str) -> None:
    (rejection,) = check_rows(csv_rows(path, f"id,metadata,metadata.a\nu1,{cell},{more}\n"))

    assert rejection.reason == "metadata is not a JSON object"


def test_what_json_cannot_carry_is_refused(path: Path) -> None:
    (rejection,) = check_rows(csv_rows(path, 'id,metadata\nu1,"{""a"": NaN}"\n'))

    assert rejection.reason == "metadata.a is nan, which JSON cannot carry"


@pytest.mark.parametrize(
    "broken",
    [
        'u5,"n5',  # up to the end of the file
        'u5,"n5\nu5b,x" y',  # up to a quote further down
        'u5,"n5\nu5b,y",z',  # a record of other width
    ],
)
def test_a_stray_quote_takes_only_its_own_line(path: Path, broken: str) -> None:
    lines = [f"u{number},n{number}" for number in range(2_000)]
    lines[5] = broken
    rows = csv_rows(path, "\n".join(["id,name", *lines]) + "\n")

    rejections = check_rows(rows)

    good = {row.external_id for row in rows} - {"u5b", ""}
    assert good == {f"u{number}" for number in range(2_000) if number != 5}
    assert rejections[0].line == 7
    assert rejections[0].row.cells == ['u5,"n5']
    assert [row.line for row in rows][-1] == 2_001 + broken.count("\n")


def test_a_long_cell_is_read_as_the_service_takes_it(path: Path) -> None:
    rows = csv_rows(path, f'id,metadata\nu1,"{{""a"": ""{"x" * 200_000}""}}"\n')

    assert not check_rows(rows)


def test_what_cannot_be_read_twice_is_refused(path: Path) -> None:
    os.mkfifo(path)

    with pytest.raises(ValueError, match="is not a regular file, which can be read more than once"):
        CsvRows(path, external_id="id")
    with pytest.raises(ValueError, match="is not a regular file"):
        CsvRows(path.parent, external_id="id")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        CsvRows(path.parent / "nowhere", external_id="id")
    with pytest.raises(TypeError, match="rows must allow a second walk"):
        check_rows(iter([{"external_id": "u1"}]))
    with pytest.raises(TypeError, match="rows must allow a second walk"):
        share(iter([{"external_id": "u1"}]), 0, 1)


def test_text_that_breaks_off_in_utf_16_is_told_by_line(path: Path) -> None:
    rows = csv_rows(path, "id,name\nu1,a\n".encode("utf-16") + b"u", encoding="utf-16")

    with pytest.raises(ValueError, match=r"users.csv, after line \d, is not in utf-16"):
        list(rows)


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_that_is_none_is_refused(path: Path, delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter: must be one character"):
        csv_rows(path, "id,name\n", delimiter=delimiter)


def test_columns_that_nobody_asks_for_may_be_called_anything(path: Path) -> None:
    rows = csv_rows(path, "id,name,,\nu1,Ada,,\n")

    assert [row.fields for row in rows] == [{"external_id": "u1", "name": "Ada"}]


def test_external_ids_alone_may_be_imported(path: Path) -> None:
    assert [row.fields for row in csv_rows(path, "id\nu1\n")] == [{"external_id": "u1"}]


def test_an_external_id_that_comes_again_is_refused(path: Path) -> None:
    (rejection,) = check_rows(csv_rows(path, "id,name\nu1,a\nu2,b\nu1,c\n"))

    assert rejection.line == 4
    assert rejection.external_id == "u1"
    assert rejection.reason == "external_id is the same as on line 2"


def test_a_reject_file_does_not_write_a_row_over_the_one_that_has_its_id(path: Path) -> None:
    head, same = "line,reason,id,name\n", "external_id is the same as on line 2"
    reason = f"{same}: give this row another one and clear its reason, or delete the row"
    for told in (same, reason):
        (rejection,) = check_rows(csv_rows(path, f'{head}4,"{told}",u1,c\n'))
        assert rejection.reason == reason
    assert check_rows(csv_rows(path, f"{head}4,,u3,c\n")) == []


@pytest.mark.parametrize(("start", "kept"), [(b"", b""), (b"\xef\xbb\xbf", b"\xef\xbb\xbf")])
def test_a_reject_file_has_a_byte_order_mark_if_its_input_has_one(
    path: Path, tmp_path: Path, start: bytes, kept: bytes
) -> None:
    path.write_bytes(start + b"id,name\nu1,a\nu1,b\n")
    rows = CsvRows(path, external_id="id", encoding="utf-8-sig")
    rejects = RejectFile(tmp_path / "rejects.csv", rows)
    rejects.write(check_rows(rows))
    assert rejects.path.read_bytes().startswith(kept + b"line,reason,")


@pytest.mark.parametrize(
    ("text", "options", "problem"),
    [
        ("", {}, "path: .* has no header: it is empty"),
        ('"id\n', {}, "path: .* has no header: the line is not CSV"),
        ("\n\n", {}, "path: .* has no header: it is empty"),
        ("id,name,name\n", {}, "fields.* has more than one column 'name'"),
        ("id,id\n", {}, "external_id: .* has more than one column 'id'"),
        ("id,Email,Full Name\n", {}, "fields: .* has no column that is named like a field"),
        ("id,a\n", {"external_id": "key"}, "external_id: .* has no column 'key'; it has id, a"),
        ("id,a\n", {"fields": {"email": "b"}}, "fields: .* has no column 'b'"),
        ("id,a\n", {"fields": {"mail": "a"}}, "fields: 'mail' is not a field; .*metadata"),
        ("id,a\n", {"fields": {"external_id": "a"}}, "fields: 'external_id' is not a field"),
        ("id,a\n", {"fields": {"metadata.": "a"}}, r"fields: 'metadata\.' is not a field"),
        ("id,a\n", {"encoding": "klingon"}, "encoding: unknown encoding: klingon"),
    ],
)
def test_a_file_or_mapping_that_cannot_be_right_is_refused_at_once(
    path: Path, text: str, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        csv_rows(path, text, **options)


def test_mappings_are_checked_like_rows() -> None:
    rejections = check_rows(
        [
            {"external_id": "u1", "name": None},
            {"external_id": 2},
            {"external_id": "u3", "mail": "x"},
            {"name": "nobody"},
            {"external_id": "u1"},
        ]
    )

    assert [(rejection.line, rejection.reason) for rejection in rejections] == [
        (2, "external_id must be a string, not int"),
        (3, "'mail' is not a field of a customer"),
        (4, "external_id is missing"),
        (5, "external_id is the same as on line 1"),
    ]


def test_what_is_no_row_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="rows must hold mappings or Row, and item 2 is a str"):
        check_rows([{"external_id": "u1"}, "u2"])  # type: ignore[list-item]


def test_a_row_shows_nothing_of_a_customer() -> None:
    row = Row(2, {"external_id": "u1", "email": "ada@x.example"}, cells=["u1", "ada@x.example"])

    assert repr(row) == "Row(line=2, problem='')"
    assert "ada" not in repr(share([row], 0, 1))


def test_shares_hold_every_row_once_and_stay_the_same(path: Path) -> None:
    rows = [{"external_id": f"u{number}"} for number in range(1_000)]

    shares = [[row.external_id for row in share(rows, index, 4)] for index in range(4)]

    assert sorted(itertools.chain(*shares)) == sorted(row["external_id"] for row in rows)
    assert all(200 < len(one) < 300 for one in shares)
    # The same on every machine and in every version: another hash would do work twice.
    assert "u7" in shares[0]
    assert "u8" in shares[0]


@pytest.mark.parametrize(("index", "of"), [(4, 4), (-1, 4), (0, 0)])
def test_a_share_that_there_is_none_of_is_refused(index: int, of: int) -> None:
    with pytest.raises(ValueError, match="must be from"):
        share([], index, of)
