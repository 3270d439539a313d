"""What a person sees: tables, progress bars and Ctrl-C, on a terminal of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")
pytest.importorskip("termios")

from tests.cli.cli_running import Terminal, wait_until_met

if TYPE_CHECKING:
    from pathlib import Path

    from customers_sdk.sandbox import Sandbox


def test_a_list_is_a_table_of_the_newest(sandbox: Sandbox) -> None:
    ids = [
        sandbox.add_customer(external_id=f"u-{day}", created_at=f"2026-01-0{day}T10:00:00Z")
        for day in range(1, 5)
    ]
    with Terminal("list", "--limit=3") as terminal:
        code, shown = terminal.end()
    assert code == 0
    head = re.search(r"id +external id +email +name +wallets +payments +created \(UTC\)", shown)
    assert head
    assert shown.index("u-4") < shown.index("u-2")
    assert "u-1" not in shown
    assert "2026-01-04 10:00" in shown
    assert "3 customers. There are more: --limit 0 shows all." in shown
    assert ids[3] in shown


def test_a_list_says_how_many_there_are(sandbox: Sandbox) -> None:
    with Terminal("list") as terminal:
        assert "No customers yet. Create one with: customers create" in terminal.end()[1]
    sandbox.add_customer()
    with Terminal("list", "--limit=1") as terminal:
        assert "\n1 customer\n" in terminal.end()[1].replace("\r", "")
    with Terminal("list", "--search=nobody") as terminal:
        assert "No customer matches this search." in terminal.end()[1]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_id_is_cut_and_nothing_is_cut_without_a_mark(sandbox: Sandbox, columns: int) -> None:
    id_ = sandbox.add_customer(
        external_id="user-42", email="ada.lovelace@example.com", name="Ada " + "Lovelace" * 4
    )
    payment = sandbox.add_payment_intent(id_, amount="12.50", currency="EUR", status="CAPTURED")
    wallet = sandbox.client().customers.add_wallet(
        id_, chain_id=8453, wallet_address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    )
    sandbox.add_customer(external_id="user-43")
    for arguments, wanted in (
        (("list",), (id_, "user-42", "ada.lovelace@example.com", "2026-")),
        (("show", id_), (id_, payment, wallet.id, "CAPTURED")),
    ):
        with Terminal(*arguments, columns=columns) as terminal:
            code, shown = terminal.end()
        assert code == 0
        assert max(len(line.rstrip()) for line in shown.splitlines()) <= columns
        for text in wanted:
            assert text in shown
        assert "Lovelace" * 4 in "".join(shown.split()) or "…" in shown


def test_a_dry_run_says_what_it_would_do(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.add_customer(external_id="u-1", email="a@b.cc")
    file = tmp_path / "users.csv"
    file.write_text("external_id,email\nu-1,new@b.cc\nu-2,c@d.ee\n", "utf-8")
    with Terminal("import", str(file), "--dry-run") as terminal:
        code, shown = terminal.end()
    assert code == 0
    assert "would create 1, would update 1" in shown
    assert len(sandbox.customers) == 1


@pytest.mark.parametrize("group", [(), ("wallet",)])
def test_no_summary_of_a_command_is_cut(group: tuple[str, ...]) -> None:
    with Terminal(*group, "--help", columns=80) as terminal:
        shown = terminal.end()[1]
    assert "..." not in shown.partition("Commands:")[2]


def test_show_leaves_empty_fields_out(sandbox: Sandbox) -> None:
    id_ = sandbox.add_customer(email="a@b.cc")
    with Terminal("show", id_) as terminal:
        shown = terminal.end()[1]
    assert "a@b.cc" in shown
    assert "postal code" not in shown
    assert "external id" not in shown


def test_a_customer_is_shown_with_their_history_and_cannot_steer_the_terminal(
    sandbox: Sandbox,
) -> None:
    id_ = sandbox.add_customer(name="\x1b]0;owned\x07[red]Ada[/red]", metadata={"plan": "gold"})
    sandbox.add_payment_intent(id_, amount="12.50", currency="EUR", status="CAPTURED")
    sandbox.add_invoice(id_, total="0.30", currency="EUR", status="OPEN")
    sandbox.client().customers.add_wallet(
        id_, chain_id=8453, wallet_address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    )
    with Terminal("show", id_) as terminal:
        code, shown = terminal.end()
    assert code == 0
    assert r"\x1b]0;owned\x07[red]Ada[/red]" in shown
    for text in ("Sandbox App (", '{"plan": "gold"}', "base 8453", "12.5 EUR", "0.3 EUR", "OPEN"):
        assert text in shown
    assert "\x07" not in shown


def test_the_doctor_is_in_sentences(sandbox: Sandbox) -> None:
    with Terminal("doctor", columns=60) as terminal:
        code, shown = terminal.end()
    assert code == 0
    assert "No problems found." in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_control_c_on_a_list_is_quiet(sandbox: Sandbox) -> None:
    sandbox.add_customer()
    sandbox.timeout_next(path="/customers")
    with Terminal("list") as terminal:
        wait_until_met(sandbox)
        terminal.press_control_c()
        code, shown = terminal.end()
    assert (code, shown.strip()) == (130, "^C")


def test_an_export_has_a_bar_with_a_rate_and_goes_on_after_control_c(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for number in range(60):
        sandbox.add_customer(external_id=f"u-{number}")
    sandbox.latency(0.1, method="GET")
    target = tmp_path / "all.csv"
    with Terminal("export", str(target), "--page-size=5") as terminal:
        terminal.wait_for(r"Export .* \d+/60 +\d+/s")
        terminal.press_control_c()
        code, shown = terminal.end()
    assert code == 130
    assert shown.rstrip().endswith("Interrupted. Run the same command with --resume to resume.")
    assert "Traceback" not in shown
    assert not target.exists()
    sandbox.clear_faults()
    with Terminal("export", str(target), "--page-size=5", "--resume") as terminal:
        code, shown = terminal.end()
    assert code == 0
    assert "60/60" in shown
    assert re.search(r"60 customers in \S+all.csv \(\d+\.\d s\)", shown.replace("\r\n", " "))


def test_an_import_has_a_bar_with_a_rate_and_a_summary(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    rows = "".join(f"u-{number},Ada\n" for number in range(30))
    file.write_text(f"id,name\n{rows},Nobody\n", "utf-8")
    sandbox.latency(0.04, method="POST")
    with Terminal("import", str(file), "--external-id=id") as terminal:
        terminal.wait_for(r"Import .* \d+/31 +\d+/s")
        code, shown = terminal.end()
    assert code == 6
    assert "users.csv:32: external_id is missing" in shown
    joined = shown.replace("\r\n", "")
    assert "users.csv: 30 created, 1 rejected; see " in joined
