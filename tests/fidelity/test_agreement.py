"""How far the sandbox answers as the service did, recording by recording, endpoint by endpoint."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.sandbox_plan import NOT_REPLAYED, RECORDINGS, play_everything

if TYPE_CHECKING:
    from tests.sandbox.sandbox_replay import Answer, Recording, Replay

ASPECTS = ("status", "code", "message", "keys", "types")
# Beyond these no recording may disagree, in no aspect.
DISAGREEMENTS = NOT_REPLAYED


@pytest.fixture(scope="module")
def replays() -> list[Replay]:
    return play_everything()


def endpoint(recording: Recording) -> str:
    request = recording["request"]
    path = request["path"].partition("?")[0].lower().rstrip("/")
    template = re.sub(r"/customers/[^/]+", "/customers/:id", path)
    template = re.sub(r"/wallets/[^/]+", "/wallets/:id", template)
    route = f"{request['method']} {template}"
    return route if route in ROUTES else "(other routes and methods)"


ROUTES = (
    "POST /customers",
    "GET /customers",
    "GET /customers/:id",
    "PUT /customers/:id",
    "POST /customers/:id/wallets",
    "DELETE /customers/:id/wallets/:id",
)


def shape(value: Any, path: str = "") -> dict[str, str]:
    """The type of everything within, by its place; the items of a list share one."""
    if isinstance(value, dict):
        members = [shape(item, f"{path}.{key}") for key, item in value.items()]
        return {k: v for member in members for k, v in member.items()} | {path: "object"}
    if isinstance(value, list):
        return {k: v for item in value for k, v in shape(item, f"{path}[]").items()} | {
            path: "list"
        }
    kinds = {type(None): "null", bool: "boolean", str: "string"}
    return {path: kinds.get(type(value), "number")}


def aspects(status: int, text: str) -> dict[str, Any]:
    body = json.loads(text) if text else None
    error = body.get("error", {}) if isinstance(body, dict) else {}
    found = shape(body)
    return {
        "status": status,
        "code": error.get("code", error.get("type")),
        "message": error.get("message"),
        "keys": sorted(found),
        "types": found,
    }


def agreement(recording: Recording, answer: Answer | None) -> dict[str, bool]:
    theirs = recording["response"]
    if answer is None or theirs["status"] is None:
        return dict.fromkeys(ASPECTS, False)
    if theirs["status"] == 431:  # the server's own page, outside of the service
        return dict.fromkeys(ASPECTS, answer[0] == 431)
    wanted, found = (
        aspects(theirs["status"], theirs["body"]),
        aspects(answer[0], answer[2].decode()),
    )
    return {aspect: wanted[aspect] == found[aspect] for aspect in ASPECTS}


@pytest.fixture(scope="module")
def agreements(replays: list[Replay]) -> dict[str, dict[str, bool]]:
    found = {name: agreement(recording, None) for name, recording in RECORDINGS.items()}
    for replay in replays:
        for name, (status, headers, body) in replay.answers.items():
            answer = (status, headers, replay.in_their_ids(body.decode()).encode())
            found[name] = agreement(RECORDINGS[name], answer)
    return found


def table(agreements: dict[str, dict[str, bool]]) -> str:
    rows: dict[str, list[dict[str, bool]]] = {route: [] for route in ROUTES}
    for name, found in agreements.items():
        rows.setdefault(endpoint(RECORDINGS[name]), []).append(found)
    lines = [f"{'agreement with the recordings':36}{'':>6}" + "".join(f"{a:>9}" for a in ASPECTS)]
    for route, all_found in [*rows.items(), ("all", list(agreements.values()))]:
        figures = (sum(found[aspect] for found in all_found) for aspect in ASPECTS)
        lines.append(f"{route:36}{len(all_found):6}" + "".join(f"{figure:9}" for figure in figures))
    lines += [f"  {name}: {reason}" for name, reason in DISAGREEMENTS.items()]
    return "\n".join(lines)


def test_the_agreement_is_printed(
    agreements: dict[str, dict[str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{table(agreements)}")  # noqa: T201 - this is what it is for
    assert len(agreements) == 260


def test_every_disagreement_is_listed_with_its_reason(
    agreements: dict[str, dict[str, bool]],
) -> None:
    differing = {name for name, found in agreements.items() if not all(found.values())}
    assert differing == set(DISAGREEMENTS)


def test_a_difference_in_any_aspect_would_show() -> None:
    recording = next(row for row in RECORDINGS.values() if row["response"]["status"] == 400)
    text = recording["response"]["body"]
    status = recording["response"]["status"]
    same = agreement(recording, (status, None, text.encode()))  # type: ignore[arg-type]
    assert all(same.values())
    other = agreement(recording, (status, None, b'{"success":1,"x":"y"}'))  # type: ignore[arg-type]
    assert (other["status"], other["keys"], other["types"]) == (True, False, False)
