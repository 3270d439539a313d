"""An argument that does not fit, told as data."""

from __future__ import annotations


class ArgumentError(ValueError):
    """An argument that does not fit a file, or what should be done with it.

    Attributes:
        argument: its name.
        problem: what is wrong.
        fitting: the value that would fit, where that can be told, or None.
    """

    def __init__(self, argument: str, problem: str, fitting: str | None = None) -> None:
        super().__init__(argument, problem, fitting)
        self.argument = argument
        self.problem = problem
        self.fitting = fitting

    def __str__(self) -> str:
        text = f"{self.argument}: {self.problem}"
        return text if self.fitting is None else f"{text}; pass {self.argument}={self.fitting!r}"
