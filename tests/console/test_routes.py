"""What the console's routes serve, and to whom; no browser is needed."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from customers_sdk.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = {
    file.name: file.read_text("utf-8")
    for file in (files("customers_sdk.sandbox.console") / "page").iterdir()
}
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(db=":memory:") as running:
        yield running


def get(sandbox: Sandbox, path: str, **headers: str) -> requests.Response:
    url = f"{sandbox.base_url}{path}"
    return requests.get(url, headers=headers, timeout=5, allow_redirects=False)


def test_a_browser_at_the_root_is_sent_to_the_console(sandbox: Sandbox) -> None:
    for path in ("/", "/_sandbox"):
        found = get(sandbox, path, **HTML)
        assert (found.status_code, found.headers["Location"]) == (302, "/_sandbox/")


def test_an_api_client_at_the_root_gets_the_services_404(sandbox: Sandbox) -> None:
    for headers in ({}, {"Accept": "application/json"}, {**HTML, "Host": "rebound.example"}):
        found = get(sandbox, "/", **headers)
        assert found.status_code == 404
        assert found.json()["error"]["message"] == "Route not found"


def test_a_browser_elsewhere_gets_what_the_service_responds(sandbox: Sandbox) -> None:
    assert get(sandbox, "/customers", **HTML).status_code == 401


@pytest.mark.parametrize("name", sorted(PAGE))
def test_each_file_is_served_as_what_it_is_under_a_strict_policy(
    sandbox: Sandbox, name: str
) -> None:
    found = get(sandbox, f"/_sandbox/console/{name}")
    assert found.content.decode() == PAGE[name]
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg"}
    assert found.headers["Content-Type"].startswith(kinds[name.rpartition(".")[2]])
    policy = found.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert found.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_is_the_index_and_its_files_are_all_there(sandbox: Sandbox) -> None:
    page = get(sandbox, "/_sandbox/").text
    assert page == PAGE["index.html"]
    named = set(re.findall(r'"/_sandbox/console/([\w.]+)"', page))
    imported = {name for text in PAGE.values() for name in re.findall(r'from "\./([\w.]+)"', text)}
    assert named | imported | {"index.html"} == set(PAGE)


def test_the_page_needs_nothing_from_elsewhere_and_has_nothing_inline() -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", PAGE["index.html"])
    for name, text in PAGE.items():
        outside = re.findall(r"https?://[^\s\"'`]+", text)
        assert outside in ([], ["http://www.w3.org/2000/svg"]), name
        assert not re.search(r"(inner|outer)HTML|insertAdjacent|document\.write|eval\(", text), name


@pytest.mark.parametrize("path", ["nothing.js", "", "../console.py", "..%2fconsole.py", "%00"])
def test_no_other_file_is_served(sandbox: Sandbox, path: str) -> None:
    prepared = requests.Request("GET", f"{sandbox.base_url}/_sandbox/console/x").prepare()
    prepared.url = f"{sandbox.base_url}/_sandbox/console/{path}"
    with requests.Session() as session:
        assert session.send(prepared, timeout=5).status_code == 404


def test_the_document_of_the_api_is_served(sandbox: Sandbox) -> None:
    text = (files("customers_sdk") / "openapi.yaml").read_text("utf-8")
    assert get(sandbox, "/_sandbox/openapi.yaml").content.decode() == text


READ = ("", "console/app.js", "feed", "request/1", "customers", "settings", "openapi.yaml")


@pytest.mark.parametrize("path", READ)
def test_a_foreign_host_or_origin_reads_nothing(sandbox: Sandbox, path: str) -> None:
    port = urlsplit(sandbox.base_url).port
    strangers: list[dict[str, Any]] = [
        {"Host": f"rebound.example:{port}"},
        {"Origin": "https://page.example"},
        {"Origin": "null"},
    ]
    for headers in strangers:
        found = get(sandbox, f"/_sandbox/{path}", **headers)
        assert found.status_code == 403
        assert sandbox.api_key not in found.text
        assert "Access-Control-Allow-Origin" not in found.headers


def test_a_wrong_question_is_told_clearly(sandbox: Sandbox) -> None:
    for path, status in {
        "feed?after=x": 400,
        "feed?after=-1": 400,
        "customers?page=one": 400,
        "customers/nobody": 404,
        "request/999999": 404,
        "request/x": 404,
    }.items():
        found = get(sandbox, f"/_sandbox/{path}")
        assert found.status_code == status
        assert found.json()["error"]
    for body in ({"plausible": 0}, {"plausible": "x"}, {"plausible": 10_001}, {"plausible": True}):
        found = requests.post(f"{sandbox.base_url}/_sandbox/seed", json=body, timeout=5)
        assert found.status_code == 400, body


def test_beyond_loopback_there_is_no_console() -> None:
    with Sandbox(host="0.0.0.0", db=":memory:") as open_to_all:  # noqa: S104 - what is tested
        assert open_to_all.console_url is None
        port = urlsplit(open_to_all.base_url).port
        for path in ("/", "/_sandbox/", "/_sandbox/settings"):
            found = requests.get(f"http://127.0.0.1:{port}{path}", headers=HTML, timeout=5)
            assert found.json()["error"]["message"] == "Route not found"
