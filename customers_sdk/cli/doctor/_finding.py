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
    """One thing that was looked at.

    Attributes:
        check: what was looked at, in a word.
        state: how it is.
        found: what was found, in sentences.
        advice: what to do about it, or "".
        code: what the command ends with if this is the first thing wrong.
        unchecked: the setting that could not be checked, or "".
    """

    check: str
    state: State
    found: str
    advice: str = ""
    code: Exit | None = None
    unchecked: str = ""


def good(check: str, found: str) -> Finding:
    """All is well with this."""
    return Finding(check, State.GOOD, found)


def note(check: str, found: str, advice: str = "") -> Finding:
    """Worth a look, and no reason for failure."""
    return Finding(check, State.NOTE, found, advice)


def wrong(check: str, found: str, advice: str, code: Exit) -> Finding:
    """This has to be fixed."""
    return Finding(check, State.WRONG, found, advice, code)
