"""What the doctor finds: one sentence or two, and what to do about it."""

from __future__ import annotations

import enum
from functools import partial
from typing import NamedTuple

from customers_sdk.cli._exit import Exit


class State(enum.Enum):
    """How a finding is."""

    GOOD = "ok"
    NOTE = "note"
    WRONG = "wrong"


class Finding(NamedTuple):
    """One thing that was looked at."""

    state: State
    check: str  # what was looked at, in a word
    found: str
    advice: str = ""
    code: Exit = Exit.DONE  # what the command ends with if this is the first thing wrong
    unchecked: str = ""  # the setting that could not be checked


good = partial(Finding, State.GOOD)  # all is well with this
note = partial(Finding, State.NOTE)  # worth a look, and no reason for failure
wrong = partial(Finding, State.WRONG, code=Exit.USAGE)  # this has to be fixed
