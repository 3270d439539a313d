"""``customers doctor``: checks a setup step by step, and says what is wrong in sentences."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator

import click

from customers_sdk.cli._exit import Exit, one_line
from customers_sdk.cli._output import write_json, write_text
from customers_sdk.cli._streams import is_terminal
from customers_sdk.cli.doctor._finding import Finding, State

_MARKS = {
    State.GOOD: click.style("ok   ", fg="green"),
    State.NOTE: click.style("note ", fg="yellow"),
    State.WRONG: click.style("WRONG", fg="red", bold=True),
}
_VERDICTS = {0: "No problems found.", 1: "1 problem found."}
_INDENT = 19  # of what is found, behind mark and check


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Output JSON, one record a line.")
def doctor(*, as_json: bool) -> Exit:
    """Find out why a setup does not work.

    Checks versions, settings, proxy, DNS, the connection, TLS, and the response to one
    request. It changes nothing and shows nothing of the key.
    """
    code = Exit.DONE
    wrongs = 0
    unchecked = ""
    for finding in _findings():
        _write(finding, as_json=as_json)
        wrongs += finding.state is State.WRONG
        code = code or finding.code
        unchecked = unchecked or finding.unchecked
    if not as_json:
        verdict = _VERDICTS.get(wrongs, f"{wrongs} problems found. Fix the first one first.")
        write_text(f"{verdict} {unchecked} could not be checked." if unchecked else verdict)
    return code


def _findings() -> Iterator[Finding]:
    """Check one thing after another, as far as it makes sense to go."""
    from customers_sdk.cli.doctor import _network, _service, _setup

    yield from _setup.software()
    settings, base_url = _setup.settings()
    yield from settings
    if base_url is None:
        return
    right = all(finding.state is not State.WRONG for finding in settings)
    for finding in _network.Network(base_url).findings():
        yield finding
        right = right and finding.state is not State.WRONG
    # A request teaches nothing where a setting is wrong or no connection can be made.
    if right:
        yield from _service.findings()


def _write(finding: Finding, *, as_json: bool) -> None:
    found, advice = one_line(finding.found), one_line(finding.advice)
    if as_json:
        record = {"check": finding.check, "state": finding.state.value}
        write_json({**record, "found": found, "advice": advice})
        return
    told = f"{found} {advice}".rstrip()
    if is_terminal(sys.stdout):
        width = max(shutil.get_terminal_size().columns - _INDENT - 1, 20)
        told = f"\n{' ' * _INDENT}".join(textwrap.wrap(told, width, break_on_hyphens=False))
    if sys.stdout is not None:
        click.echo(f"{_MARKS[finding.state]}  {finding.check + ':':<11} {told}")
