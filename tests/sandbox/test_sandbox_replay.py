"""The sandbox answers the recorded requests as the service did."""

from __future__ import annotations

from typing import Optional

import pytest

from customers_sdk.sandbox import Sandbox
from tests.sandbox.sandbox_plan import NOT_REPLAYED, RECORDINGS, play_everything
from tests.sandbox.sandbox_replay import Replay


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Optional[str]]:
    """How each answer differs from the recorded one, or None."""
    return {name: found for replay in play_everything() for name, found in replay.outcomes.items()}


def test_every_recording_is_replayed(outcomes: dict[str, Optional[str]]) -> None:
    assert set(outcomes) == set(RECORDINGS)
    assert len(RECORDINGS) >= 260


@pytest.mark.parametrize("name", sorted(set(RECORDINGS) - set(NOT_REPLAYED)))
def test_the_sandbox_answers_as_recorded(name: str, outcomes: dict[str, Optional[str]]) -> None:
    assert outcomes[name] is None, outcomes[name]


@pytest.mark.parametrize("name", sorted(NOT_REPLAYED))
def test_what_cannot_be_replayed_really_differs(
    name: str, outcomes: dict[str, Optional[str]]
) -> None:
    assert outcomes[name] is not None, "it agrees: take it off the list"


def test_a_difference_in_any_aspect_would_show(sandbox: Sandbox) -> None:
    replay = Replay(sandbox, RECORDINGS)
    recording = RECORDINGS["unknown_route"]
    status, headers, body = replay.send(recording["request"], "unknown_route")
    assert replay.difference(recording, (status, headers, body)) is None
    assert replay.difference(recording, (500, headers, body)) is not None
    assert replay.difference(recording, (status, headers, body + b" ")) is not None
    assert replay.difference(recording, (status, headers, body.replace(b"code", b"kind")))
    del headers["Content-Type"]
    assert replay.difference(recording, (status, headers, body)) is not None
