"""``customers sandbox`` in everyday use: stable settings, a command to run, seeds, the terminal."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from typing import TYPE_CHECKING

import pytest

from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.terminal import Terminal
from tests.cli.cli_running import COMMAND, environment, run, start
from tests.cli.cli_running import Terminal as OnTerminal

if TYPE_CHECKING:
    from pathlib import Path

MODULE = (sys.executable, "-m", "customers_sdk.sandbox")
SHOW = "import os; print([os.environ[f'NODERAILS_{n}'] for n in ('BASE_URL', 'APP_ID', 'API_KEY')])"
CALL = """
import sys
from customers_sdk import Client
with Client() as client:
    made = client.customers.create(external_id="user-42")
    client.customers.retrieve(made.id)
    print(client.customers.list_page().total)
sys.exit(7)
"""


def sandboxed(*arguments: str) -> tuple[int, str, str]:
    done = run("sandbox", "--port=0", *arguments)
    return done.code, done.out, done.err


def test_the_key_and_the_app_id_are_the_same_at_every_start() -> None:
    code, out, _ = sandboxed("--", sys.executable, "-c", SHOW)
    assert code == 0
    base_url, *first = json.loads(out.replace("'", '"'))
    _, again, _ = sandboxed("--", sys.executable, "-c", SHOW)
    assert json.loads(again.replace("'", '"'))[1:] == first
    assert base_url.startswith("http://127.0.0.1:")


def test_a_database_made_with_another_key_keeps_it(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.sqlite3")
    with Sandbox(db=path) as sandbox:
        identity = [sandbox.app_id, sandbox.api_key]
    _, out, _ = sandboxed("--db", path, "--", sys.executable, "-c", SHOW)
    assert json.loads(out.replace("'", '"'))[1:] == identity


def test_a_command_is_run_against_it_and_its_exit_code_is_kept() -> None:
    code, out, err = sandboxed("--", sys.executable, "-c", CALL)
    assert (code, out) == (7, "1\n")
    where, created, retrieved, listed = err.splitlines()
    assert re.match(r"Sandbox: http://127\.0\.0\.1:\d+/ ", where)
    assert re.fullmatch(r"POST /customers 201 \d+ ms user-42", created)
    assert re.fullmatch(r"GET /customers/[0-9a-f-]{36} 200 \d+ ms user-42", retrieved)
    assert re.fullmatch(r"GET /customers\?appId=\S+ 200 \d+ ms", listed)


def test_quiet_leaves_the_terminal_to_the_command() -> None:
    assert sandboxed("--quiet", "--", sys.executable, "-c", CALL) == (7, "1\n", "")


def test_options_after_the_command_are_the_commands_own() -> None:
    assert sandboxed("--quiet", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--port")[
        1
    ] == ("['--port']\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_a_signal_ends_counts_as_in_a_shell(number: int) -> None:
    code, _, _ = sandboxed(
        "--", sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(number)})"
    )
    assert code == 128 + number


def test_control_c_reaches_the_command_once_and_its_exit_code_is_kept() -> None:
    script = """if 1:
        import signal, sys
        signal.signal(signal.SIGINT, lambda *_: sys.exit(9))
        print("up", flush=True)
        signal.pause()
    """
    with OnTerminal("sandbox", "--port=0", "--", sys.executable, "-c", script) as shell:
        shell.wait_for("up")
        shell.press_control_c()
        assert shell.end()[0] == 9


def test_sigterm_reaches_the_command() -> None:
    script = "import signal; print('up', flush=True); signal.pause()"
    process = start("sandbox", "--port=0", "--", sys.executable, "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_command_that_is_not_there_is_one_line_and_2() -> None:
    code, out, err = sandboxed("--quiet", "--", "no-such-command")
    assert (code, out) == (2, "")
    assert err == "customers: cannot run no-such-command: No such file or directory\n"


@pytest.mark.parametrize("command", [(*COMMAND, "sandbox"), MODULE], ids=["customers", "module"])
def test_a_port_in_use_names_port_0(command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, f"--port={port}"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        rf"\S+: cannot listen on 127\.0\.0\.1:{port}: .*\. Pass --port 0 for a free port\.\n",
        done.stderr,
    )


def test_both_commands_have_one_help() -> None:
    command = [*MODULE, "--help"]
    module = subprocess.run(  # noqa: S603 - our own command
        command, env=environment(), capture_output=True, text=True, timeout=30, check=True
    ).stdout
    ours = run("sandbox", "--help").out.replace("-h, --help", "--help")
    assert module.replace("python -m customers_sdk.sandbox", "customers sandbox").split() == (
        ours.split()
    )


def test_the_start_shows_the_console_the_exports_and_a_curl_line() -> None:
    with Sandbox() as sandbox:
        out = StringIO()
        Terminal(out).banner(sandbox)
        text = out.getvalue()
        assert f"  {sandbox.base_url}/ " in text
        for name, value in sandbox.environment.items():
            assert f"\nexport {name}={value}\n" in text
        assert '\ncurl -H "x-api-key: $NODERAILS_API_KEY" "$NODERAILS_BASE_URL/customers"\n' in text


def shown(sandbox: Sandbox) -> list[str]:
    """The lines for the requests so far."""
    out = StringIO()
    for sent in sandbox.requests:
        Terminal(out).request(sent)
    return [re.sub(r"\d+ ms", "N ms", line) for line in out.getvalue().splitlines()]


def test_a_line_names_replays_faults_and_lost_responses() -> None:
    with Sandbox() as sandbox, sandbox.client() as client:
        sandbox.drop_answer_next()
        client.customers.create(external_id="user-42")
        assert shown(sandbox) == [
            "POST /customers lost N ms user-42 drop_answer_next",
            "POST /customers 201 N ms user-42 replayed",
        ]


def test_a_line_cannot_steer_the_terminal() -> None:
    with Sandbox() as sandbox, sandbox.client() as client:
        client.customers.create(external_id="\x1b]0;owned\x07\n")
        assert shown(sandbox) == [r"POST /customers 201 N ms \x1b]0;owned\x07\n"]


def test_a_terminal_gets_colours_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    with Sandbox() as sandbox, sandbox.client() as client:
        client.customers.list_page()
        (sent,) = sandbox.requests
        coloured, plain = Tty(), Tty()
        Terminal(coloured).request(sent)
        monkeypatch.setenv("NO_COLOR", "1")
        Terminal(plain).request(sent)
    assert "\x1b[32m200\x1b[0m" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_a_terminal_of_another_encoding_gets_escapes(sandbox: Sandbox) -> None:
    out = TextIOWrapper(BytesIO(), encoding="ascii")
    with sandbox.client() as client:
        client.customers.create(external_id="Zoë")
        Terminal(out).request(sandbox.requests[0])
    out.seek(0)
    assert r"Zo\xeb" in out.read()


class Gone(StringIO):
    """A terminal that was closed."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_a_terminal_that_is_gone_does_not_stop_the_sandbox() -> None:
    with Sandbox() as sandbox, sandbox.client() as client:
        sandbox.log.watch(Terminal(Gone()).request)
        client.customers.list_page()
        client.customers.list_page()
        assert [sent.status for sent in sandbox.requests] == [200, 200]


def test_a_missing_seed_file_is_one_line_and_2() -> None:
    code, out, err = sandboxed("--seed", "no-such-file.json", "--", "true")
    assert (code, out) == (2, "")
    assert err == "customers: cannot read no-such-file.json: No such file or directory\n"


def test_a_database_that_has_customers_is_not_seeded_again(tmp_path: Path) -> None:
    count = "from customers_sdk import Client; print(Client().customers.list_page().total)"
    options = ("--db", str(tmp_path / "kept.sqlite3"), "--seed", "4", "--quiet", "--")
    assert sandboxed(*options, sys.executable, "-c", count) == (0, "4\n", "")
    code, out, err = sandboxed(*options, sys.executable, "-c", count)
    assert (code, out) == (0, "4\n")
    assert err == "The database has customers already: not seeded again.\n"
