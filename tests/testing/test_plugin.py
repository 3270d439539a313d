"""The pytest plugin: light to load, each test and each worker with fakes of its own."""

# ruff: noqa: S603 - the processes started here are our own

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

TESTS = """
import os, pytest, subprocess, sys
from customers_sdk import Client

PROGRAM = "from customers_sdk import Client; print(Client().customers.list_page().total)"

def test_mock(customers_mock, customers_client):
    Client().customers.create(external_id="u-1")
    assert len(list(customers_client.customers.list())) == 1

def test_mock_is_fresh(customers_mock):
    assert customers_mock.customers == ()

def test_sandbox(customers_sandbox):
    customers_sandbox.add_customer()
    assert os.environ["NODERAILS_BASE_URL"] == customers_sandbox.base_url
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert shown.stdout == "1\\n", shown.stderr

def test_nothing_is_left():
    assert "NODERAILS_BASE_URL" not in os.environ

class TestOptions:
    @pytest.fixture
    def customers_mock_options(self):
        return {"seed": {"customers": [{"external_id": "seeded"}]}, "passthrough": True}

    def test_a_seed(self, customers_client):
        assert [one.external_id for one in customers_client.customers.list()] == ["seeded"]

@pytest.mark.parametrize("customers_mock_options", [{"seed": 3}, {"seed": 5}])
def test_another_seed(customers_mock, customers_mock_options):
    assert len(customers_mock.customers) == customers_mock_options["seed"]
"""
PLUGIN = "customers_sdk.testing.plugin"


def is_installed() -> bool:
    found = entry_points()
    group = found.select(group="pytest11") if hasattr(found, "select") else found["pytest11"]
    return any(entry.value == PLUGIN for entry in group)


def run(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_theirs.py").write_text(TESTS, "utf-8")
    loaded = () if is_installed() else ("-p", PLUGIN)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir", str(directory)]
    return subprocess.run(
        [*command, *loaded, *options, str(directory)],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(),
    )


def environment() -> dict[str, str]:
    root = str(Path(__file__).parent.parent.parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {**kept, "PYTHONPATH": os.pathsep.join([root, kept.get("PYTHONPATH", "")])}


@pytest.mark.parametrize(
    "options", [(), ("-n", "2"), ("-p", "no:randomly", "-p", "no:cacheprovider")]
)
def test_the_fixtures_work_in_a_project_of_somebody(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = run(tmp_path, *options)
    assert "7 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_imports_nothing_but_pytest() -> None:
    heavy = ("requests", "responses", "flask", "attrs", "cattrs", "customers_sdk.client")
    code = f"import sys, {PLUGIN}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stdout.strip() == "[]"
