"""Random sequences of operations keep the sandbox and a plain-Python model of it in step."""

from __future__ import annotations

import json
import math
from typing import Any, Optional
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from werkzeug.test import Client

from customers_sdk.sandbox.backend import Backend, Handle

START = 1_800_000_000_000
EVM = ["0x" + letter * 40 for letter in "aB1"]
SOLANA = ["1" * 32, "So" + "1" * 40]
SUI = ["0xAb", "cd"]
CHAINS = {1: "evm", 8453: "evm", 103: "solana", 203: "sui"}
EXTERNAL = ["", "u-1", "u-2", "U-1", "u%"]
NAMES = ["Ada", "ada", "Grace 100%", "é", "x" * 255]
KEYS = ["k1", "k2", "k3"]
BAD = [
    {"name": None},
    {"name": "x" * 256},
    {"email": "no"},
    {"metadata": []},
    {"postalCode": "1" * 51},
]

fields = st.fixed_dictionaries(
    {},
    optional={
        "externalId": st.sampled_from(EXTERNAL),
        "name": st.sampled_from(NAMES),
        "email": st.sampled_from(["ada@example.com", "Bob@Example.org"]),
        "metadata": st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2),
    },
)
keys = st.one_of(st.none(), st.sampled_from(KEYS))
picks = st.integers(0, 50)


def normalised(family: str, address: str) -> Optional[str]:
    """The rules of the contract, in words of their own."""
    text = address.strip()
    if family == "solana":
        return text if 32 <= len(text) <= 44 and not text.startswith("0x") else None
    text = text.lower()
    digits = text.partition("0x")[2] or text
    if not digits or set(digits) - set("0123456789abcdef"):
        return None
    if family == "evm":
        return text if text.startswith("0x") and len(digits) == 40 else None
    return "0x" + digits if len(digits) <= 64 else None


class Model:
    """What the contract says is stored."""

    def __init__(self) -> None:
        self.customers: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}

    def taken(self, app_id: str, external_id: Any, besides: Any = None) -> bool:
        return external_id is not None and any(
            row["appId"] == app_id and row["externalId"] == external_id and row is not besides
            for row in self.customers
        )

    def listed(self, apps: set[str], search: str = "") -> list[dict[str, Any]]:
        wanted = search.lower()
        rows = [row for row in self.customers if row["appId"] in apps]
        rows = [
            row
            for row in rows
            if not wanted
            or any(wanted in (row[name] or "").lower() for name in ("email", "name", "externalId"))
        ]
        return sorted(rows, key=lambda row: (-row["born"], -self.customers.index(row)))


class Service(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.service = Handle(Backend(db=":memory:", now=lambda: self.now))
        self.http = Client(self.service.backend.application)
        self.apps = [self.service.app_id, self.service.add_app()]
        merchant = self.service.add_merchant()
        self.foreign_app = self.service.add_app(merchant_id=merchant)
        self.foreign_key = self.service.add_api_key(merchant_id=merchant)
        self.model = Model()

    def teardown(self) -> None:
        self.service.backend.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        idem: Optional[str] = None,
        key: Optional[str] = None,
    ) -> tuple[int, Any, bool]:
        headers = {"x-api-key": key or self.service.api_key}
        if idem:
            headers["Idempotency-Key"] = idem
        data = None if body is None else json.dumps(body)
        kind = None if body is None else "application/json"
        answer = self.http.open(path, method=method, headers=headers, data=data, content_type=kind)
        text = answer.get_data(as_text=True)
        parsed = json.loads(text) if text else None
        return answer.status_code, parsed, "Idempotent-Replayed" in answer.headers

    def write(self, method: str, path: str, body: Any, idem: Optional[str], expected: int) -> Any:
        """One write; the data of a success that is not a replay, else None."""
        status, answer, replayed = self.call(method, path, body, idem=idem)
        if idem in self.model.answers:
            assert replayed
            assert (status, answer) == self.model.answers[str(idem)]
            return None
        assert not replayed
        assert status == expected, answer
        if idem:
            self.model.answers[idem] = (status, answer)
        return answer["data"] if status in (200, 201) else None

    def replays(self, idem: Optional[str]) -> bool:
        return idem in self.model.answers

    def pick(self, number: int) -> dict[str, Any]:
        return self.model.customers[number % len(self.model.customers)]

    @rule(milliseconds=st.integers(0, 2))
    def time_passes(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule(values=fields, app=st.integers(0, 1), idem=keys)
    def create(self, values: dict[str, Any], app: int, idem: Optional[str]) -> None:
        app_id = self.apps[app]
        taken = self.model.taken(app_id, values.get("externalId"))
        body = {"appId": app_id, **values}
        made = self.write("POST", "/customers", body, idem, 500 if taken else 201)
        if made is not None:
            row = {"externalId": None, "email": None, "name": None, "metadata": {}, **body}
            row.update(id=made["id"], born=self.now, touched=False)
            row.update(wallets={}, intents=[], invoices=[])
            self.model.customers.append(row)

    @rule(values=st.sampled_from(BAD), idem=keys)
    def create_badly(self, values: dict[str, Any], idem: Optional[str]) -> None:
        self.write("POST", "/customers", {"appId": self.apps[0], **values}, idem, 400)

    @rule(idem=keys)
    def create_in_a_foreign_app(self, idem: Optional[str]) -> None:
        self.write("POST", "/customers", {"appId": self.foreign_app}, idem, 403)

    @precondition(lambda self: self.model.customers)
    @rule(number=picks, values=fields, idem=keys)
    def update(self, number: int, values: dict[str, Any], idem: Optional[str]) -> None:
        row = self.pick(number)
        taken = self.model.taken(row["appId"], values.get("externalId"), besides=row)
        path = f"/customers/{row['id']}"
        if self.write("PUT", path, values, idem, 500 if taken else 200) and values:
            row.update(values, touched=True)

    @precondition(lambda self: self.model.customers)
    @rule(
        number=picks,
        chain=st.sampled_from([*CHAINS, 999]),
        address=st.sampled_from([*EVM, *SOLANA, *SUI, " " + EVM[1].upper().replace("X", "x")]),
        idem=keys,
    )
    def add_wallet(self, number: int, chain: int, address: str, idem: Optional[str]) -> None:
        row = self.pick(number)
        stored = normalised(CHAINS[chain], address) if chain in CHAINS else None
        expected = 400 if stored is None else 500 if (chain, stored) in row["wallets"] else 201
        body = {"chainId": chain, "walletAddress": address}
        made = self.write("POST", f"/customers/{row['id']}/wallets", body, idem, expected)
        if made is not None:
            assert made["walletAddress"] == stored
            row["wallets"][chain, stored] = made["id"]

    @precondition(lambda self: any(row["wallets"] for row in self.model.customers))
    @rule(number=picks)
    def remove_wallet(self, number: int) -> None:
        owners = [row for row in self.model.customers if row["wallets"]]
        row = owners[number % len(owners)]
        place = sorted(row["wallets"])[number % len(row["wallets"])]
        path = f"/customers/{row['id']}/wallets/{row['wallets'].pop(place)}"
        assert self.call("DELETE", path)[0] == 204
        assert self.call("DELETE", path)[0] == 404

    @precondition(lambda self: self.model.customers)
    @rule(number=picks, many=st.sampled_from([1, 3, 30]))
    def history_grows(self, number: int, many: int) -> None:
        row = self.pick(number)
        for _ in range(many):
            self.now += 1  # the newest first: no two of one instant
            row["intents"].append(self.service.add_payment_intent(row["id"], amount="1.50"))
            row["invoices"].append(self.service.add_invoice(row["id"], total=2))

    @precondition(lambda self: self.model.customers)
    @rule(number=picks)
    def retrieve(self, number: int) -> None:
        row = self.pick(number)
        status, answer, _ = self.call("GET", f"/customers/{row['id']}")
        shown = answer["data"]
        assert status == 200
        for name in ("id", "appId", "externalId", "email", "name", "metadata"):
            assert shown[name] == row[name]
        assert (shown["updatedAt"] > shown["createdAt"]) == row["touched"]
        assert {
            (one["chainId"], one["walletAddress"]): one["id"] for one in shown["wallets"]
        } == row["wallets"]
        assert [one["id"] for one in shown["paymentIntents"]] == row["intents"][::-1][:50]
        assert [one["id"] for one in shown["invoices"]] == row["invoices"][::-1][:50]

    @precondition(lambda self: self.model.customers)
    @rule(number=picks)
    def a_stranger_sees_nothing(self, number: int) -> None:
        path = f"/customers/{self.pick(number)['id']}"
        assert self.call("GET", path, key=self.foreign_key)[0] == 403
        assert self.call("GET", "/customers", key=self.foreign_key)[1]["data"] == []

    @rule(search=st.sampled_from(["ada", "ADA", "u-", "example", "zzz", "É"]))
    def search(self, search: str) -> None:
        _, answer, _ = self.call("GET", f"/customers?pageSize=100&search={quote(search)}")
        wanted = self.model.listed(set(self.apps), search)
        assert [row["id"] for row in answer["data"]] == [row["id"] for row in wanted[:100]]

    @rule(scope=st.sampled_from([(0,), (1,), (0, 1)]), size=st.sampled_from([1, 2, 100]))
    def list_them(self, scope: tuple[int, ...], size: int) -> None:
        one_app = f"&appId={self.apps[scope[0]]}" if len(scope) == 1 else ""
        wanted = self.model.listed({self.apps[number] for number in scope})
        pages = math.ceil(len(wanted) / size)
        found: list[str] = []
        for page in range(1, min(pages, 2) + 1):
            path = f"/customers?page={page}&pageSize={size}{one_app}"
            _, answer, _ = self.call("GET", path)
            assert answer["pagination"] == {
                "total": len(wanted),
                "page": page,
                "pageSize": size,
                "totalPages": pages,
            }
            found += [row["id"] for row in answer["data"]]
            for shown in answer["data"]:
                row = next(row for row in wanted if row["id"] == shown["id"])
                assert shown["_count"] == {
                    "paymentIntents": len(row["intents"]),
                    "subscriptions": 0,
                    "invoices": len(row["invoices"]),
                }
        assert found == [row["id"] for row in wanted][: size * 2]

    @rule()
    def as_many_are_stored(self) -> None:
        assert len(self.service.stored()) == len(self.model.customers)


SETTINGS = settings(
    max_examples=200,
    phases=[Phase.generate],  # shrinking a failure has no bound in time
    stateful_step_count=15,
    deadline=None,
    derandomize=False,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestService = Service.TestCase
TestService.settings = SETTINGS
