"""Texts for users are plain technical English, without the phrases that made readers stumble."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.house.source import MODULES, ROOT, strings

# What was found, and what to write.
BANNED = {
    r"tr(ied|ies) again|tries beyond the first": "retried, retries",
    r"answer's head": "response headers",
    r"time-outs?": "timeout",
    r"set-ups?": "setup",
    r"mend(s|ed|ing)?": "fix",
    r"is no (UUID|regular file|id|JSON|number|file|mapping|secret key)": "is not a …",
    r"got hold of": "retrieved",
    r"hangs? on": "depends on",
    r"go(es)? on|gone on with": "resumes, continues",
    r"complete or not there": "atomic",
    r"by way of": "through",
    r"answers? (a key )?so": "also responds with … when …",
    r"all the same": "still",
    r"beside": "next to",
    r"without a word": "silently",
    r"whoever|somebody|nobody|anybody": "the caller, another process, no process",
    r"by the (hundred|thousand|[\d,]+)": "bulk, many",
    r"lets? go of": "releases, drops",
    r"in one instant": "with the same creation time",
    r"hearsay": "not certain",
    r"of the kind|of choice": "(cut)",
    r"is to be|are to be": "must be",
    r"there are no such": "no … found",
    r"tells? apart": "distinguishes",
}
PHRASE = re.compile(rf"\b(?:{'|'.join(BANNED)})\b", re.IGNORECASE)
# Generated, or a record of the past.
NOT_OURS = {"CHANGELOG.md"}


def _pages() -> Iterator[tuple[str, str]]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for path in sorted(pages):
        if "_build" not in path.parts and path.name not in NOT_OURS:
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def _texts() -> Iterator[tuple[str, str]]:
    for module in MODULES:
        yield module.path, "\n".join(text.value for text in strings(module.tree))


def test_no_text_has_a_phrase_that_readers_stumble_over() -> None:
    found = [
        f"{name}: {phrase}"
        for name, text in [*_pages(), *_texts()]
        for phrase in sorted(
            {found[0].lower() for found in PHRASE.finditer(" ".join(text.split()))}
        )
    ]
    assert not found


@pytest.mark.parametrize(
    "sentence", ["Whoever reads this.", "It is tried\nagain.", "x is no UUID", "The time-out."]
)
def test_such_a_phrase_is_found(sentence: str) -> None:
    assert PHRASE.search(" ".join(sentence.split()))
