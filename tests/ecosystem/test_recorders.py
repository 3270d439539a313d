"""Recorders and caches: what comes back is what the service sent, and the key is in no file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.ecosystem.conftest import KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from customers_sdk.sandbox import Sandbox


def written(folder: Path) -> bytes:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return b"".join(path.read_bytes() for path in files)


def test_vcrpy(visit: Callable[..., Any], service: Sandbox, tmp_path: Path) -> None:
    vcr = pytest.importorskip("vcr", reason="the extra 'doubles' brings it")
    recorder = vcr.VCR(cassette_library_dir=str(tmp_path), filter_headers=["x-api-key"])
    with recorder.use_cassette("visit.yaml"):
        recorded = visit()
    sent = len(service.requests)
    service.reset()
    with recorder.use_cassette("visit.yaml", record_mode="none") as cassette:
        assert visit() == recorded
        assert cassette.all_played
    assert (sent, len(service.requests)) == (4, 0)
    text = written(tmp_path)
    assert KEY.encode() not in text
    assert b"python/" not in text.replace(b"python/3", b"")  # no Python object, which would be code


def test_betamax(visit: Callable[..., Any], service: Sandbox, tmp_path: Path) -> None:
    betamax = pytest.importorskip("betamax", reason="the extra 'doubles' brings it")
    with betamax.Betamax.configure() as config:
        config.define_cassette_placeholder("<API KEY>", KEY)
    options = {"match_requests_on": ["method", "uri"], "allow_playback_repeats": True}
    answers = []
    for mode in ("once", "none"):
        session = requests.Session()
        recorder = betamax.Betamax(session, cassette_library_dir=str(tmp_path))
        with recorder.use_cassette("visit", record=mode, **options):
            answers.append(visit(session))
    assert answers[0] == answers[1]
    assert len(service.requests) == 4
    assert KEY.encode() not in written(tmp_path)


@pytest.mark.parametrize("backend", ["sqlite", "filesystem", "memory"])
def test_requests_cache(service: Sandbox, tmp_path: Path, backend: str) -> None:
    requests_cache = pytest.importorskip("requests_cache", reason="the extra 'doubles' brings it")
    session = requests_cache.CachedSession(
        str(tmp_path / "cache"), backend=backend, ignored_parameters=["x-api-key"]
    )
    with service.client(session=session) as client:
        made = client.customers.create(external_id="user-1")
        first, again = (client.customers.retrieve(made.id) for _ in range(2))
        assert first == again
        assert len(service.requests) == 2
        client.customers.update(made.id, name="Ada")
        # The cache does not know that a write changed the customer.
        assert client.customers.retrieve(made.id).name is None
        assert [one.name for one in client.customers.list()] == ["Ada"]
    session.close()
    if backend != "memory":
        assert KEY.encode() not in written(tmp_path)


def test_requests_cache_must_not_keep_lists_where_customers_are_looked_up(
    service: Sandbox,
) -> None:
    requests_cache = pytest.importorskip("requests_cache", reason="the extra 'doubles' brings it")
    session = requests_cache.CachedSession(
        backend="memory",
        urls_expire_after={re.compile(r"/customers\?"): requests_cache.DO_NOT_CACHE},
    )
    with service.client(session=session) as client:
        made, created = client.customers.get_or_create("user-1")
        found, again = client.customers.get_or_create("user-1")
        assert (created, again, found.id) == (True, False, made.id)
        sent = len(service.requests)
        assert client.customers.retrieve(made.id) == client.customers.retrieve(made.id)
        assert len(service.requests) == sent + 1


def test_cachecontrol(service: Sandbox, tmp_path: Path) -> None:
    cachecontrol = pytest.importorskip("cachecontrol", reason="the extra 'doubles' brings it")
    from cachecontrol.caches import FileCache

    session = cachecontrol.CacheControl(requests.Session(), cache=FileCache(str(tmp_path)))
    with service.client(session=session) as client:
        made = client.customers.create(external_id="user-1")
        first, again = (client.customers.retrieve(made.id) for _ in range(2))
        assert first == again
        client.customers.update(made.id, name="Ada")
        assert client.customers.retrieve(made.id).name == "Ada"
    assert [one.status for one in service.requests] == [201, 200, 304, 200, 200]
    assert KEY.encode() not in written(tmp_path)
