"""The console's requests, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from customers_sdk import CustomersError
from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.faults.requestlog import SentRequest
from tests.console.browser import Page

if TYPE_CHECKING:
    pass


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
        # Nothing is there while the rows are drawn.
        top = "return document.elementFromPoint(400, 300)?.closest('.row')?.id"
        before = page.until(lambda: page.run(top))
        client.customers.create()
        page.until(lambda: page.one(".summary").text == "61 calls")
        assert page.until(lambda: page.run(top)) == before


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
        page.go("setup")
        page.until(lambda: other.api_key in page.one("[aria-label=exports]").text)
    assert all("Failed to load" in line for line in page.complaints())
