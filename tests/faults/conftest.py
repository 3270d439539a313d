from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk import Client
from customers_sdk._http import retry
from tests.faults.server import Server
from tests.faults.service import MakeClient, Service
from tests.faults.table import WAIT, Place

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        yield made


@pytest.fixture
def place(service: Service) -> Place:
    return Place(service)


@pytest.fixture
def server(service: Service) -> Iterator[Server]:
    with Server(service=service) as running:
        yield running


@pytest.fixture
def connect(service: Service) -> Iterator[MakeClient]:
    """Make clients, closed when the test ends; a machine under load meets none of their limits."""
    made = []

    def make(url: str, **settings: Any) -> Client:
        settings = {"timeout": 5.0, "deadline": 20.0, **settings}
        client = Client(service.api_key, service.app_id, base_url=url, **settings)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BACKOFFS", [lambda *_: WAIT])
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
