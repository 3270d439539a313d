"""What the doctor finds: one sentence or two, and what to do about it."""

from __future__ import annotations

import enum
from typing import NamedTuple

from customers_sdk.cli._exit import Exit


class State(enum.Enum):
    """How a finding is."""

    GOOD = "ok"
    NOTE = "note"
    WRONG = "wrong"


class Finding(NamedTuple):
    """One thing that was looked at."""

    check: str  # what was looked at, in a word
    state: State
    found: str
    advice: str = ""
    code: Exit = Exit.DONE  # what the command ends with if this is the first thing wrong
    unchecked: str = ""  # the setting that could not be checked


def good(check: str, found: str) -> Finding:
    """All is well with this."""
    return Finding(check, State.GOOD, found)


def note(check: str, found: str, advice: str = "", *, unchecked: str = "") -> Finding:
    """Worth a look, and no reason for failure."""
    return Finding(check, State.NOTE, found, advice, unchecked=unchecked)


def wrong(check: str, found: str, advice: str, code: Exit = Exit.USAGE) -> Finding:
    """This has to be fixed."""
    return Finding(check, State.WRONG, found, advice, code)
