"""Imports against the fake service: what is sent, what is refused, and how a run resumes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from customers_sdk import AuthenticationError, Client, ServerError, TransportError
from customers_sdk.bulk import CsvRows, Progress, Row, import_rows
from customers_sdk.bulk._importing import RateLimit
from customers_sdk.bulk._journal import open_journal
from customers_sdk.testing import MockCustomers


def people(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        {"external_id": f"u{number}", "name": f"Name {number}", **fields} for number in range(count)
    ]


def stored(mock: MockCustomers) -> dict[str | None, Any]:
    found = {customer.external_id: customer for customer in mock.customers}
    assert len(found) == len(mock.customers), "an external id is there twice"
    return found


def writes(mock: MockCustomers) -> list[tuple[str, Any]]:
    return [(sent.method, sent.json) for sent in mock.requests if sent.method != "GET"]


def counts(report: Any) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.resumed


@pytest.mark.parametrize("workers", [1, 4])
def test_new_customers_are_created_with_one_request_each(
    mock: MockCustomers, client: Client, workers: int
) -> None:
    report = import_rows(client, people(30), workers=workers)

    assert counts(report) == (30, 0, 0, 0)
    assert report.complete
    assert stored(mock)["u7"].name == "Name 7"
    assert len(writes(mock)) == 30
    assert len(mock.requests) == 31


def test_a_second_run_writes_nothing(mock: MockCustomers, client: Client) -> None:
    import_rows(client, people(30))
    before = len(mock.requests)

    report = import_rows(client, people(30))

    assert counts(report) == (0, 0, 30, 0)
    assert len(mock.requests) - before == 2


def test_only_what_differs_is_sent(mock: MockCustomers, client: Client) -> None:
    mock.add_customer(
        external_id="u1", name="Ada", email="a@x.example", metadata={"plan": "free", "since": 2020}
    )
    rows = [
        {
            "external_id": "u1",
            "name": "Ada",
            "email": "b@x.example",
            "city": None,
            "metadata": {"plan": "pro"},
        }
    ]

    report = import_rows(client, rows)

    assert counts(report) == (0, 1, 0, 0)
    sent = {"email": "b@x.example", "metadata": {"plan": "pro", "since": 2020}}
    assert writes(mock) == [("PUT", sent)]


def test_metadata_that_is_there_already_is_no_change(mock: MockCustomers, client: Client) -> None:
    mock.add_customer(external_id="u1", metadata={"plan": "pro", "since": 2020})

    report = import_rows(client, [{"external_id": "u1", "metadata": {"plan": "pro"}}])

    assert counts(report) == (0, 0, 1, 0)


def test_few_rows_into_a_large_app_are_looked_up_one_by_one(
    mock: MockCustomers, client: Client
) -> None:
    for number in range(350):
        mock.add_customer(external_id=f"u{number}", name=f"Name {number}")

    report = import_rows(client, [{"external_id": "u7", "name": "New"}, {"external_id": "v"}])

    assert counts(report) == (1, 1, 0, 0)
    assert [method for method, _ in writes(mock)] == ["PUT", "POST"]
    assert len(mock.requests) == 1 + 2 * 2


def test_customers_of_another_app_are_others(mock: MockCustomers, client: Client) -> None:
    other = mock.add_app(name="Other")
    mock.add_customer(external_id="u1", app_id=other, name="Theirs")

    report = import_rows(client, [{"external_id": "u1", "name": "Ours"}])

    assert counts(report) == (1, 0, 0, 0)
    assert sorted(customer.name or "" for customer in mock.customers) == ["Ours", "Theirs"]
    assert counts(import_rows(client, [{"external_id": "u1"}], app_id=other)) == (0, 0, 1, 0)


def test_wrong_rows_are_rejected_and_the_rest_is_imported(
    mock: MockCustomers, client: Client
) -> None:
    rows = [{"external_id": "u1"}, {"name": "nobody"}, {"external_id": "u3", "email": "no mail"}]

    report = import_rows(client, rows)

    assert counts(report) == (1, 0, 0, 0)
    assert not report.complete
    assert [(rejection.line, rejection.final) for rejection in report.rejections] == [
        (2, True),
        (3, True),
    ]
    assert report.rejections[0].reason == "external_id is missing"
    assert report.rejections[1].reason == "email: Invalid email"
    assert list(stored(mock)) == ["u1"]


def test_a_dry_run_says_what_a_run_would_do(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")
    mock.add_customer(external_id="u1", name="Old")
    rows = [*people(4), {"name": "nobody"}]
    journal = tmp_path / "journal"

    dry = import_rows(client, rows, dry_run=True, journal=journal)

    assert writes(mock) == []
    assert not journal.exists()
    assert dry.dry_run
    wet = import_rows(client, rows)
    assert counts(dry) == counts(wet) == (2, 1, 1, 0)
    assert dry.rejections == wet.rejections


def test_a_lost_answer_creates_nobody_twice(mock: MockCustomers) -> None:
    mock.drop_answer_next(method="POST", times=3)

    report = import_rows(mock.client(max_retries=0), people(5))

    assert counts(report) == (5, 0, 0, 0)
    assert len(stored(mock)) == 5


def test_somebody_elses_creation_in_between_is_brought_up_to_date(
    mock: MockCustomers, client: Client
) -> None:
    def meanwhile(progress: Progress) -> None:
        if progress.created == 1 and len(mock.customers) < 5:
            mock.add_customer(external_id="u4", name="Somebody's")

    report = import_rows(client, people(5), progress=meanwhile)

    assert counts(report) == (4, 1, 0, 0)
    assert stored(mock)["u4"].name == "Name 4"


def test_a_row_that_fails_is_named_and_tried_again_by_the_next_run(
    mock: MockCustomers, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    client = mock.client(max_retries=0)
    mock.fail_next(status=503, method="POST")

    first = import_rows(client, people(4), journal=journal)

    (rejection,) = first.rejections
    assert (rejection.external_id, rejection.final) == ("u0", False)
    assert journal.exists()
    second = import_rows(client, people(4), journal=journal)
    assert counts(second) == (1, 0, 0, 3)
    assert second.complete
    assert not journal.exists()


def test_ten_failures_in_a_row_end_it_and_the_journal_stays(
    mock: MockCustomers, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    client = mock.client(max_retries=0)
    progress: list[Progress] = []

    def later(now: Progress) -> None:
        progress.append(now)
        if now.done == 5:
            mock.fail_next(status=503, method="POST", times=100)

    with pytest.raises(ServerError):
        import_rows(client, people(40), journal=journal, progress=later)

    assert 10 <= progress[-1].failed <= 12
    assert 15 <= len(writes(mock)) <= 20
    mock.clear_faults()
    report = import_rows(client, people(40), journal=journal)
    assert report.complete
    assert report.resumed == progress[-1].created
    assert len(stored(mock)) == 40


def test_a_wrong_key_ends_it_at_once(mock: MockCustomers) -> None:
    client = Client("nr_test_sk_" + "0" * 32, mock.app_id, base_url=mock.base_url)

    with pytest.raises(AuthenticationError):
        import_rows(client, people(40))

    assert len(mock.requests) == 1


def test_a_service_that_is_gone_ends_it(mock: MockCustomers) -> None:
    client = mock.client(max_retries=0)

    def gone(now: Progress) -> None:
        if now.done == 3:
            mock.timeout_next(times=100)

    with pytest.raises(TransportError):
        import_rows(client, people(40), progress=gone)


def test_ctrl_c_lets_the_rows_in_flight_finish_and_be_noted(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"

    def interrupt(now: Progress) -> None:
        if now.done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_rows(client, people(100), journal=journal, workers=4, progress=interrupt)

    noted = journal.read_text().splitlines()[1:]
    assert len(noted) == len(writes(mock)) == len(stored(mock))
    assert 20 <= len(noted) <= 28
    report = import_rows(client, people(100), journal=journal)
    assert counts(report) == (100 - len(noted), 0, 0, len(noted))


def test_a_traceback_with_its_variables_shows_no_customer(
    mock: MockCustomers, client: Client
) -> None:
    mock.add_customer(external_id="u0", name="Ada")

    def fail(progress: Progress) -> None:
        if progress.done:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        import_rows(client, people(2), progress=fail)

    ours = [
        value
        for entry in caught.traceback
        for value in entry.frame.f_locals.values()
        if type(value).__module__.startswith("customers_sdk.bulk")
    ]
    assert ours
    assert not [value for value in ours if "u1" in repr(value) or "Ada" in repr(value)]


def test_progress_counts_every_row(mock: MockCustomers, client: Client) -> None:
    mock.add_customer(external_id="u0", name="Name 0")
    mock.add_customer(external_id="u1", name="Old")
    rows = [*people(4), {"name": "nobody"}, {"external_id": "bad", "email": "no mail"}]
    seen: list[Progress] = []

    import_rows(client, rows, progress=seen.append)

    assert seen[0] == Progress(1, 6, rejected=1)
    assert seen[-1] == Progress(6, 6, created=2, updated=1, unchanged=1, rejected=2)
    assert [now.done for now in seen] == list(range(1, 7))


def test_rows_in_flight_are_bounded(mock: MockCustomers, client: Client) -> None:
    taken = 0
    most = 0

    class Rows(list[Any]):
        def __iter__(self) -> Any:
            nonlocal taken
            taken = 0
            for row in super().__iter__():
                taken += 1
                yield row

    def look(now: Progress) -> None:
        nonlocal most
        most = max(most, taken - now.done) if now.done else 0

    import_rows(client, Rows(people(60)), workers=3, progress=look)

    assert 1 <= most <= 6


# --- the journal -----------------------------------------------------------------------------


def interrupted(client: Client, journal: Path, rows: Any, after: int) -> None:
    def stop(now: Progress) -> None:
        if now.done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_rows(client, rows, journal=journal, progress=stop)


def test_a_journal_shows_nothing_of_a_customer(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    interrupted(client, journal, people(5, email="ada@x.example"), 2)

    text = journal.read_text()
    assert "ada" not in text
    assert "Name" not in text
    assert mock.api_key not in text
    assert json.loads(text.splitlines()[0]) == {
        "journal": 2,
        "base_url": mock.base_url,
        "app_id": mock.app_id,
    }


def test_a_half_written_line_is_met_again(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    interrupted(client, journal, people(20), 5)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines)[:-5])

    report = import_rows(client, people(20), journal=journal)

    assert report.complete
    assert report.resumed == len(lines) - 2
    assert report.unchanged == 1
    assert len(stored(mock)) == 20


@pytest.mark.parametrize("kept", [0, 10])
def test_a_header_that_was_cut_off_is_written_anew(
    mock: MockCustomers, client: Client, tmp_path: Path, kept: int
) -> None:
    journal = tmp_path / "users.journal"
    interrupted(client, journal, people(20), 5)
    journal.write_bytes(journal.read_bytes()[:kept])

    interrupted(client, journal, people(20), 9)

    assert import_rows(client, people(20), journal=journal).complete


def test_a_row_that_was_edited_is_imported_again(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    interrupted(client, journal, people(20), 5)
    rows = people(20)
    rows[0]["name"] = "Edited"

    import_rows(client, rows, journal=journal)

    assert stored(mock)["u0"].name == "Edited"


def test_a_row_that_was_refused_is_named_again_and_not_sent(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    rows = [{"external_id": "bad", "email": "no mail"}, *people(20)]
    interrupted(client, journal, rows, 5)
    before = len(mock.requests)

    report = import_rows(client, rows, journal=journal)

    (rejection,) = report.rejections
    assert rejection.line == 1
    assert rejection.reason == "email: Invalid email"
    assert not any(
        sent.json and sent.json.get("externalId") == "bad" for sent in mock.requests[before:]
    )
    assert not journal.exists()


def test_a_refusal_without_a_reason_is_not_taken_for_a_row_that_is_done(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    scope = {"base_url": mock.base_url, "app_id": mock.app_id}
    with open_journal(tmp_path / "users.journal", scope) as journal:
        journal.add(Row(1, {"external_id": "u1"}), "rejected")
        journal.add(Row(2, {"external_id": "u2"}), "created")

    rows = [{"external_id": "u1"}, {"external_id": "u2"}]
    report = import_rows(client, rows, journal=tmp_path / "users.journal")

    assert (report.rejected, report.resumed) == (1, 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,name\nu1,Ada\n", "journal: .* is not the journal of an import"),
        ("precious", "journal: .* is not the journal of an import"),
        ('{"journal": 1}\n', "journal: .* was written by another version.* delete it"),
        (
            '{"journal": 2, "base_url": "https://other.example", "app_id": "app-2"}\n',
            "journal: .* is of an import into app app-2 at https://other.example",
        ),
    ],
)
def test_a_file_that_is_no_journal_of_this_import_is_left_alone(
    mock: MockCustomers, client: Client, tmp_path: Path, text: str, problem: str
) -> None:
    journal = tmp_path / "users.csv"
    journal.write_text(text)

    with pytest.raises(ValueError, match=problem):
        import_rows(client, people(2), journal=journal)

    assert journal.read_text() == text
    assert not mock.requests


def flipped(text: bytes, bit: int) -> bytes:
    changed = bytearray(text)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flipped_bit_of_a_journal_loses_a_row(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "users.journal"
    rows = [Row(number, fields) for number, fields in enumerate(people(4))]
    scope = {"base_url": mock.base_url, "app_id": mock.app_id}
    with open_journal(path, scope) as journal:
        for row, outcome in zip(rows, ("created", "failed", "rejected")):
            journal.add(row, outcome, "no mail" if outcome == "rejected" else "")
    whole = path.read_bytes()
    header = whole.index(b"\n") + 1
    with open_journal(path, scope) as journal:
        before = [journal.entry(row) for row in rows]

    for bit in range(8 * header, 8 * len(whole)):
        path.write_bytes(flipped(whole, bit))
        with open_journal(path, scope) as journal:
            entries = [journal.entry(row) for row in rows]
        changed = [now for now, then in zip(entries, before) if now != then]
        assert changed, bit
        assert changed == [None] * len(changed), bit


def test_a_damaged_line_of_a_journal_is_imported_again_and_not_counted(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    interrupted(client, journal, people(20), 5)
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"created", b"kreated")
    lines[3] = b"}\n"
    journal.write_bytes(b"".join(lines))

    report = import_rows(client, people(20), journal=journal)

    assert report.complete
    assert report.resumed == len(lines) - 3
    assert report.unchanged == 2
    assert len(stored(mock)) == 20


def test_a_word_that_a_journal_does_not_know_counts_for_nothing(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    row = Row(1, {"external_id": "u1"})
    scope = {"base_url": mock.base_url, "app_id": mock.app_id}
    with open_journal(tmp_path / "users.journal", scope) as journal:
        journal.add(row, "creatad")

    with open_journal(tmp_path / "users.journal", scope) as journal:
        assert journal.entry(row) is None


@pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind")
@pytest.mark.parametrize("before", [None, 0o640])
def test_a_journal_is_private_unless_it_was_not(
    client: Client, tmp_path: Path, before: int | None
) -> None:
    journal = tmp_path / "users.journal"
    if before is not None:
        journal.touch()
        journal.chmod(before)

    interrupted(client, journal, people(3), 1)

    assert journal.stat().st_mode & 0o777 == (before or 0o600)


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs")
def test_a_journal_that_is_not_a_regular_file_is_refused_and_left(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    os.mkfifo(journal)

    with pytest.raises(ValueError, match=r"journal: .* exists and is not a regular file"):
        import_rows(client, people(2), journal=journal)

    assert journal.is_fifo()
    assert not mock.requests


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_two_imports_with_one_journal_are_kept_apart(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    hold = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); "
    code = hold + "print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, str(journal)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ValueError, match="is in use by another import"):
            import_rows(client, people(2), journal=journal)
        other.communicate(timeout=10)

    assert import_rows(client, people(2), journal=journal).complete


# --- arguments and pace ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({"workers": 0}, ValueError, "workers must be from 1 to 32"),
        ({"workers": 33}, ValueError, "workers must be from 1 to 32"),
        ({"workers": 1.5}, TypeError, "workers must be an integer"),
        ({"rate": 0}, ValueError, "rate must be more than 0"),
        ({"rate": float("nan")}, ValueError, "rate must be more than 0"),
        ({"rate": "10"}, TypeError, "rate must be a number, not str"),
        ({"rate": True}, TypeError, "rate must be a number, not bool"),
        ({"app_id": " "}, ValueError, "app_id is empty or blank"),
        ({"app_id": 7}, TypeError, "app_id must be a string"),
    ],
)
def test_wrong_arguments_are_refused_before_any_request(
    mock: MockCustomers, client: Client, options: Any, error: type[Exception], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        import_rows(client, people(2), **options)

    assert not mock.requests


def test_rows_that_can_be_walked_over_only_once_are_refused(
    mock: MockCustomers, client: Client
) -> None:
    with pytest.raises(TypeError, match="rows must allow a second walk"):
        import_rows(client, iter(people(2)))


def test_no_rows_ask_for_nothing(mock: MockCustomers, client: Client) -> None:
    assert import_rows(client, []).complete
    assert not mock.requests


def test_a_csv_file_goes_all_the_way(mock: MockCustomers, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user,mail,metadata.plan\nu1,a@x.example,pro\nu2,,\n")
    rows = CsvRows(
        path, external_id="user", fields={"email": "mail", "metadata.plan": "metadata.plan"}
    )

    import_rows(client, rows)

    assert stored(mock)["u1"].email == "a@x.example"
    assert stored(mock)["u1"].metadata == {"plan": "pro"}
    assert stored(mock)["u2"].email is None


def test_a_rate_spaces_rows_evenly_and_lets_no_burst_follow_a_pause() -> None:
    now = 0.0
    passed = []
    limit = RateLimit(10, lambda: now)
    for number in range(6):
        if number == 3:
            now += 5
        now += max(limit.wait_seconds(), 0)
        limit.count()
        passed.append(round(now, 6))

    assert passed == [0, 0.1, 0.2, 5.2, 5.3, 5.4]


def test_a_rate_holds_for_what_is_sent(
    mock: MockCustomers, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = []
    monkeypatch.setattr(RateLimit, "count", lambda self: passed.append(1))
    mock.add_customer(external_id="u0", name="Name 0")

    import_rows(client, people(5), rate=1_000)

    assert len(passed) == 4


def test_a_slow_rate_does_not_hold_up_what_is_settled(mock: MockCustomers, client: Client) -> None:
    seen: list[tuple[int, int]] = []

    def look(now: Progress) -> None:
        seen.append((now.done, len(writes(mock))))

    import_rows(client, people(6), workers=8, rate=20, progress=look)

    assert all(sent - done <= 1 for done, sent in seen)


# --- what does not stay as it was ------------------------------------------------------------


class Fickle(list[Any]):
    """Rows of which a later walk gives others."""

    def __init__(self, *walks: list[Any]) -> None:
        super().__init__(walks[0])
        self.walks = list(walks)

    def __iter__(self) -> Any:
        return iter(self.walks.pop(0) if len(self.walks) > 1 else self.walks[0])


@pytest.mark.parametrize(
    "second", [[], people(5), people(9), people(7)[1:], [*people(6), {"external_id": "other"}]]
)
def test_rows_that_change_between_the_walks_are_told_and_the_journal_stays(
    mock: MockCustomers, client: Client, tmp_path: Path, second: list[Any]
) -> None:
    journal = tmp_path / "users.journal"

    # check for a walk of its own: `iter(rows) is rows`
    with pytest.raises(ValueError, match="rows changed during the import"):
        import_rows(client, Fickle([], people(7), second), journal=journal)

    assert journal.exists() == bool(second)
    report = import_rows(client, people(7), journal=journal)
    assert report.complete
    assert {f"u{number}" for number in range(7)} <= stored(mock).keys()


def test_a_row_that_goes_back_to_what_it_was_is_sent_again(
    mock: MockCustomers, client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    for name in ("A", "B"):
        interrupted(client, journal, [{"external_id": "u", "name": name}, *people(5)], 1)

    import_rows(client, [{"external_id": "u", "name": "A"}, *people(5)], journal=journal)

    assert stored(mock)["u"].name == "A"


def test_rows_that_always_fail_do_not_keep_the_others_out(
    mock: MockCustomers, tmp_path: Path
) -> None:
    journal = tmp_path / "users.journal"
    client = mock.client(max_retries=0)
    rows = people(40)
    mock.fail_next(status=503, method="POST", times=10)
    with pytest.raises(ServerError):
        import_rows(client, rows, journal=journal)
    sent = len(mock.requests)

    report = import_rows(client, rows, journal=journal)

    assert report.complete
    order = [each.json["externalId"] for each in mock.requests[sent:] if each.method == "POST"]
    assert order[-10:] == [f"u{number}" for number in range(10)]


def test_members_of_metadata_that_others_add_meanwhile_stay(
    mock: MockCustomers, client: Client
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")
    customer_id = mock.add_customer(external_id="u1", metadata={"a": 1})

    def meanwhile(now: Progress) -> None:
        if now.done == 1:
            client.customers.update(customer_id, metadata={"a": 1, "theirs": 2})

    rows = [*people(1), {"external_id": "u1", "metadata": {"b": 3}}]
    import_rows(client, rows, progress=meanwhile)

    assert stored(mock)["u1"].metadata == {"a": 1, "theirs": 2, "b": 3}


def test_a_customer_who_loses_the_external_id_meanwhile_is_replaced_by_a_whole_one(
    mock: MockCustomers, client: Client
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")
    customer_id = mock.add_customer(external_id="u1", name="Ada", metadata={"a": 1})

    def meanwhile(now: Progress) -> None:
        if now.done == 1:
            client.customers.update(customer_id, external_id="other")

    rows = [*people(1), {"external_id": "u1", "name": "Ada", "metadata": {"b": 3}}]
    import_rows(client, rows, progress=meanwhile)

    assert stored(mock)["other"].metadata == {"a": 1}
    assert (stored(mock)["u1"].name, stored(mock)["u1"].metadata) == ("Ada", {"b": 3})


def test_a_customer_who_has_lost_the_external_id_since_the_listing_is_left_alone(
    mock: MockCustomers, client: Client
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")
    before = mock.add_customer(external_id="u1", name="Ada")
    after = mock.add_customer(external_id="other", name="Grace")

    def meanwhile(now: Progress) -> None:
        if now.done == 1:
            client.customers.update(before, external_id="gone")
            client.customers.update(after, external_id="u1")

    rows = [*people(1), {"external_id": "u1", "name": "Grace Hopper"}]
    report = import_rows(client, rows, progress=meanwhile)

    assert counts(report) == (0, 1, 1, 0)
    assert (stored(mock)["gone"].name, stored(mock)["u1"].name) == ("Ada", "Grace Hopper")


def test_a_field_that_is_none_is_not_sent(mock: MockCustomers, client: Client) -> None:
    mock.add_customer(external_id="u1", name="Ada", metadata={"a": 1})
    row = Row(1, {"external_id": "u1", "name": None, "metadata": None})

    assert import_rows(client, [row]).unchanged == 1


@pytest.mark.parametrize(
    ("answer", "final"),
    [({"status": 413}, True), ({"status": 400}, True), ({"status": 409}, False)],
)
def test_what_the_service_would_refuse_again_is_final(
    mock: MockCustomers, answer: Any, *, final: bool
) -> None:
    mock.fail_next(method="POST", times=1, **answer)

    report = import_rows(mock.client(max_retries=0), people(2))

    assert [each.final for each in report.rejections] == [final]


def test_a_proxys_400_is_not_the_services(mock: MockCustomers) -> None:
    mock.html_next(status=400, method="POST")

    report = import_rows(mock.client(max_retries=0), people(2))

    assert [each.final for each in report.rejections] == [False]


def test_what_the_checks_reject_is_told_once_before_the_first_request(
    mock: MockCustomers, client: Client
) -> None:
    told: list[tuple[int, list[int]]] = []
    rows = [{"name": "nobody"}, {"external_id": "u1"}, {"external_id": "u1"}]

    import_rows(
        client,
        rows,
        on_checked=lambda found: told.append((len(mock.requests), [each.line for each in found])),
    )
    import_rows(client, people(1), on_checked=lambda found: told.append((0, list(found))))

    assert told == [(0, [1, 3]), (0, [])]


# --- customers from before there were external ids ---------------------------------------------


def without_external_id(mock: MockCustomers, *emails: str) -> list[str]:
    return [mock.add_customer(email=email) for email in emails]


@pytest.mark.parametrize("others", [0, 250])
@pytest.mark.parametrize("workers", [1, 4])
def test_the_one_customer_with_the_email_and_no_external_id_is_adopted(
    mock: MockCustomers, client: Client, others: int, workers: int
) -> None:
    for number in range(others):  # with so many, rows are looked up one by one
        mock.add_customer(external_id=f"o{number}")
    (customer_id,) = without_external_id(mock, "ada@x.example")
    rows = [
        {"external_id": "u1", "email": "Ada@x.example", "name": "Ada"},
        {"external_id": "u2", "email": "bo@x.example"},
    ]

    report = import_rows(client, rows, adopt=True, workers=workers)

    assert counts(report) == (1, 1, 0, 0)
    assert stored(mock)["u1"].id == customer_id
    assert stored(mock)["u1"].name == "Ada"
    assert counts(import_rows(client, rows, adopt=True)) == (0, 0, 2, 0)


def test_nobody_is_adopted_unless_that_is_wanted(mock: MockCustomers, client: Client) -> None:
    without_external_id(mock, "ada@x.example")

    report = import_rows(client, [{"external_id": "u1", "email": "ada@x.example"}])

    assert counts(report) == (1, 0, 0, 0)
    assert len(mock.customers) == 2


def test_several_candidates_reject_the_row_and_nothing_is_written(
    mock: MockCustomers, client: Client
) -> None:
    without_external_id(mock, "ada@x.example", "ADA@x.example")
    rows = [*people(2), {"external_id": "u9", "email": "ada@x.example"}]

    dry = import_rows(client, rows, adopt=True, dry_run=True)
    report = import_rows(client, rows, adopt=True)

    assert counts(dry) == counts(report) == (2, 0, 0, 0)
    for each in (dry, report):
        (rejection,) = each.rejections
        assert (rejection.external_id, rejection.final) == ("u9", False)
        assert "2 customers have this email and no external id" in rejection.reason
        assert "ada" not in rejection.reason.lower()
    assert len(mock.customers) == 4
    assert "PUT" not in [method for method, _ in writes(mock)]


def test_rows_with_one_email_adopt_one_customer_and_create_the_others(
    mock: MockCustomers, client: Client
) -> None:
    (customer_id,) = without_external_id(mock, "ada@x.example")
    rows = [{"external_id": f"u{number}", "email": "ada@x.example"} for number in range(6)]

    report = import_rows(client, rows, adopt=True, workers=4)

    assert counts(report) == (5, 1, 0, 0)
    assert len(stored(mock)) == 6
    assert customer_id in {customer.id for customer in mock.customers}


def test_a_dry_run_says_who_would_be_adopted(mock: MockCustomers, client: Client) -> None:
    without_external_id(mock, "ada@x.example")
    rows = [{"external_id": "u1", "email": "ada@x.example"}, *people(1)]

    assert counts(import_rows(client, rows, adopt=True, dry_run=True)) == (1, 1, 0, 0)
    assert writes(mock) == []


def test_a_lost_response_to_an_adoption_adopts_once(mock: MockCustomers) -> None:
    (customer_id,) = without_external_id(mock, "ada@x.example")
    mock.drop_answer_next(method="PUT", times=1)

    report = import_rows(
        mock.client(), [{"external_id": "u1", "email": "ada@x.example"}], adopt=True
    )

    assert counts(report) == (0, 1, 0, 0)
    assert [(each.id, each.external_id) for each in mock.customers] == [(customer_id, "u1")]


def test_a_row_of_several_candidates_is_imported_once_that_is_settled(
    mock: MockCustomers, tmp_path: Path
) -> None:
    client = mock.client(max_retries=0)
    first, second = without_external_id(mock, "ada@x.example", "ada@x.example")
    journal = tmp_path / "users.journal"
    rows = [*people(1), {"external_id": "u9", "email": "ada@x.example"}]
    mock.fail_next(status=503, method="POST")
    assert len(import_rows(client, rows, adopt=True, journal=journal).rejections) == 2

    client.customers.update(first, external_id="another")
    report = import_rows(client, rows, adopt=True, journal=journal)

    assert counts(report) == (1, 1, 0, 0)
    assert report.complete
    assert stored(mock)["u9"].id == second


def test_many_rows_of_several_candidates_do_not_end_the_import(
    mock: MockCustomers, client: Client
) -> None:
    without_external_id(mock, "ada@x.example", "ada@x.example")
    rows = [{"external_id": f"a{number}", "email": "ada@x.example"} for number in range(12)]

    report = import_rows(client, [*rows, *people(1)], adopt=True)

    assert counts(report) == (1, 0, 0, 0)
    assert len(report.rejections) == 12


def test_a_customer_who_comes_in_after_the_listing_is_adopted(
    mock: MockCustomers, client: Client
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")

    def meanwhile(now: Progress) -> None:
        if now.done == 1:
            without_external_id(mock, "late@x.example")

    rows = [*people(1), {"external_id": "u1", "email": "late@x.example"}]
    report = import_rows(client, rows, adopt=True, progress=meanwhile)

    assert counts(report) == (0, 1, 1, 0)
    assert stored(mock)["u1"].email == "late@x.example"
    assert len(mock.customers) == 2


# --- what counts as created --------------------------------------------------------------------


def test_a_creation_by_another_process_counts_as_theirs_though_our_response_is_lost(
    mock: MockCustomers,
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")

    def meanwhile(now: Progress) -> None:
        if now.done == 1:
            mock.add_customer(external_id="u1", name="Name 1", city="Paris")
            mock.timeout_next(method="POST")

    report = import_rows(mock.client(max_retries=0), people(2), progress=meanwhile)

    assert counts(report) == (0, 0, 2, 0)
    assert stored(mock)["u1"].city == "Paris"


def test_a_creation_in_place_of_an_update_counts_as_one(
    mock: MockCustomers, client: Client
) -> None:
    mock.add_customer(external_id="u0", name="Name 0")
    customer_id = mock.add_customer(external_id="u1", metadata={"a": 1})

    def meanwhile(now: Progress) -> None:
        if now.done == 1:
            client.customers.update(customer_id, external_id="moved")

    rows = [*people(1), {"external_id": "u1", "metadata": {"b": 2}}]
    report = import_rows(client, rows, progress=meanwhile)

    assert counts(report) == (1, 0, 1, 0)
