"""The client the scripts here share: settings, and sessions, from the environment."""

from __future__ import annotations

import os
import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from customers_sdk import Client

KEY = "nr_test_sk_processes"


class ContextAdapter(HTTPAdapter):
    """As users write it who have a TLS context of their own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        super().__init__(pool_maxsize=20)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=self.context)


def session(kind: str) -> requests.Session | None:
    if kind == "own":
        return None
    made = requests.Session()
    made.headers["x-instrumented"] = "yes"
    if kind == "adapter":
        context = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE"))
        made.mount("https://", ContextAdapter(context))
    return made


def client(**more: Any) -> Client:
    return Client(
        KEY,
        "app",
        base_url=os.environ["ECHO_URL"],
        session=session(os.environ.get("ECHO_SESSION", "own")),
        **more,
    )


def own_answer(made: Client, name: str, method: str = "GET") -> bool:
    """Make one call; whether its answer is its own."""
    path = f"/customers/{name}"
    answer = made.request(
        method,
        path,
        headers={"x-pid": str(os.getpid())},
        json={} if method == "POST" else None,
    )
    return bool(answer.data == {"id": name})
