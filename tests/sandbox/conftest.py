from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest
from werkzeug.test import Client

from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.backend import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

Call = Callable[..., "TestResponse"]


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    yield made
    made.close()


@pytest.fixture
def call(backend: Backend) -> Call:
    """Calls the application in process, with the backend's key unless told otherwise."""
    client = Client(backend.application)

    def send(
        method: str, path: str, *, key: str | None = backend.api_key, **options: Any
    ) -> TestResponse:
        headers = {**({} if key is None else {"x-api-key": key}), **options.pop("headers", {})}
        return client.open(path, method=method, headers=headers, **options)

    return send


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
