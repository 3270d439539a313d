"""Every python block of the documentation runs, each page in a process and a sandbox of its own.

What a page says that a block prints (```` ```output ```` under it) is compared. A block under
``<!-- not run: why -->`` is only compiled.
"""

from __future__ import annotations

import codeop
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from customers_sdk.testing import mock_customers
from tests.docs import typed
from tests.docs.pages import PAGES, ROOT, blocks, run

DOCS = ROOT / "docs"

# Theirs need a project around them.
FRAMEWORKS = {"django.md", "flask.md"}

WITHOUT_A_KEY = "\n    unset NODERAILS_API_KEY NODERAILS_APP_ID NODERAILS_BASE_URL\n"

A_USER_WITH_THE_LONGEST_NAME = """
    python manage.py shell -c "
    from django.contrib.auth import get_user_model
    from django.test import Client
    names = {'first_name': 'G' * 150, 'last_name': 'H' * 150}
    browser = Client(SERVER_NAME='localhost')
    browser.force_login(get_user_model().objects.create_user('grace', **names))
    print('the longest name:', browser.post('/my-customer/').status_code)"
"""

ALONE = [page for page in PAGES if page.name not in FRAMEWORKS and blocks(page)]


@pytest.mark.parametrize("page", ALONE, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_a_process_of_their_own(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    typed.run([sys.executable, "-m", "tests.docs.pages", str(page)], tmp_path)


def unfinished_in_a_prompt(code: str) -> list[str]:
    """Give a block to Python's prompt line by line; the lines it still waits to see the end of."""
    compiles = codeop.CommandCompiler()
    waiting: list[str] = []
    for line in [*code.splitlines(), ""]:  # at the end the reader presses Enter
        waiting.append(line)
        if compiles("\n".join(waiting), symbol="single") is not None:
            waiting = []
    return waiting


@pytest.mark.parametrize("page", ALONE, ids=lambda page: page.name)
def test_the_blocks_of_a_page_can_be_pasted_into_a_prompt(page: Path) -> None:
    for block in blocks(page):
        assert unfinished_in_a_prompt(block.code) == []


def test_a_block_that_a_prompt_refuses_is_seen() -> None:
    loop = "for n in range(3):\n    n\n"
    with pytest.raises(SyntaxError):
        unfinished_in_a_prompt(f"{loop}print(n)\n")
    assert unfinished_in_a_prompt(f"{loop}\nprint(n)\n") == []


def test_the_commands_on_the_page_about_the_cli_work(tmp_path: Path) -> None:
    typed.type_in((DOCS / "cli.md").read_text("utf-8"), tmp_path)
    assert len((tmp_path / "customers.jsonl").read_text("utf-8").splitlines()) == 1


def test_the_commands_on_the_page_about_the_sandbox_work(tmp_path: Path) -> None:
    shown = typed.type_in(
        typed.section((DOCS / "sandbox.md").read_text("utf-8"), "Every day"), tmp_path
    )
    assert "user-1" in shown


def test_the_flask_page_works_from_its_first_line(tmp_path: Path) -> None:
    pytest.importorskip("flask")
    known = "\n    customers create --external-id user-42\n"
    shown = typed.type_in(known + (DOCS / "flask.md").read_text("utf-8"), tmp_path)
    assert "1 passed" in shown


@pytest.mark.parametrize("users", ["With Django's own users", "With a user model of your own"])
def test_the_django_page_works_from_startproject_on(users: str, tmp_path: Path) -> None:
    pytest.importorskip("django")
    text = (DOCS / "django.md").read_text("utf-8")
    titles = ("Start", users, "The link", "Errors", "Commands")
    project = "".join(f"\n{typed.section(text, title)}" for title in titles)
    tests = f"{WITHOUT_A_KEY}{typed.section(text, 'In tests')}"
    shown = typed.type_in(project + A_USER_WITH_THE_LONGEST_NAME + tests, tmp_path)
    assert "{'customer': '" in shown
    assert "the longest name: 201" in shown
    assert (tmp_path / "shop" / "customers.jsonl").exists()


def test_djangos_checks_are_silenced_by_the_line_on_the_page(tmp_path: Path) -> None:
    pytest.importorskip("django")
    (line,) = re.findall(r"`(SILENCED_\w+ = .+)`", (DOCS / "django.md").read_text("utf-8"))
    settings = f"SECRET_KEY = 'x'\nINSTALLED_APPS = ['customers_sdk.django']\n{line}\n"
    (tmp_path / "bare.py").write_text(settings, "utf-8")
    check = "    python -m django check --settings bare --pythonpath .\n"
    typed.type_in(WITHOUT_A_KEY + check, tmp_path)


def test_the_commands_on_the_front_page_work(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id,mail\nuser-43,eve@example.com\n", "utf-8")
    tab = (DOCS / "index.md").read_text("utf-8").partition("tab-item} Command line\n")[2]
    shown = typed.type_in(tab.partition(":::")[0], tmp_path)
    assert "ada@example.com" in shown


def test_the_lines_for_the_crontab_work(tmp_path: Path) -> None:
    for script in ("cron_sync.py", "cron_export.sh"):
        shutil.copy(DOCS / "examples" / script, tmp_path)
    (tmp_path / "accounts.csv").write_text("user,email\nuser-1,ada@example.com\n", "utf-8")
    (tmp_path / "customers.env").touch()  # the sandbox has set the variables
    page = (DOCS / "cron.md").read_text("utf-8")
    lines = re.findall(r"^    \d+ 3 .*\n", page, re.MULTILINE)
    assert len(lines) == 2
    typed.type_in("".join(f"\n{line}" for line in lines), tmp_path)
    assert "ada@example.com" in (tmp_path / "customers.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    ("codes", "status", "calls", "shown"),
    [
        ("0", 0, ["export customers.jsonl"], ""),
        ("5 0", 0, ["export customers.jsonl", "sleep", "export customers.jsonl --resume"], ""),
        ("5 4", 1, ["export customers.jsonl", "sleep", "export customers.jsonl --resume"], "4"),
        ("4", 1, ["export customers.jsonl"], "4"),
        ("6", 1, ["export customers.jsonl"], "6"),
    ],
    ids=str,
)
def test_the_nightly_export_retries_an_outage_once_and_prints_only_a_failure(
    codes: str, status: int, calls: list[str], shown: str, tmp_path: Path
) -> None:
    (tmp_path / "codes").write_text("".join(f"{code}\n" for code in codes.split()), "utf-8")
    fakes = {
        "customers": 'echo "$@" >> calls\nread code < codes\ntail -n +2 codes > rest\n'
        "mv rest codes\n"
        'echo "$code"\nexit "$code"\n',
        "sleep": "echo sleep >> calls\n",
    }
    for name, script in fakes.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}", "utf-8")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", str(DOCS / "examples" / "cron_export.sh")],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (status, shown, "")
    assert (tmp_path / "calls").read_text("utf-8").splitlines() == calls


def test_a_command_that_fails_is_seen(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no-such-command"):
        typed.type_in("\n    no-such-command\n    echo done\n", tmp_path)


def test_the_readme_makes_the_customer_it_shows_however_often_it_runs() -> None:
    with mock_customers() as mock:
        for _ in range(2):
            run(ROOT / "README.md", {})
        (customer,) = mock.customers
    assert (customer.external_id, customer.city) == ("user-42", "London")
    assert [wallet.chain_id for wallet in customer.wallets] == [8453]


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("README.md", 2),
        ("testing.md", 9),
        ("quickstart.md", 18),
        ("from-requests.md", 9),
        ("bulk.md", 5),
    ],
)
def test_no_page_loses_its_blocks(name: str, least: int) -> None:
    page = next(each for each in (ROOT / name, DOCS / name) if each in PAGES)
    assert sum(block.runs for block in blocks(page)) >= least


def test_the_fixtures_tests_on_the_testing_page_work() -> None:
    names: dict[str, Any] = {}
    run(DOCS / "testing.md", names)
    with mock_customers() as mock:
        names["test_sign_up"](mock)
        names["test_an_outage"](mock, mock.client())


def test_three_lines_prove_that_a_lost_response_makes_no_second_customer() -> None:
    page = DOCS / "testing.md"
    section = page.read_text("utf-8").partition("A lost response makes no second customer")[2]
    assert len(blocks(page, section)[0].code.strip().splitlines()) == 1 + 3


def test_a_wrong_output_and_a_block_that_fails_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```python\nprint(1)\n```\n\n```output\n2\n```\n", "utf-8")
    with pytest.raises(AssertionError, match=r"page\.md, line 4"):
        run(page, {})
    page.write_text("```python\nabsent\n```\n", "utf-8")
    with pytest.raises(NameError):
        run(page, {})
    page.write_text("<!-- not run: a sketch -->\n```python\nabsent\n```\n", "utf-8")
    assert run(page, {}) == 0
    page.write_text("<!-- not run: a sketch -->\n```python\ndef\n```\n", "utf-8")
    with pytest.raises(SyntaxError):
        run(page, {})


def test_the_look_up_on_the_idempotency_page_finds_who_is_there() -> None:
    """Its creation is refused as a duplicate, and the look-up under it finds who is there."""
    with mock_customers() as mock:
        mock.add_customer(external_id="user-42", name="Ada")
        run(DOCS / "idempotency.md", {})
        assert [request.method for request in mock.requests] == ["POST", "GET"]
