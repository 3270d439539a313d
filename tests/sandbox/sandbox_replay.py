"""Sends the recorded requests to a sandbox, in an order that their states allow, and compares."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from tools.contract import as_recorded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customers_sdk.sandbox import Sandbox

Recording = dict[str, Any]
Answer = tuple[int, http.client.HTTPMessage, bytes]

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
M1, M2, M3 = (f"{n * 8}-{n * 4}-4{n * 3}-8{n * 3}-{n * 12}" for n in "123")
A1, A2 = "a1a1a1a1-0000-4000-8000-000000000001", "a1a1a1a1-0000-4000-8000-000000000002"
B1, C1 = "b2b2b2b2-0000-4000-8000-000000000001", "c3c3c3c3-0000-4000-8000-000000000001"
# 2026-11-22T20:18Z in milliseconds: after the rows that are seeded with a time of their own.
RECORDING_TIME = 1_795_378_680_000
TIED = "2026-06-01T00:00:00.000Z"
LIVE = re.compile(r"2026-11-22T20:(?:1[789]|2\d):")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
HEADERS = (
    *("Content-Type", "NodeRails-Version", "Idempotent-Replayed"),
    "Access-Control-Allow-Methods",
)


def load() -> dict[str, Recording]:
    lines = itertools.chain.from_iterable(
        path.read_text("utf-8").splitlines() for path in sorted(RECORDINGS.glob("*.jsonl"))
    )
    return {entry["name"]: entry for entry in map(json.loads, lines)}


def body_of(recording: Recording) -> Any:
    return json.loads(recording["response"]["body"])


class Replay:
    """One sandbox, and what it answered where the service's answer is known.

    `outcomes` maps each recording's name to None where the two agree, else to how they differ;
    `answers` to what the sandbox responded.
    """

    def __init__(self, sandbox: Sandbox, recordings: dict[str, Recording]) -> None:
        self.sandbox = sandbox
        self.recordings = recordings
        self.outcomes: dict[str, Optional[str]] = {}
        self.answers: dict[str, Answer] = {}
        self.ours: dict[str, str] = {}
        ticks = itertools.count(RECORDING_TIME)
        sandbox.store.now = lambda: next(ticks)

    def play(self, names: Iterable[str]) -> None:
        for name in names:
            recording = self.recordings[name]
            answer = self.send(recording["request"], name)
            self._learn(recording, answer)
            self.answers[name] = answer
            self.outcomes[name] = self.difference(recording, answer)

    def play_at_once(self, names: list[str]) -> None:
        """The recordings of one moment: any may win, the answers agree as a whole."""
        answers: list[Any] = []
        threads = [
            threading.Thread(
                target=lambda: answers.append(self.send(self.recordings[names[0]]["request"], ""))
            )
            for _ in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        answers.sort(key=lambda answer: answer[0])
        for name in names:
            status = self.recordings[name]["response"]["status"]
            match = next((i for i, answer in enumerate(answers) if answer[0] == status), None)
            if match is None:
                self.outcomes[name] = f"no response was {status}"
            else:
                answer = answers.pop(match)
                self._learn(self.recordings[name], answer)
                self.answers[name] = answer
                self.outcomes[name] = self.difference(self.recordings[name], answer)

    def send(self, request: Recording, name: str) -> Answer:
        host, port = self.sandbox.base_url.rpartition("/")[2].split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        try:
            connection.putrequest(
                request["method"], self._translated(request["path"]), skip_accept_encoding=True
            )
            for header, value in request["headers"].items():
                connection.putheader(header, self._translated(value))
            body = self._body(request, name)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _body(self, request: Recording, name: str) -> Optional[bytes]:
        if request["body"] is None:
            return None
        if name == "create_body_1MiB_plus_1":
            start = request["body"].partition("xxx")[0].encode()
            return start + b"x" * (1_048_577 - len(start) - 3) + b'"}}'
        body: bytes = self._translated(request["body"]).encode()
        return body.replace("\ufffd".encode(), b"\xff") if name == "create_invalid_utf8" else body

    def _translated(self, text: str) -> str:
        for theirs, ours in self.ours.items():
            text = text.replace(theirs, ours)
        return text

    def _learn(self, recording: Recording, answer: Answer) -> None:
        """Notes which of our ids, and of our ETags, stands for which of theirs."""
        theirs, ours = recording["response"], answer
        etags = theirs["headers"].get("ETag"), ours[1].get("ETag")
        if theirs["status"] == 200 and recording["request"]["method"] == "GET" and all(etags):
            self.ours[etags[0]] = str(etags[1])
        if theirs["status"] == ours[0] == 201:
            self.ours[body_of(recording)["data"]["id"]] = json.loads(ours[2])["data"]["id"]

    def difference(self, recording: Recording, answer: Answer) -> Optional[str]:
        theirs = recording["response"]
        status, headers, body = answer
        if status != theirs["status"]:
            return f"status {status}, recorded {theirs['status']}"
        if status == 431:
            return None
        for name in HEADERS:
            if headers.get(name) != theirs["headers"].get(name):
                return f"{name}: {headers.get(name)}, recorded {theirs['headers'].get(name)}"
        if ("ETag" in headers) != ("ETag" in theirs["headers"]):
            return "an ETag is there or is not"
        sent = recording["request"]["headers"].get("x-request-id")
        if headers["x-request-id"] != sent and (sent or not UUID.match(headers["x-request-id"])):
            return f"x-request-id: {headers['x-request-id']}"
        if not theirs["body"]:
            return f"a body: {body!r}" if body else None
        expected = self._comparable(theirs["body"], recording["name"])
        found = self._comparable(self.in_their_ids(body.decode()), recording["name"])
        return None if found == expected else f"\n  ours   {found}\n  theirs {expected}"

    def in_their_ids(self, text: str) -> str:
        """Our text with the ids and ETags of the recording."""
        for theirs, ours in self.ours.items():
            text = text.replace(ours, theirs)
        return text

    def _comparable(self, text: str, name: str) -> str:
        """The body in its own key order, without the instants of the recording and our run."""
        value = json.loads(text)
        if (
            json.dumps(value, ensure_ascii=False, separators=(",", ":")) != text
            and "metadata" not in name
        ):
            return f"not compact: {text}"
        data = value.get("data")
        if isinstance(data, dict) and "paymentIntents" in data:
            data["paymentIntents"].sort(key=lambda intent: (intent["createdAt"], intent["id"]))
        for customer in data if isinstance(data, list) else []:
            if customer["createdAt"] == TIED:
                customer.update(id="(of a tie)", name="(of a tie)")
        return json.dumps(_without_live(value))


def _without_live(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_live(item) for key, item in as_recorded(value).items()}
    if isinstance(value, list):
        return [_without_live(item) for item in value]
    return "(live)" if isinstance(value, str) and LIVE.match(value) else value


def add_accounts(sandbox: Sandbox, recordings: dict[str, Recording]) -> None:
    """The merchants, apps, keys and chains of the laboratory that was recorded."""
    app = body_of(recordings["retrieve_no_history"])["data"]["app"]
    sandbox.add_merchant(id=M1)
    sandbox.add_merchant(id=M2)
    sandbox.add_merchant(id=M3, suspended_reason="Lab reason")
    sandbox.add_app(
        id=A1,
        merchant_id=M1,
        name=app["name"],
        receiving_wallet=app["receivingWallet"],
        receiving_wallet_signature=app["receivingWalletSignature"],
        created_at=app["createdAt"],
    )
    for app_id, merchant_id in ((A2, M1), (B1, M2), (C1, M3)):
        sandbox.add_app(id=app_id, merchant_id=merchant_id)
    sandbox.add_api_key(key="nr_test_sk_labM1app1secretkey0001", merchant_id=M1)
    sandbox.add_api_key(key="nr_test_sk_labM1app2secretkey0001", merchant_id=M1)
    sandbox.add_api_key(key="nr_test_pk_labM1app1publickey0001", merchant_id=M1)
    sandbox.add_api_key(key="nr_test_sk_labM1app1inactive00001", merchant_id=M1, active=False)
    expiry = "2026-01-01T00:00:00.000Z"
    sandbox.add_api_key(key="nr_test_sk_labM1app1expired000001", merchant_id=M1, expires_at=expiry)
    sandbox.add_api_key(key="nr_test_sk_labM3suspended00000001", merchant_id=M3)
    sandbox.add_chain(10, "optimism", enabled=False)


def seed_customer(sandbox: Sandbox, customer: dict[str, Any]) -> None:
    sandbox.add_customer(
        id=customer["id"],
        app_id=customer["appId"],
        external_id=customer["externalId"],
        email=customer["email"],
        name=customer["name"],
        address=customer["address"],
        city=customer["city"],
        metadata=customer["metadata"],
        created_at=customer["createdAt"],
        updated_at=customer["updatedAt"],
    )
    for wallet in customer["wallets"]:
        seed_wallet(sandbox, customer["id"], wallet)
    counts = customer.get("_count", {"paymentIntents": 0, "invoices": 0})
    for _ in range(counts["paymentIntents"]):
        sandbox.add_payment_intent(customer["id"], amount=1)
    for _ in range(counts["invoices"]):
        sandbox.add_invoice(customer["id"], total=1)


def seed_wallet(sandbox: Sandbox, customer_id: str, wallet: dict[str, Any]) -> None:
    shown = ("id", "chainId", "walletAddress")
    sandbox.add_wallet(customer_id, **_arguments({name: wallet[name] for name in shown}))


def seed_history(sandbox: Sandbox, customer_id: str, detail: dict[str, Any]) -> None:
    for intent in detail["paymentIntents"]:
        sandbox.add_payment_intent(customer_id, **_arguments(intent))
    for invoice in detail["invoices"]:
        sandbox.add_invoice(customer_id, **_arguments(invoice))


def _arguments(shown: dict[str, Any]) -> dict[str, Any]:
    """The members of a response as the arguments that seed them."""
    return {re.sub("[A-Z]", r"_\g<0>", name).lower(): value for name, value in shown.items()}
