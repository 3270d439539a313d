"""A WSGI view as it is deployed: the client is made, and used, when the module is imported."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Callable

from tests.processes.process_client import client, own_answer

shared = client()
assert own_answer(shared, f"import-{os.getpid()}")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    name = environ["PATH_INFO"].lstrip("/")
    body = b"own" if own_answer(shared, name) else b"wrong"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
