"""What a running sandbox shows on the terminal."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from customers_sdk.sandbox.faults.requestlog import SentRequest
    from customers_sdk.sandbox.sandbox import Sandbox

_BANNER = """\
The Customers API sandbox is listening. Stop it with Ctrl-C.

  {where}

To use it from another terminal:

{exports}

curl -H "x-api-key: $NODERAILS_API_KEY" "$NODERAILS_BASE_URL/customers"
"""
_ELSEWHERE = """\
In another container or on another machine, put the name of this one into NODERAILS_BASE_URL. Plain
http to it must be permitted: Client(allow_http=True), or for the command line

export NODERAILS_ALLOW_HTTP=1
"""
# By the first digit of the status; a lost response has none.
_COLOURS = {0: "magenta", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}


class Terminal:
    """Write to one stream, with colours where it is a terminal and ``NO_COLOR`` is not set."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._gone = False
        self._color = False if os.environ.get("NO_COLOR") else None

    def say(self, text: str) -> None:
        """Write lines; a terminal that is gone does not stop the sandbox."""
        if self._gone:
            return
        try:
            encoding = getattr(self._stream, "encoding", None) or "utf-8"
            known = text.encode(encoding, "backslashreplace").decode(encoding)
            click.echo(known, file=self._stream, color=self._color)
        except (OSError, ValueError):
            self._gone = True

    def console(self, sandbox: Sandbox) -> None:
        """Show where the sandbox is."""
        self.say(f"Sandbox: {_where(sandbox)}")

    def banner(self, sandbox: Sandbox) -> None:
        """Show where the sandbox is, and how to use it."""
        exports = "\n".join(f"export {name}={value}" for name, value in sandbox.environment.items())
        self.say(_BANNER.format(where=_where(sandbox), exports=exports))
        if sandbox.console_url is None:
            self.say(_ELSEWHERE)

    def request(self, sent: SentRequest) -> None:
        """Write the line of one request: what was sent, how it ended, and for which customer."""
        query = f"?{sent.query}" if sent.query else ""
        colour = _COLOURS.get((sent.status or 0) // 100)
        parts = [
            click.style(sent.method, bold=True),
            _visible(f"{sent.path}{query}"),
            click.style(sent.status or "lost", fg=colour),
            click.style(f"{(sent.seconds or 0) * 1000:.0f} ms", dim=True),
            _visible(sent.customer[1] or ""),
            click.style("replayed", fg="cyan") if sent.replayed else "",
            *(click.style(name, fg="magenta") for name in sent.faults),
        ]
        self.say(" ".join(filter(None, parts)))


def _where(sandbox: Sandbox) -> str:
    if sandbox.console_url is None:
        return f"{sandbox.base_url} (open to other machines, so there is no console)"
    return f"{sandbox.console_url} (open it in a browser to see what your code sends)"


def _visible(text: str) -> str:
    """Return the text with control characters spelled out: it may be anyone's input."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
