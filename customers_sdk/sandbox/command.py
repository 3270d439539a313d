"""``customers sandbox``, which ``python -m customers_sdk.sandbox`` is too."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

#: What a sandbox without a file is called with, the same at every start so that a `.env` lasts.
API_KEY = "nr_test_sk_local_sandbox"
APP_ID = "5a4db0c5-0000-4000-8000-000000000001"


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8787,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Port to listen on; 0 for a free one.",
)
@click.option("--db", metavar="FILE", help="SQLite file to keep; a temporary one by default.")
@click.option(
    "--seed",
    metavar="FILE|N",
    help="Begin with the customers of a JSON or JSONL file, or with N made-up ones.",
)
@click.option(
    "--tie-order",
    type=click.Choice(["stable", "random"]),
    default="stable",
    show_default=True,
    help="Order of customers with the same creation time; random: depends on page number and size.",
)
@click.option("--quiet", is_flag=True, help="Do not print a line for each request.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(
    host: str,
    port: int,
    db: str | None,
    seed: str | None,
    tie_order: str,
    quiet: bool,  # noqa: FBT001 - click passes it by name
    command: tuple[str, ...],
) -> int:
    """Run the Customers API on this machine (extra: sandbox).

    Runs until Ctrl-C, prints the lines that point your code to it, and a line for each request. In
    a browser its address shows what your code sent.

    With a command, as in "customers sandbox -- python app.py", runs the command with
    NODERAILS_BASE_URL, NODERAILS_APP_ID and NODERAILS_API_KEY set, and ends with its exit code.
    """
    try:
        from customers_sdk.sandbox import Sandbox
    except ModuleNotFoundError as error:
        raise click.ClickException(str(error)) from None
    from customers_sdk.sandbox.terminal import Terminal

    terminal = Terminal(sys.stderr if command else sys.stdout)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    made = Sandbox(host=host, port=port, db=db, tie_order=tie_order, api_key=API_KEY, app_id=APP_ID)
    with contextlib.closing(made) as running:
        _start(running, host, port, db)
        if seed is not None:
            _seed(running, seed, terminal)
        if not quiet:
            running.log.watch(terminal.request)
        if command:
            if not quiet:
                terminal.console(running)
            return _run(command, {**os.environ, **running.environment})
        terminal.banner(running)
        while not stopped.wait(1):
            pass
    return 0


def _start(sandbox: Any, host: str, port: int, db: str | None) -> None:
    import sqlite3  # late: the other commands of the CLI do without

    try:
        sandbox.start()
    except OSError as error:
        text = f"cannot listen on {host}:{port}: {error.strerror or error}"
        if error.errno == errno.EADDRINUSE:
            text += ". Pass --port 0 for a free port."
        raise click.ClickException(text) from None
    except sqlite3.Error as error:
        raise click.ClickException(f"cannot open the database {db}: {error}") from None


def _seed(sandbox: Any, wanted: str, terminal: Any) -> None:
    from customers_sdk.sandbox import seeds

    if sandbox.store.count_customers():
        terminal.say("The database has customers already: not seeded again.")
        return
    try:
        seed = seeds.plausible(int(wanted)) if wanted.isdecimal() else seeds.read(Path(wanted))
        seeds.sow(sandbox, seed)
    except (seeds.SeedError, UnicodeDecodeError) as error:
        raise click.ClickException(f"cannot seed from {wanted}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"cannot read {wanted}: {error.strerror}") from None


def _run(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Run the command to its end. Ctrl-C reaches it by itself; SIGTERM is passed on."""
    import subprocess

    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        child = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own
    except OSError as error:
        raise click.ClickException(f"cannot run {command[0]}: {error.strerror}") from None
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    code = child.wait()
    return code if code >= 0 else 128 - code
