"""The console's customers, faults and settings, in a real browser."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk.sandbox import Sandbox, seeds
from tests.console.browser import Page

if TYPE_CHECKING:
    pass


EVIL = "<img src=x onerror=document.title='owned'>"


# Customers


def test_a_name_that_is_markup_is_shown_as_text_everywhere(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        made = client.customers.create(name=EVIL, external_id=EVIL, metadata={EVIL: EVIL})
        client.customers.list_page(search=EVIL)
    sandbox.add_payment_intent(made.id, amount=1, status=EVIL, currency=EVIL)
    sandbox.add_invoice(made.id, total=1, status=EVIL, invoice_number=EVIL)
    page.open()
    page.until(lambda: len(page.rows()) == 2)
    assert EVIL in page.rows()[1]
    page.all(".rows .row")[0].click()
    page.until(lambda: EVIL in page.one(".details").text)
    page.open("customers")
    link = page.one("#view-customers td a")
    assert link.text == EVIL
    link.click()
    page.until(lambda: page.one("#view-customers").text.count(EVIL) >= 6)
    assert page.driver.title == "Customers sandbox"
    assert page.run("return document.querySelectorAll('img:not(.logo)').length") == 0
    assert page.complaints() == []


def test_customers_can_be_searched_and_paged(page: Page, sandbox: Sandbox) -> None:
    seeds.sow(sandbox, seeds.plausible(30))
    sandbox.add_customer(name="100% Ada_", app_id=sandbox.add_app(name="Second app"))
    page.open("customers")
    page.until(lambda: page.one(".pager").text.startswith("31 customers"))
    assert len(page.all("#view-customers tbody tr")) == 25
    page.button("Next").click()
    page.until(lambda: len(page.all("#view-customers tbody tr")) == 6)
    page.one("[aria-label='Search customers']").send_keys("0% ada_")
    page.until(lambda: page.one(".pager").text.startswith("1 customer\n"))
    assert page.one("#view-customers td a").text == "100% Ada_"


def test_a_payment_an_invoice_and_a_wallet_are_added_by_clicking(
    page: Page, sandbox: Sandbox
) -> None:
    customer = sandbox.add_customer(external_id="user-42")
    page.open(f"customers/{customer}")
    page.button("Add payment").click()
    page.type_in("amount", "12.50")
    page.button("Add payment", "dialog.modal").click()
    page.until(lambda: "12.5 USD" in page.one("#view-customers").text)
    page.button("Add invoice").click()
    page.type_in("total", "99.90")
    page.type_in("status", "PAST_DUE")
    page.button("Add invoice", "dialog.modal").click()
    page.until(lambda: "PAST_DUE" in page.one("#view-customers").text)
    page.button("Add wallet").click()
    page.type_in("wallet_address", "nonsense")
    page.button("Add wallet", "dialog.modal").click()
    assert "Invalid EVM wallet address" in page.one("dialog.modal .problem").text
    page.type_in("wallet_address", "0x" + "Ab" * 20)
    page.button("Add wallet", "dialog.modal").click()
    page.until(lambda: "0x" + "ab" * 20 in page.one("#view-customers").text)
    with sandbox.client() as client:
        found = client.customers.retrieve(customer)
    assert [str(each.amount) for each in found.payment_intents] == ["12.5"]
    assert [each.status for each in found.invoices] == ["PAST_DUE"]
    assert [each.chain_id for each in found.wallets] == [1]
    page.until(lambda: f"GET\n/customers/{customer[:8]}…" in page.one(".touching").text)
    page.one(".touching button").click()
    assert page.one(".details h2").text == f"GET /customers/{customer}"


# Faults


def test_a_fault_armed_by_clicking_is_met_by_a_client(page: Page, sandbox: Sandbox) -> None:
    page.open("faults")
    page.one("#view-faults input[value=drop_answer_next]").click()
    page.one("#view-faults [name=method]").send_keys("POST")
    page.type_in("path", "/customers", "#view-faults")
    page.button("Arm fault").click()
    page.until(lambda: "Lost response\nPOST /customers\nMet 0 of 1" in page.one(".armed").text)
    assert page.one("#fault-count").text == "1"
    with sandbox.client() as client:
        client.customers.list_page()
        client.customers.create(external_id="user-42")
    assert len(sandbox.customers) == 1
    assert [each.faults for each in sandbox.requests] == [(), ("drop_answer_next",), ()]
    page.until(lambda: "None." in page.one("#view-faults").text)


@pytest.mark.parametrize(
    ("kind", "fields", "armed"),
    [
        ("fail_next", {"status": "500", "times": "2"}, {"status": 500, "times": 2}),
        ("timeout_next", {}, {"times": 1}),
        ("slow_next", {"seconds": "0.5"}, {"delay": 0.5, "times": 1}),
        ("html_next", {"status": "504"}, {"status": 504, "times": 1}),
        ("rate_limit", {"after": "3"}, {"after": 3, "status": 429, "times": None}),
        ("latency", {"seconds": "0.1"}, {"delay": 0.1, "times": None}),
        ("database_down", {"times": "4"}, {"times": 4}),
    ],
)
def test_every_kind_of_fault_can_be_armed_and_cancelled(
    page: Page, sandbox: Sandbox, kind: str, fields: dict[str, str], armed: dict[str, Any]
) -> None:
    page.open("faults")
    page.one(f"#view-faults input[value={kind}]").click()
    for name, value in fields.items():
        page.type_in(name, value, "#view-faults")
    page.button("Arm fault").click()
    page.one(".armed li")
    (found,) = sandbox.faults.waiting()
    assert found["fault"] == kind
    assert armed.items() <= found.items()
    sandbox.fail_next()
    page.until(lambda: len(page.all(".armed li")) == 2)
    page.one(".armed li button").click()
    page.until(lambda: len(page.all(".armed li")) == 1)
    assert [each["fault"] for each in sandbox.faults.waiting()] == ["fail_next"]
    page.button("Cancel all").click()
    page.until(lambda: not sandbox.faults.waiting())


# Set up


def test_the_settings_can_be_copied_and_work(page: Page, sandbox: Sandbox) -> None:
    page.open("setup")
    page.clipboard()
    page.one("[aria-label='Copy exports']").click()
    page.until(lambda: page.one("[aria-label='Copy exports']").text == "Copied")
    exports = page.clipboard()
    script = 'from customers_sdk import Client; print(Client().customers.create(name="A").name)'
    done = subprocess.run(  # noqa: S602 - a shell is what exports are for
        f"{exports}\n{sys.executable} -c '{script}'",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "A\n"
    pairs = dict(line.split("=", 1) for line in page.one("[aria-label='.env']").text.splitlines())
    assert pairs == sandbox.environment


def test_each_snippet_is_shown_and_the_code_compiles(page: Page) -> None:
    page.open("setup")
    for name in ("Python", "Flask", "Django", "curl"):
        page.button(name).click()
        text = page.one("#snippet pre").text
        if name == "curl":
            assert text.startswith('curl "$NODERAILS_BASE_URL/customers"')
        else:
            compile(text, name, "exec")
            assert "customers_sdk" in text


def test_the_snippet_in_python_runs_twice(
    page: Page, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    program = page.open("setup").one("#snippet pre").text
    for _ in range(2):
        exec(program, {})  # noqa: S102 - our own snippet
    assert [customer.external_id for customer in sandbox.customers] == ["user-42"]


def test_seeding_and_resetting(page: Page, sandbox: Sandbox) -> None:
    page.open("setup")
    for total in (20, 40):
        page.button("Add customers").click()
        page.until(lambda total=total: len(sandbox.customers) == total)  # type: ignore[misc]
    sandbox.fail_next()
    page.button("Reset sandbox").click()
    page.button("Cancel", "dialog.modal").click()
    assert len(sandbox.customers) == 40
    page.button("Reset sandbox").click()
    page.button("Reset", "dialog.modal").click()
    page.until(lambda: not sandbox.customers and not sandbox.faults.waiting())
