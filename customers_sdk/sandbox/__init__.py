"""The Customers API on your machine, for development and tests (extra ``sandbox``).

    from customers_sdk.sandbox import Sandbox

    with Sandbox() as sandbox:
        client = sandbox.client()

or ``python -m customers_sdk.sandbox --port 8787 --db customers.sqlite3``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customers_sdk.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    if name != "Sandbox":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from customers_sdk.sandbox.sandbox import Sandbox
    except ModuleNotFoundError as error:
        if error.name != "waitress":
            raise
        text = f"the sandbox needs {error.name}: pip install click waitress"
        raise ModuleNotFoundError(text, name=error.name) from error
    return Sandbox
