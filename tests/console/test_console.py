"""The console in a real browser."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from customers_sdk import CustomersError
from customers_sdk.sandbox import Sandbox, seeds
from customers_sdk.sandbox.faults.requestlog import SentRequest
from tests.console.browser import Page

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

EVIL = "<img src=x onerror=document.title='owned'>"


def keys(*names: str) -> str:
    from selenium.webdriver.common.keys import Keys

    return "".join(getattr(Keys, name) for name in names)


def press(page: Page, *names: str) -> None:
    page.driver.switch_to.active_element.send_keys(keys(*names))


def clipboard(page: Page) -> str:
    allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    page.command("Browser.grantPermissions", origin=page.base_url, permissions=allowed)
    text: str = page.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))"
    )
    return text


def type_in(page: Page, name: str, text: str, within: str = "dialog.modal") -> None:
    field = page.one(f"{within} [name={name}]")
    field.clear()
    field.send_keys(text)


# Requests


def test_a_browser_is_sent_to_the_console_and_waits_for_the_first_request(page: Page) -> None:
    page.open()
    assert page.driver.current_url == f"{page.base_url}/_sandbox/#requests"
    assert page.one(".empty h2").text == "Waiting for the first request"


def test_a_request_shows_within_a_second(page: Page, sandbox: Sandbox) -> None:
    page.open()
    page.run("""
        window.pauses = [];
        const real = setTimeout;
        window.setTimeout = (action, pause) => { pauses.push(pause); return real(action, pause); };
    """)
    with sandbox.client() as client:
        client.customers.create(external_id="user-42")
    (row,) = page.until(page.rows)
    assert row.split(" | ")[1:4] == ["POST /customers", "201", "user-42"]
    pauses = page.until(lambda: page.run("return pauses"))
    assert 0 < max(pauses) <= 500


def test_the_tries_of_one_call_are_one_row_that_tells_what_the_sdk_did(
    page: Page, sandbox: Sandbox
) -> None:
    with sandbox.client() as client:
        sandbox.drop_answer_next()
        made = client.customers.create(external_id="user-42")
        sandbox.fail_next(503, 2)
        client.customers.retrieve(made.id)
    page.open()
    page.until(lambda: len(page.rows()) == 2)
    retrieved, created = [row.split(" | ") for row in page.rows()]
    assert retrieved[2] == "503 → 503 → 200 fail"
    assert created[2] == "lost → 201 replayed drop answer"
    assert created[4] == sandbox.requests[0].idempotency_key


def test_a_row_opens_to_what_was_sent_and_what_came_back(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        sandbox.drop_answer_next()
        made = client.customers.create(external_id="user-42", metadata={"big": 10**20})
    page.open()
    page.one(".rows .row").click()
    sent, received = page.until(lambda: page.all(".details pre")) or ()
    assert f'\n    "big": {10**20}\n' in sent.text  # not rounded, as JavaScript's numbers would be
    assert f'\n    "id": "{made.id}",\n' in received.text
    assert "Not done again" in page.one(".story").text
    page.one(".try").click()
    page.until(lambda: "never reached the client" in page.one(".story").text)
    assert page.one(".part:last-child h3").text == "Response (lost)"
    page.one(".facts a").click()
    assert page.one("#view-customers h2").text == "user-42"


def test_the_key_is_nowhere_in_what_is_shown_of_a_request(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        client.customers.list_page()
    page.open()
    page.one(".rows .row").click()
    page.one(".details pre")
    shown = page.run("return document.getElementById('view-requests').outerHTML")
    assert "x-request-id" in shown
    assert sandbox.api_key not in shown


def test_the_list_can_be_filtered(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client(max_retries=0) as client:
        client.customers.create(external_id="user-42")
        client.customers.list_page()
        sandbox.fail_next(503)
        with pytest.raises(CustomersError):
            client.customers.list_page()
    page.open()
    page.until(lambda: len(page.rows()) == 3)

    def chosen(selector: str, value: str) -> list[str]:
        page.run(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
            page.one(selector),
            value,
        )
        return [" ".join(row.split(" | ")[1:3]) for row in page.rows()]

    assert chosen("[aria-label=Method]", "POST") == ["POST /customers 201"]
    chosen("[aria-label=Method]", "")
    (failed,) = chosen("[aria-label=Result]", "failed")
    assert failed.endswith("503 fail")
    chosen("[aria-label=Result]", "")
    assert chosen("[type=search]", "USER-42") == ["POST /customers 201"]
    assert chosen("[type=search]", "nothing like it") == []
    assert page.one("p.empty").text == "No request matches the filter."


def test_ten_thousand_requests_do_not_slow_the_page(page: Page, sandbox: Sandbox) -> None:
    log = sandbox.log
    for number in range(10_000):
        entry = SentRequest("GET", f"/customers/{number}", headers={"accept": "*/*"})
        log.add(entry)
        entry.status = 200
        log.finish(entry, (200, [], b"{}"))
    page.open()
    page.until(lambda: page.one(".summary").text == "10,000 calls", 30)
    rows = page.run("return document.querySelectorAll('.rows .row').length")
    assert rows < 60  # those in sight, and some around
    nodes = page.run("return document.querySelectorAll('*').length")
    assert nodes < 1500
    page.run("document.querySelector('.scroller').scrollTop = 5000 * 40")
    page.until(lambda: any("/customers/4990" in row for row in page.rows()))
    with sandbox.client() as client:
        client.customers.create(external_id="the-last-one")
    top = "document.querySelector('.scroller').scrollTop = 0"
    page.until(lambda: page.run(top) or "the-last-one" in page.rows()[0])
    assert page.one(".summary").text == "10,000 calls"  # the oldest one was forgotten


def test_what_is_being_read_stays_in_place_while_requests_come(
    page: Page, sandbox: Sandbox
) -> None:
    with sandbox.client() as client:
        for number in range(60):
            client.customers.create(external_id=f"user-{number}")
        page.open()
        page.until(lambda: page.one(".summary").text == "60 calls")
        page.run("document.querySelector('.scroller').scrollTop = 800")
        top = "return document.elementFromPoint(400, 300).closest('.row').id"
        before = page.until(lambda: page.run(top))
        client.customers.create()
        page.until(lambda: page.one(".summary").text == "61 calls")
        assert page.run(top) == before


def test_clearing_forgets_the_requests(page: Page, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        client.customers.create()
        page.open()
        page.until(page.rows)
        page.button("Clear", ".toolbar").click()
        page.button("Clear", "dialog.modal").click()
        page.one(".empty h2")
        assert sandbox.requests == ()
        assert len(sandbox.customers) == 1
        client.customers.list_page()
        page.until(lambda: len(page.rows()) == 1)


def test_a_sandbox_that_stops_is_noticed_and_another_one_in_its_place_begins_anew(
    page: Page, sandbox: Sandbox
) -> None:
    with sandbox.client() as client:
        client.customers.create()
    page.open()
    page.until(page.rows)
    port = int(sandbox.base_url.rpartition(":")[2])
    sandbox.close()
    page.until(lambda: page.one("#status").text == "Sandbox stopped")
    with Sandbox(port=port) as other, other.client() as client:
        client.customers.list_page()
        page.until(lambda: page.one("#status").text == "Live")
        page.until(lambda: [row.split(" | ")[1][:14] for row in page.rows()] == ["GET /customers"])
    assert all("Failed to load" in line for line in page.complaints())


# Copying


def copied(page: Page, label: str) -> str:
    made = page.button(label, ".details")
    made.click()
    page.until(lambda: made.text == "Copied")
    return clipboard(page)


def opened(page: Page) -> None:
    page.open()
    clipboard(page)  # grants the permission
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
    import requests

    url = f"{sandbox.base_url}/nowhere?a[]=1&b='"
    requests.patch(url, data='{"x": null}', headers={"Content-Type": "application/json"}, timeout=5)
    opened(page)
    code = copied(page, "Copy as Python")
    for variable, value in sandbox.environment.items():
        monkeypatch.setenv(variable, value)
    exec(compile(code, "copied.py", "exec"), {})  # noqa: S102 - that is what is tested
    first, again = sandbox.requests
    assert (again.method, again.path, again.body) == (first.method, first.path, first.body)


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
    type_in(page, "amount", "12.50")
    page.button("Add payment", "dialog.modal").click()
    page.until(lambda: "12.5 USD" in page.one("#view-customers").text)
    page.button("Add invoice").click()
    type_in(page, "total", "99.90")
    type_in(page, "status", "PAST_DUE")
    page.button("Add invoice", "dialog.modal").click()
    page.until(lambda: "PAST_DUE" in page.one("#view-customers").text)
    page.button("Add wallet").click()
    type_in(page, "wallet_address", "nonsense")
    page.button("Add wallet", "dialog.modal").click()
    assert "Invalid EVM wallet address" in page.one("dialog.modal .problem").text
    type_in(page, "wallet_address", "0x" + "Ab" * 20)
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
    type_in(page, "path", "/customers", "#view-faults")
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
        type_in(page, name, value, "#view-faults")
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
    clipboard(page)
    page.one("[aria-label='Copy exports']").click()
    page.until(lambda: page.one("[aria-label='Copy exports']").text == "Copied")
    exports = clipboard(page)
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


# For every reader


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
    """A page of another origin neither steers it nor reads from it, nor puts it into a frame."""
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
