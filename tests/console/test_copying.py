"""A request copied from the console, as curl and as Python, does the same again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import requests

from customers_sdk import CustomersError
from customers_sdk.sandbox import Sandbox
from tests.console.browser import Page

if TYPE_CHECKING:
    pass


def copied(page: Page, label: str) -> str:
    made = page.button(label, ".details")
    made.click()
    page.until(lambda: made.text == "Copied")
    return page.clipboard()


def opened(page: Page) -> None:
    page.open()
    page.clipboard()  # grants the permission
    page.one(".rows .row").click()
    page.one(".details pre, .details .part")


def test_copy_as_curl_does_the_same_and_holds_no_key(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        client.customers.create(external_id='o\'neil $HOME `id` "x"', metadata={"a": [1, None]})
    opened(page)
    command = copied(page, "Copy as curl")
    assert sandbox.api_key not in command
    assert "$NODERAILS_API_KEY" in command
    done = subprocess.run(  # noqa: S602 - our own command, through a shell as a user would
        f"{command} --silent --include",
        shell=True,
        env={"PATH": "/usr/bin:/bin", **sandbox.environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert "201 CREATED" in done.stdout.upper()
    first, again = sandbox.requests
    assert (again.body, again.idempotency_key, again.replayed) == (
        first.body,
        first.idempotency_key,
        True,
    )


CALLS = {
    "create": lambda c, i: c.create(
        external_id='quo"te\\\n\x07é😀',
        name="A",
        metadata={"n": 10**20, "t": True, "x": [None, 1.5]},
    ),
    "retrieve": lambda c, i: c.retrieve(i),
    "update": lambda c, i: c.update(i, city="Paris", postal_code="75001"),
    "list_page": lambda c, i: c.list_page(search="a b&c%", page=2, page_size=5),
    "of all apps": lambda c, i: c.list_page(app_id=None),
    "add_wallet": lambda c, i: c.add_wallet(i, chain_id=1, wallet_address="0x" + "ab" * 20),
    "remove_wallet": lambda c, i: c.remove_wallet(i, c.retrieve(i).wallets[0].id),
}


@pytest.mark.parametrize("name", CALLS)
def test_copy_as_python_is_the_call_that_was_made(
    page: Page, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    customer = sandbox.add_customer()
    sandbox.add_wallet(customer, chain_id=1, wallet_address="0x" + "cd" * 20)
    with sandbox.client() as client:
        CALLS[name](client.customers, customer)
    opened(page)
    code = copied(page, "Copy as Python")
    assert "from customers_sdk import Client" in code
    original = sandbox.requests[-1]
    for variable, value in sandbox.environment.items():
        monkeypatch.setenv(variable, value)
    try:
        exec(compile(code, "copied.py", "exec"), {})  # noqa: S102 - that is what is tested
    except CustomersError as error:  # what exists is not made twice
        assert name in ("add_wallet", "create", "remove_wallet"), error  # noqa: PT017
    again = [each for each in sandbox.requests if each.method == original.method][-1]
    assert again is not original
    assert (again.path, again.query, again.body) == (original.path, original.query, original.body)


def test_copy_as_python_of_what_the_sdk_would_not_send_uses_requests(
    page: Page, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{sandbox.base_url}/nowhere?a[]=1&b='"
    requests.patch(url, data='{"x": null}', headers={"Content-Type": "application/json"}, timeout=5)
    opened(page)
    code = copied(page, "Copy as Python")
    for variable, value in sandbox.environment.items():
        monkeypatch.setenv(variable, value)
    exec(compile(code, "copied.py", "exec"), {})  # noqa: S102 - that is what is tested
    first, again = sandbox.requests
    assert (again.method, again.path, again.body) == (first.method, first.path, first.body)
