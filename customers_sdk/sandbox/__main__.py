"""``python -m customers_sdk.sandbox``: the sandbox until Ctrl-C or SIGTERM."""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Sequence

_BANNER = """\
The Customers API sandbox is listening. Stop it with Ctrl-C.

  base URL  {base_url}
  app id    {app_id}
  API key   {api_key}

To use it from another terminal:

export NODERAILS_BASE_URL={base_url}
export NODERAILS_APP_ID={app_id}
export NODERAILS_API_KEY={api_key}
"""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs the sandbox; 0 after a signal, 2 where it cannot start (with one line on stderr)."""
    options = _parser().parse_args(arguments)
    try:
        from customers_sdk.sandbox import Sandbox
    except ModuleNotFoundError as error:
        return _failed(str(error))
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    sandbox = Sandbox(
        host=options.host, port=options.port, db=options.db, tie_order=options.tie_order
    )
    try:
        sandbox.start()
    except OSError as error:
        return _failed(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}")
    except sqlite3.Error as error:
        return _failed(f"cannot open the database {options.db}: {error}")
    try:
        print(
            _BANNER.format(
                base_url=sandbox.base_url, app_id=sandbox.app_id, api_key=sandbox.api_key
            ),
            flush=True,
        )
        while not stopped.wait(1):
            pass
    finally:
        sandbox.close()
    return 0


def _failed(reason: str) -> int:
    print(f"customers_sdk.sandbox: {reason}", file=sys.stderr, flush=True)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m customers_sdk.sandbox", description="The Customers API on this machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=8787, help="port, 0 for a free one (%(default)s)"
    )
    parser.add_argument(
        "--db", metavar="FILE", help="SQLite file to keep (a temporary one if left out)"
    )
    parser.add_argument(
        "--tie-order",
        choices=("stable", "random"),
        default="stable",
        help="order of customers created in one millisecond; random hangs on page size and page",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
