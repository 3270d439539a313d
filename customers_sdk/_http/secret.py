"""A text that stays out of reports on errors, which show the variables of each frame."""

from __future__ import annotations

from typing import Any, SupportsIndex, Union


class Secret(str):
    """A text that no ``repr`` shows; its slices neither.

    It is for values that wait in variables. What is handed to `requests` is a plain `str`
    (``str(secret)``), which is the type that other tools expect in a request.
    """

    __slots__ = ()

    def __getitem__(self, index: Union[SupportsIndex, slice[Any, Any, Any]]) -> Secret:
        return Secret(super().__getitem__(index))

    def __repr__(self) -> str:
        return "'***'"
