"""The sandbox answers the recorded requests as the service did."""

from __future__ import annotations

from typing import Optional

import pytest

from tests.sandbox.sandbox_plan import NOT_REPLAYED, RECORDINGS, play_everything


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Optional[str]]:
    """How each answer differs from the recorded one, or None."""
    return {name: found for replay in play_everything() for name, found in replay.outcomes.items()}


def test_every_recording_is_replayed(outcomes: dict[str, Optional[str]]) -> None:
    assert set(outcomes) == set(RECORDINGS)
    assert len(RECORDINGS) == 260


@pytest.mark.parametrize("name", sorted(set(RECORDINGS) - set(NOT_REPLAYED)))
def test_the_sandbox_answers_as_recorded(name: str, outcomes: dict[str, Optional[str]]) -> None:
    assert outcomes[name] is None, outcomes[name]


@pytest.mark.parametrize("name", sorted(NOT_REPLAYED))
def test_what_cannot_be_replayed_really_differs(
    name: str, outcomes: dict[str, Optional[str]]
) -> None:
    assert outcomes[name] is not None, "it agrees: take it off the list"
