"""Exit codes, errors in one line, the key that is never shown, pipes and Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

from customers_sdk.cli._errors import line_of
from customers_sdk.cli._exit import Exit, code_of, one_line
from customers_sdk.errors import (
    ConfigurationError,
    IdempotencyError,
    NotFoundError,
    ResponseFormatError,
    ServerError,
    TransportError,
)
from tests.cli.cli_running import COMMAND, ROOT, environment, python, run, start, wait_until_met

if TYPE_CHECKING:
    from customers_sdk.sandbox import Sandbox
    from tests.cli.conftest import Customers as Run

FULL = Path("/dev/full")
SECRET = "nr_test_sk_hushhushhush0001"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 400}, 4),
        ({"status": 403}, 4),
        ({"status": 409}, 4),
        ({"status": 429}, 5),
        ({"status": 500}, 4),
        ({"status": 502}, 5),
        ({"status": 503}, 5),
    ],
)
def test_what_the_service_refuses_is_4_and_what_is_in_front_of_it_5(
    sandbox: Sandbox, customers: Run, fault: dict[str, int], code: int
) -> None:
    sandbox.fail_next(times=9, **fault)
    done = customers("create", "--name=Ada")
    assert (done.code, done.out) == (code, "")
    assert re.search(r"request id [0-9a-f]{32}\]( \(E50\))?$", done.complaint)


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_page_of_html_is_not_the_service(sandbox: Sandbox, customers: Run, status: int) -> None:
    sandbox.html_next(status)
    assert customers("show", "x").code == 5


def test_a_wrong_base_url_does_not_look_like_a_customer_who_is_missing(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODERAILS_BASE_URL", f"{sandbox.base_url}/v1")
    assert customers("show", "x").code == 2


def test_a_wrong_path_in_the_base_url_says_which_setting_to_check(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODERAILS_BASE_URL", f"{sandbox.base_url}/v1")
    done = customers("list")
    assert done.complaint.startswith("customers: The service has no such route. Check NODERAILS_")


def test_a_refused_value_is_named_by_the_option_that_was_typed(
    sandbox: Sandbox, customers: Run
) -> None:
    id_ = sandbox.add_customer()
    done = customers("create", "--email=x")
    assert done.complaint.startswith("customers: --email: Invalid email. [E41, 400, request id ")
    done = customers("wallet", "add", id_, "--chain=4", "--address=0x1")
    assert (done.code, done.complaint.count("tries")) == (4, 0)


def test_an_external_id_that_exists_names_its_customer_and_the_options_that_take_it(
    sandbox: Sandbox, customers: Run
) -> None:
    id_ = sandbox.add_customer(external_id="user-1")
    done = customers("create", "--external-id=user-1")
    assert done.code == 4
    assert f"belongs to customer {id_}. To use that customer" in done.complaint
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    add = ("wallet", "add", id_, "--chain=base", f"--address={address}")
    assert customers(*add).code == 0
    assert "has this wallet already: " in customers(*add).complaint


def test_an_app_that_does_not_exist_names_the_variable(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODERAILS_APP_ID", "00000000-0000-4000-8000-000000000009")
    done = customers("create", "--name=Ada")
    assert done.code == 2
    assert "The service has no such app. Check NODERAILS_APP_ID. [" in done.complaint


def test_an_export_of_nobody_asks_whether_the_app_is_right(
    sandbox: Sandbox, customers: Run, tmp_path: Path
) -> None:
    asked = "customers: No customers are listed. Is NODERAILS_APP_ID right?"
    done = customers("export", str(tmp_path / "all.jsonl"))
    assert (done.code, done.complaint) == (0, asked)
    for option in ("--search=x", "--all-apps"):
        assert customers("export", str(tmp_path / "all.csv"), option).err == ""


def test_a_folder_that_is_missing_is_named(
    sandbox: Sandbox, customers: Run, tmp_path: Path
) -> None:
    done = customers("export", str(tmp_path / "missing" / "out.jsonl"))
    assert done.code == 2
    assert f"The folder '{tmp_path / 'missing'}' does not exist." in done.complaint


def test_nobody_there_is_5_and_points_to_the_doctor(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODERAILS_BASE_URL", "http://127.0.0.1:9")
    done = customers("show", "x")
    assert done.code == 5
    assert '"customers doctor"' in done.complaint


def test_a_wrong_key_is_4_and_points_to_the_doctor(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODERAILS_API_KEY", SECRET)
    done = customers("list")
    assert done.code == 4
    assert '"customers doctor"' in done.complaint
    assert "hush" not in done.complaint


@pytest.mark.parametrize("name", ["NODERAILS_API_KEY", "NODERAILS_APP_ID"])
def test_a_missing_setting_is_2_and_named(
    sandbox: Sandbox, customers: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    done = customers("list")
    assert done.code == 2
    assert f"customers: {name} is missing" in done.complaint
    assert '"customers doctor"' in done.complaint
    assert "pass it" not in done.complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("list", "--bogus"),
        ("list", "--limit=-1"),
        ("list", "--search", "x" * 300),
        ("show", " "),
        ("wallet", "add", "x", "--chain=8453"),
        ("import", "not-there.csv", "--external-id=id"),
    ],
)
def test_wrong_usage_is_2_in_one_line(
    sandbox: Sandbox, customers: Run, arguments: tuple[str, ...]
) -> None:
    done = customers(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.complaint.startswith("customers")


@pytest.mark.parametrize(
    "arguments", [(SECRET,), ("show", SECRET), (f"--api-key={SECRET}",), ("list", SECRET)]
)
def test_a_key_in_the_wrong_place_is_not_repeated(
    sandbox: Sandbox, customers: Run, arguments: tuple[str, ...]
) -> None:
    done = customers(*arguments)
    assert done.code in (2, 3)
    assert "hush" not in done.complaint


def test_the_key_is_no_option(customers: Run) -> None:
    for command in ("create", "list", "import", "doctor"):
        assert not re.search(r"--\S*key", customers(command, "--help").out)


def test_codes_of_errors_that_are_hard_to_cause() -> None:
    assert code_of(ConfigurationError("x")) is Exit.USAGE
    assert code_of(IdempotencyError("x")) is Exit.REFUSED
    assert code_of(ResponseFormatError("x")) is Exit.UNREACHABLE
    assert code_of(TransportError("x")) is Exit.UNREACHABLE
    assert code_of(NotFoundError("x", status=404, code="NOT_FOUND")) is Exit.NOT_FOUND
    assert code_of(ServerError("x", status=500, code="INTERNAL_ERROR")) is Exit.REFUSED


def test_an_error_is_one_line_without_control_characters_and_with_its_request_id() -> None:
    error = ServerError(status=500, code="INTERNAL_ERROR", message="a\nb\x1b[31m", request_id="r-1")
    assert line_of(error) == "customers: a b\\x1b[31m. [E50, 500, request id r-1]"
    assert (
        line_of(FileNotFoundError(2, "No such file", "x.csv")) == "customers: x.csv: No such file."
    )
    assert one_line("set it to nr_test_sk_…") == "set it to nr_test_sk_…"


@pytest.mark.parametrize("words", ["", "customers list --se", "customers export --se"])
def test_help_and_completions_import_nothing_heavy(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    if words:
        monkeypatch.setenv("_CUSTOMERS_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", "2")
    script = (
        "import sys; from customers_sdk.cli import main\n"
        "try: code = main(['--help'])\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'requests', 'urllib3', 'rich', 'attrs', 'attr', 'cattrs', 'ssl', 'http.client'}\n"
        "sys.exit(code or ', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = python(script)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--search" in done.stdout or not words


def test_a_closed_pipe_is_quiet(sandbox: Sandbox) -> None:
    for number in range(300):
        sandbox.add_customer(external_id=f"u-{number}", metadata={"long": "x" * 1000})
    for options in ((), ("--prefetch=2",)):
        process = start("list", *options)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        _, complaint = process.communicate(timeout=20)
        assert (process.returncode, complaint) == (0, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "code"), [("show x", 3), ("no-such-command", 2), ("import missing.csv", 2)]
)
def test_a_closed_standard_error_changes_no_exit_code(
    sandbox: Sandbox, arguments: str, code: int, unbuffered: str
) -> None:
    process = start(*arguments.split(), PYTHONUNBUFFERED=unbuffered)
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(20) == code
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("list >&-", 0),
        ("list 2>&-", 0),
        ("doctor >&-", 0),
        ("show x 2>&-", 3),
        ("export - >&-", 2),
    ],
)
def test_closed_streams_are_no_traceback(sandbox: Sandbox, command: str, code: int) -> None:
    sandbox.add_customer()
    done = subprocess.run(  # noqa: S603 - a shell is what redirects
        ["/bin/sh", "-c", f'"$@" {command}', "sh", *COMMAND],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_2(sandbox: Sandbox) -> None:
    sandbox.add_customer()
    with FULL.open("w", encoding="utf-8") as full:
        process = start("list", stdout=full)
        _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (2, "customers: No space left on device.\n")


def test_another_encoding_shows_escapes(sandbox: Sandbox) -> None:
    sandbox.add_customer(name="Zoë")
    done = run("list", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.code, done.record["name"]) == (0, "Zoë")
    assert done.out.isascii()


def test_control_c_is_quiet_and_130(sandbox: Sandbox) -> None:
    sandbox.timeout_next(path="/customers")
    process = start("list")
    wait_until_met(sandbox)
    process.send_signal(signal.SIGINT)
    out, complaint = process.communicate(timeout=20)
    assert (process.returncode, out, complaint) == (130, "", "")


def test_the_sandbox_runs_until_control_c_and_says_how_to_use_it() -> None:
    process = start("sandbox", "--port=0")
    assert process.stdout is not None
    settings: dict[str, str] = {}
    while len(settings) < 3:
        line = process.stdout.readline()
        assert line, "it ended"
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            settings[name] = value
    assert run("create", "--name=Ada", env=settings).record["name"] == "Ada"
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (0, "")


def test_the_command_is_installed_by_the_package() -> None:
    text = (ROOT / "setup.cfg").read_text("utf-8")
    assert "console_scripts =\n    customers = customers_sdk.cli:main\n" in text
