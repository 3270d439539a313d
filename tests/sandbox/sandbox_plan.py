"""The order in which the recordings are played: each finds the state that it was recorded in."""

from __future__ import annotations

import json
from typing import Any

from customers_sdk.sandbox import Sandbox
from tests.sandbox import sandbox_replay as lab
from tests.sandbox.sandbox_replay import Replay

RECORDINGS = lab.load()

# What the sandbox cannot be brought to answer as recorded, and why.
NOT_REPLAYED = {
    "auth_jwt_valid": "the sandbox issues no dashboard tokens (JWT): every bearer token is invalid",
    "auth_jwt_team_no_manage": "the same: permissions belong to dashboard users",
    "outage_redis_down_create_idem": "needs the key store to be down: no answer came at all",
}


def of_file(prefix: str) -> list[str]:
    return [name for name in RECORDINGS if name.startswith(prefix) and name not in NOT_REPLAYED]


def replay_creates(replay: Replay) -> None:
    replay.sandbox.add_customer(app_id=lab.A1, external_id="")
    replay.play(of_file("create_"))


def replay_updates(replay: Replay) -> None:
    first = lab.body_of(RECORDINGS["update_externalId"])["data"]
    before = {**first, "externalId": "upd-1", "updatedAt": first["createdAt"]}
    lab.seed_customer(replay.sandbox, before)

    def moment(name: str) -> tuple[str, bool]:
        recording = RECORDINGS[name]
        if recording["response"]["status"] != 200:
            return "2026-12", False
        no_change = recording["request"]["body"] in (None, "{}")
        return lab.body_of(recording)["data"]["updatedAt"], no_change

    replay.play(sorted(of_file("update_"), key=moment))


def replay_wallets(replay: Replay) -> None:
    names = of_file("wallet_")
    made = [name for name in names if RECORDINGS[name]["response"]["status"] == 201]
    replay.play(sorted(made, key=lambda name: lab.body_of(RECORDINGS[name])["data"]["createdAt"]))
    replay.play(name for name in names if name not in made)
    shown = lab.body_of(RECORDINGS["retrieve_with_wallets"])["data"]
    for wallet in shown["wallets"]:
        if wallet["id"] not in replay.ours:
            lab.seed_wallet(replay.sandbox, replay.ours[shown["id"]], wallet)
    replay.play(["retrieve_with_wallets"])
    last = ["removewallet_204", "removewallet_again"]
    replay.play([*(name for name in of_file("removewallet_") if name not in last), *last])


def replay_retrieves(replay: Replay) -> None:
    for name in ("retrieve_with_history", "retrieve_over_50_capped"):
        shown = lab.body_of(RECORDINGS[name])["data"]
        customer_id = replay.ours[shown["id"]]
        lab.seed_history(replay.sandbox, customer_id, shown)
        for wallet in shown["wallets"]:
            lab.seed_wallet(replay.sandbox, customer_id, wallet)
    for number in range(1, 7):
        born = f"2026-01-01T00:0{(number + 1) // 2 - (number % 2)}:00.000Z"
        # The sandbox orders a tie by id: the recorded one of the pair has to come first.
        replay.sandbox.add_payment_intent(
            customer_id, amount=number, created_at=born, id=f"00000000-0000-4000-8000-{number:012}"
        )
        replay.sandbox.add_invoice(customer_id, total=number, created_at="2026-01-01T00:00:01Z")
    replay.play(name for name in of_file("retrieve_") if name != "retrieve_with_wallets")


def replay_auth_and_http(replay: Replay) -> None:
    """Lists taken here show totals: customers that no exchange made fill them up."""
    client_key = "nr_test_sk_labM1app1secretkey0001"
    wanted = lab.body_of(RECORDINGS["requestid_echo"])["pagination"]["total"] - 1
    headers = {"x-api-key": client_key}
    request = {"method": "GET", "path": "/customers?pageSize=1", "headers": headers, "body": None}
    total = json.loads(replay.send(request, "")[2])["pagination"]["total"]
    for _ in range(wanted - total):
        replay.sandbox.add_customer(app_id=lab.A2, created_at="2026-01-01T00:00:00Z")
    replay.play(of_file("auth_"))
    others = [name for name, entry in RECORDINGS.items() if entry["name"] in HTTP]
    first = [
        name for name in others if "by public key" in RECORDINGS[name]["response"]["body"][:400]
    ]
    first = [name for name in first if RECORDINGS[name]["request"]["path"].endswith("pageSize=1")]
    replay.play(first)
    replay.play(["trailing_slash_post", "etag_retrieve_1", "etag_list_1"])
    done = {*first, "trailing_slash_post", "etag_retrieve_1", "etag_list_1", "get_with_body"}
    replay.play(name for name in others if name not in done)
    renamed = lab.body_of(RECORDINGS["get_with_body"])["data"]
    replay.sandbox.store.update(replay.ours[renamed["id"]], {"name": renamed["name"]})
    replay.play(["get_with_body"])


HTTP = {
    name
    for name in RECORDINGS
    if not name.startswith(
        (
            "auth_",
            "create_",
            "idem_",
            "list_",
            "outage_",
            "removewallet_",
            "retrieve_",
            "update_",
            "wallet_",
        )
    )
}


def replay_idempotency(replay: Replay) -> None:
    path = RECORDINGS["idem_delete_1"]["request"]["path"].split("/")
    wallet = {"id": path[4], "chainId": 8453, "walletAddress": "0x" + "4" * 40}
    lab.seed_wallet(replay.sandbox, replay.ours[path[2]], wallet)
    at_once = of_file("idem_concurrent_")
    replay.play(name for name in of_file("idem_") if name not in at_once)
    replay.sandbox.backend.application.latency = 0.5
    replay.play_at_once(at_once)
    replay.sandbox.backend.application.latency = 0
    replay.play(["outage_redis_back_create_idem"])


def replay_outages(replay: Replay) -> None:
    replay.sandbox.database_down()
    replay.play(["outage_db_down_list", "outage_db_down_create_idem"])
    replay.sandbox.clear_faults()
    replay.play(["outage_db_back_create_same_idem"])


def replay_lists(replay: Replay) -> None:
    shown: dict[str, Any] = {}
    for name in of_file("list_"):
        if RECORDINGS[name]["response"]["status"] == 200:
            for customer in lab.body_of(RECORDINGS[name])["data"]:
                shown.setdefault(customer["id"], customer)
    ties = of_file("list_ties_")
    for customer in shown.values():
        if customer["createdAt"] != lab.TIED:
            lab.seed_customer(replay.sandbox, customer)
    replay.play(name for name in of_file("list_") if name not in ties)
    for customer in shown.values():
        if customer["createdAt"] == lab.TIED:
            lab.seed_customer(replay.sandbox, customer)
    replay.play(ties)


def play_everything() -> list[Replay]:
    """All recordings, against two fresh sandboxes: lists want customers of their own."""
    with Sandbox() as sandbox:
        first = Replay(sandbox, RECORDINGS)
        lab.add_accounts(sandbox, RECORDINGS)
        sandbox.add_customer(id="f0bbd718-6fe4-49e2-886d-bcd28726138a", app_id=lab.B1)
        replay_creates(first)
        replay_retrieves(first)
        replay_updates(first)
        replay_wallets(first)
        replay_auth_and_http(first)
        replay_idempotency(first)
        replay_outages(first)
        first.play(NOT_REPLAYED)
    with Sandbox() as sandbox:
        second = Replay(sandbox, RECORDINGS)
        lab.add_accounts(sandbox, RECORDINGS)
        replay_lists(second)
    return [first, second]
