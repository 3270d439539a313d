"""Metadata that other programs can store, or that is hard to write: deep, odd, not text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses

from customers_sdk import Client
from customers_sdk.bulk import (
    CsvRows,
    check_rows,
    export_customers,
    export_part,
    import_rows,
    merge_exports,
    plan_export,
)
from tests.doubles import APP, BASE, KEY, customer, summary


def nested(levels: int) -> str:
    """The JSON text of an object so many levels deep."""
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


class Service:
    """Answers with these metadata, as JSON text, in a list; keeps what is written."""

    def __init__(self, *metadata: str) -> None:
        self.written: list[str] = []
        self.client = Client(KEY, APP, base_url=BASE)
        records = (
            json.dumps(summary(id=f"c-{number}", externalId=f"u{number}", metadata="@@")).replace(
                '"@@"', text
            )
            for number, text in enumerate(metadata)
        )
        numbers = f'"total":{len(metadata)},"page":1,"pageSize":100,"totalPages":1'
        self.page = f'{{"success":true,"data":[{",".join(records)}],"pagination":{{{numbers}}}}}'

    def listed(self, _: Any) -> tuple[int, dict[str, str], str]:
        return 200, {}, self.page

    def wrote(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.written.append(request.body.decode())
        return 201, {}, json.dumps({"success": True, "data": customer()})


@pytest.fixture
def routes() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture
def service(routes: responses.RequestsMock) -> Any:
    def start(*metadata: str) -> Service:
        service = Service(*metadata)
        routes.add_callback("GET", f"{BASE}/customers", service.listed)
        routes.add_callback("POST", f"{BASE}/customers", service.wrote)
        routes.add_callback("PUT", re.compile(f"{BASE}/customers/.*"), service.wrote)
        return service

    return start


def test_metadata_is_imported_to_a_thousand_levels_and_refused_beyond(
    service: Any, tmp_path: Path
) -> None:
    path, journal = tmp_path / "users.csv", tmp_path / "users.journal"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["external_id", "metadata"])
        table.writerows([[f"v{levels}", nested(levels)] for levels in (2, 1_000, 1_001, 5_000)])
    there = service()

    report = import_rows(there.client, CsvRows(path), journal=journal)

    assert report.created == 2
    assert [
        f'"metadata":{nested(levels)}' in body for levels, body in zip((2, 1_000), there.written)
    ] == [True, True]
    assert [(each.external_id, each.final) for each in report.rejections] == [
        ("v1001", True),
        ("v5000", True),
    ]
    assert all("nested too deeply" in each.reason for each in report.rejections)


def test_a_row_nested_deeply_is_known_again_by_a_journal(service: Any, tmp_path: Path) -> None:
    journal = tmp_path / "users.journal"
    rows = [{"external_id": "v1", "metadata": json_of(900)}, {"external_id": "v2"}]

    def stop(progress: Any) -> None:
        if progress.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_rows(service().client, rows, journal=journal, progress=stop)

    assert import_rows(service().client, rows, journal=journal).resumed >= 1


def json_of(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize("odd", [nested(300), nested(3_000), "12", "null", "[1]", '"text"'])
def test_one_customer_with_odd_metadata_stops_no_export_or_import(
    service: Any, tmp_path: Path, odd: str
) -> None:
    there = service("{}", odd, "{}")
    files = [tmp_path / name for name in ("all.jsonl", "all.csv", "merged.jsonl")]

    assert export_customers(there.client, files[0]) == 3
    assert export_customers(there.client, files[1]) == 3
    parts = []
    for number, part in enumerate(plan_export(there.client, 2)):
        parts.append(tmp_path / f"part-{number}")
        export_part(there.client, parts[-1], **part)
    assert merge_exports(parts, files[2], total=3) == 3

    assert [f'"metadata":{odd}' in line for line in files[0].read_text().splitlines()] == [
        False,
        True,
        False,
    ]
    assert files[2].read_bytes() == files[0].read_bytes()
    with files[1].open(encoding="utf-8", newline="") as file:
        assert [row["metadata"] for row in csv.DictReader(file)] == ["{}", odd, "{}"]
    rows = [{"external_id": f"u{number}", "name": "New"} for number in range(3)]
    assert import_rows(there.client, rows).updated == 3


@pytest.mark.parametrize("metadata", [{"a": "\ud800"}, {"\udfff": 1}, {"a": [{"b": "x\udc80"}]}])
def test_a_lone_surrogate_in_metadata_rejects_the_row_finally_before_any_request(
    metadata: dict[str, Any],
) -> None:
    (rejection,) = check_rows([{"external_id": "u1", "metadata": metadata}])

    assert rejection.final
    assert "surrogate" in rejection.reason
    assert rejection.reason.encode()
