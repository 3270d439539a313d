from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest
from werkzeug.test import Client

from customers_sdk.sandbox.backend import Backend, Handle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

Call = Callable[..., "TestResponse"]


@pytest.fixture
def service() -> Iterator[Handle]:
    made = Backend()
    yield Handle(made)
    made.close()


@pytest.fixture
def call(service: Handle) -> Call:
    """Calls the application in process, with the service's key unless told otherwise."""
    client = Client(service.backend.application)

    def send(
        method: str, path: str, *, key: str | None = service.api_key, **options: Any
    ) -> TestResponse:
        headers = {**({} if key is None else {"x-api-key": key}), **options.pop("headers", {})}
        return client.open(path, method=method, headers=headers, **options)

    return send
