"""The sandbox responds to recorded sequences of requests as the service did, to the letter."""

# ruff: noqa: S603 - the program started here is our own

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from customers_sdk.sandbox import Sandbox
from tools import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

SEQUENCES = contract.load()


def service_of(sandbox: Sandbox) -> contract.Service:
    return contract.Service(sandbox.base_url, sandbox.api_key, sandbox.app_id)


def run_contract(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = {**os.environ, "NODERAILS_API_KEY": "", **variables}
    return subprocess.run(
        [sys.executable, contract.__file__, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("tens", range(0, len(SEQUENCES), 10))
def test_the_sandbox_responds_to_each_sequence_as_recorded(tens: int) -> None:
    for number, operations in enumerate(SEQUENCES[tens : tens + 10], tens):
        with Sandbox() as sandbox:
            player = contract.Player(service_of(sandbox), shared=False)
            for operation, difference in player.play(operations):
                assert difference is None, (number, operation, difference)


def test_the_sequences_are_many() -> None:
    assert (len(SEQUENCES), sum(map(len, SEQUENCES))) == (160, 1434)


def test_on_one_account_for_all_sequences_nothing_differs_either(sandbox: Sandbox) -> None:
    played, causes = contract.drift(service_of(sandbox), SEQUENCES[:40])
    assert played > 300
    assert causes == {}


def test_a_service_that_has_changed_is_reported(sandbox: Sandbox) -> None:
    sandbox.fail_next(status=500, times=1, method="POST", path="/customers")
    operations = [SEQUENCES[0][0]]
    assert operations[0]["real"]["status"] == 201
    _, causes = contract.drift(service_of(sandbox), [operations])
    assert causes == {"status: recorded 201, now 500": ["POST /customers"]}


def test_make_contract_says_first_that_it_creates_customers(sandbox: Sandbox) -> None:
    arguments = ("--service", sandbox.base_url, "--app", sandbox.app_id)
    done = run_contract(*arguments, NODERAILS_API_KEY=sandbox.api_key)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Creating about ")
    assert lines[-1] == "1434 of 1434 operations agree with the recordings (100.00%)"
    assert (done.returncode, done.stderr) == (0, "")


def test_make_contract_wants_a_test_key() -> None:
    key = "nr_live_sk_0123456789abcdef"
    done = run_contract("--service", "https://service.invalid", NODERAILS_API_KEY=key)
    assert done.returncode == 1
    assert "test key" in done.stderr
    assert key not in done.stdout + done.stderr


def test_make_contract_names_the_option_where_no_app_is_found(sandbox: Sandbox) -> None:
    done = run_contract("--service", sandbox.base_url, NODERAILS_API_KEY=sandbox.api_key)
    assert done.returncode == 1
    assert "--app" in done.stderr
