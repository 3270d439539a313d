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
        return _failed(f"the sandbox needs {error.name}: pip install click waitress")
    try:
        code = sandbox.main(
            arguments, prog_name="python -m customers_sdk.sandbox", standalone_mode=False
        )
    except click.ClickException as error:
        return _failed(error.format_message())
    return int(code or 0)


def _failed(reason: str) -> int:
    print(f"customers_sdk.sandbox: {reason}", file=sys.stderr, flush=True)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
