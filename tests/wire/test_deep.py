"""JSON of any depth is read and compared as `json` and ``==`` do where they can."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customers_sdk._wire import deep

SCALARS = st.sampled_from([0, -0.0, 1.5, 10**20, "", "é", "\ud800", True, None])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
)
WORDS = [*'{}[],:"', '"a"', '"b"', "1", "-0", "1e5", "null", "NaN", "tru", " ", "\n", "\ufeff"]


@st.composite
def nearly_json(draw: st.DrawFn) -> str:
    """A JSON text in which a piece is replaced by another one, or by none."""
    text = json.dumps(draw(VALUES))
    cut = draw(st.integers(0, len(text)))
    end = draw(st.integers(cut, min(cut + 2, len(text))))
    return text[:cut] + draw(st.sampled_from(["", *WORDS])) + text[end:]


class TooDeep:
    """What `json` is for JSON that is nested too deeply for it."""

    def decode(self, text: str) -> Any:
        raise RecursionError(text)


def outcome(text: str) -> str:
    try:
        return repr(deep.loads(text))
    except ValueError:
        return "refused"


@settings(max_examples=400, deadline=None)
@given(nearly_json() | st.lists(st.sampled_from(WORDS), max_size=7).map("".join))
@example("")
@example("1,2")
@example("[1,]")
@example("[,")
@example('{"a":1,}')
@example('{"a":1,"a":2}')
@example('{"a"::1}')
@example('{"a":}')
@example("{1:1}")
@example('{"a":1,1:1}')
@example("[1}")
@example("[[1]")
@example("[1] 1")
def test_text_is_read_or_refused_alike_at_any_depth(text: str) -> None:
    expected = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deep, "_DECODER", TooDeep())
        assert outcome(text) == expected


@settings(deadline=None)
@given(VALUES, VALUES)
@example([1], (1,))
@example([1, 2], [1])
@example({"a": [1]}, {"a": [True]})
def test_values_are_compared_as_python_does(one: Any, other: Any) -> None:
    assert deep.equal(one, other) is (one == other)
    assert deep.equal(one, json.loads(json.dumps(one)))
