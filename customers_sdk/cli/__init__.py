"""The ``customers`` command (extra ``cli``): a thin layer over `Client` and `customers_sdk.bulk`.

Importing this package costs nothing: click is imported by `main`, `requests` and `rich` by the
commands that need them, so that ``customers --help`` is there at once.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from customers_sdk.cli._streams import finish_errors

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default this process's; returns the exit code."""
    try:
        if missing := [name for name in ("click", "rich") if find_spec(name) is None]:
            told = f"needs {' and '.join(missing)}: pip install {' '.join(missing)}"
            with contextlib.suppress(OSError):  # no reader
                sys.stderr.write(f"customers: {told}\n")
            return 2
        from customers_sdk.cli._app import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        finish_errors()
