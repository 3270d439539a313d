"""The console by keyboard, for a screen reader, in every size and theme, and to strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk import CustomersError
from customers_sdk.sandbox import Sandbox, seeds
from tests.console.browser import Page

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver


def keys(*names: str) -> str:
    from selenium.webdriver.common.keys import Keys

    return "".join(getattr(Keys, name) for name in names)


def press(page: Page, *names: str) -> None:
    page.driver.switch_to.active_element.send_keys(keys(*names))


def test_everything_can_be_reached_by_keyboard(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        for number in range(3):
            client.customers.create(external_id=f"user-{number}")
    page.open()
    page.until(lambda: len(page.rows()) == 3)
    page.run("document.getElementById('tab-requests').focus()")
    press(page, "ARROW_RIGHT")
    assert page.one("#view-customers").get_attribute("aria-labelledby") == "tab-customers"
    press(page, "ARROW_LEFT")
    page.run("document.querySelector('.grid').focus()")
    press(page, "ARROW_DOWN", "ARROW_DOWN")
    active = """
        const id = document.activeElement.getAttribute("aria-activedescendant");
        return document.getElementById(id).innerText;
    """
    assert "user-1" in page.run(active)
    press(page, "ENTER")
    page.until(lambda: "user-1" in page.one(".details").text)
    focused = "return document.activeElement.closest('dialog') !== null"
    page.until(lambda: page.run(focused))
    press(page, "ESCAPE")
    page.until(lambda: not page.all(".details"))
    page.until(lambda: page.run("return document.activeElement.className") == "grid")


UNNAMED = """
    const named = (node) => node.innerText.trim() || node.ariaLabel ||
        node.closest("label")?.innerText.trim();
    return [...document.querySelectorAll("button, input, select, a, [role=grid]")]
        .filter((node) => node.checkVisibility() && !named(node))
        .map((node) => node.outerHTML);
"""


def test_a_screen_reader_is_told_names_roles_and_what_is_new(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        page.open()
        client.customers.create()
        page.until(
            lambda: (
                page.run("return document.getElementById('announcer').textContent")
                == "1 new request"
            )
        )
    assert page.one("#tab-requests").get_attribute("aria-selected") == "true"
    assert page.one("[role=grid]").get_attribute("aria-rowcount") == "2"
    for view in ("requests", "customers", "faults", "setup"):
        page.go(view)
        assert page.run(UNNAMED) == [], view


def test_nothing_violates_the_policy_and_nothing_fails(page: Page, sandbox: Sandbox) -> None:
    customer = sandbox.add_customer(metadata={"a": 1})
    with sandbox.client() as client:
        client.customers.retrieve(customer)
    page.open()
    for view in ("customers", f"customers/{customer}", "faults", "setup", "requests"):
        page.go(view)
        loaded = page.run("return performance.getEntriesByType('resource').map((e) => e.name)")
        assert all(name.startswith(page.base_url) for name in loaded)
    page.one(".rows .row").click()
    page.one(".details pre")
    assert page.complaints() == []
    inline = """
        const script = document.createElement("script");
        script.textContent = "window.ran = 1";
        document.body.append(script);
        return window.ran;
    """
    assert page.run(inline) is None
    assert any("Content Security Policy" in line for line in page.complaints())


def test_another_page_cannot_reach_the_sandbox(page: Page, sandbox: Sandbox) -> None:
    """A page of another origin neither steers it nor reads from it."""
    sandbox.add_customer()
    script = """
        const [base, done] = arguments;
        const tried = [
            fetch(base + "/_sandbox/reset", {method: "POST"}),
            fetch(base + "/_sandbox/reset", {method: "POST", mode: "no-cors"}),
            fetch(base + "/_sandbox/settings").then((response) => response.text()),
        ];
        Promise.allSettled(tried).then((all) => done(all.map((each) => each.status)));
    """
    with Sandbox() as other:
        page.driver.get(f"{other.base_url}/customers")
        outcome = page.driver.execute_async_script(script, sandbox.base_url)
    assert outcome[0] == outcome[2] == "rejected"
    assert len(sandbox.customers) == 1
    page.complaints()


SIZES = ((390, 844), (768, 1024), (1280, 800), (1600, 1000))
# The text that differs too little from what is behind it: 4.5 to 1 is WCAG's AA.
CONTRAST = """
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
            if (a > 0) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const bad = [];
    for (const node of document.querySelectorAll("body *")) {
        const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
        if (!own || !node.checkVisibility() || node.disabled) continue;
        const style = getComputedStyle(node);
        const [one, two] = [light(parse(style.color)), light(behind(node))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (two + 0.05);
        if (ratio < 4.5) bad.push(`${node.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
    return [...new Set(bad)];
"""
CUT = """
    const cut = (node) => node.scrollWidth > node.clientWidth + 1 &&
        getComputedStyle(node).display !== "inline";
    return [...document.querySelectorAll("button, h1, h2, h3, th, label > span, .chip, .status")]
        .filter((node) => node.checkVisibility() && cut(node))
        .map((node) => node.textContent);
"""


@pytest.fixture(scope="module")
def full_sandbox() -> Any:
    """A sandbox that has everything the pages can show."""
    with Sandbox(api_key="nr_test_sk_local_sandbox") as running, running.client() as client:
        seeds.sow(running, seeds.plausible(40))
        running.drop_answer_next(method="POST")
        ada = client.customers.create(
            external_id="user-1042",
            email="ada@example.com",
            name="Ada Lovelace",
            city="London",
            metadata={"plan": "pro", "seats": 12},
        )
        running.fail_next(503, 2)
        client.customers.retrieve(ada.id)
        client.customers.update(ada.id, city="Paris")
        client.customers.add_wallet(ada.id, chain_id=8453, wallet_address="0x" + "5a" * 20)
        running.add_payment_intent(ada.id, amount="49.90", status="CAPTURED")
        running.add_payment_intent(ada.id, amount="12", status="CAPTURE_FAILED")
        running.add_invoice(ada.id, total="49.90", status="OPEN", invoice_number="INV-1042-1")
        running.rate_limit(times=1, retry_after=0, method="GET")
        client.customers.list_page(search="ada")
        running.html_next(502, method="GET")
        client.customers.list_page()
        with pytest.raises(CustomersError):
            client.customers.create(external_id="user-1043", email="not-an-address")
        with pytest.raises(CustomersError):
            client.customers.retrieve("00000000-0000-4000-8000-000000000000")
        running.fail_next(503, 3, method="POST", path="/customers")
        running.latency(0.2, path="/customers/*/wallets")
        yield running, ada.id


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_every_view_fits_and_is_legible(
    driver: WebDriver, full_sandbox: Any, size: tuple[int, int], theme: str, record_picture: Any
) -> None:
    sandbox, ada = full_sandbox
    page = Page(driver, sandbox.base_url)
    page.size(*size, theme)
    views = {
        "requests": "requests",
        "request": "requests",
        "customers": "customers",
        "customer": f"customers/{ada}",
        "payment": f"customers/{ada}",
        "faults": "faults",
        "setup": "setup",
    }
    page.open()
    for name, view in views.items():
        page.go(view)
        if name == "requests":
            page.until(page.rows)
        if name == "request":
            page.until(page.rows)
            rows = page.all(".rows .row")
            next(row for row in rows if "replayed" in row.text).click()
            page.one(".details pre")
        if name == "customers":
            page.one(".pager")
        if name == "customer":
            page.one(".touching")
        if name == "payment":
            page.button("Add payment").click()
            page.one("dialog.modal")
        wider = page.run("return document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, name
        assert page.run(CUT) == [], name
        if name != "payment":  # what is behind a dialog is dimmed
            assert page.run(CONTRAST) == [], name
        record_picture(page, f"{name}-{size[0]}-{theme}")
