"""``python -m customers_sdk.sandbox``: ``customers sandbox`` where the CLI is not installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code, 2 with one line on stderr if it cannot start."""
    try:
        import click

        from customers_sdk.sandbox.command import sandbox
    except ModuleNotFoundError as error:
        reason = f"the sandbox needs {error.name}: pip install click waitress"
    else:
        name = "python -m customers_sdk.sandbox"
        try:
            return sandbox.main(arguments, prog_name=name, standalone_mode=False) or 0
        except click.ClickException as error:
            reason = error.format_message()
    print(f"customers_sdk.sandbox: {reason}", file=sys.stderr, flush=True)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
