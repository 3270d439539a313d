"""The types of the attributes that a class lists under ``Attributes:``, from its annotations."""

import re

from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

_ATTRIBUTE = re.compile(r"( *)\.\. attribute:: (\w+)")


def _type(cls: type, name: str) -> str:
    """The annotation of an attribute or property, or an empty text."""
    for base in cls.__mro__:
        kept = vars(base).get(name)
        hint = vars(base).get("__annotations__", {}).get(name)
        if hint is None and isinstance(kept, property):
            hint = getattr(kept.fget, "__annotations__", {}).get("return")
        if hint is not None:
            return stringify_annotation(hint, "smart")
    return ""


def add_types(
    _app: Sphinx, what: str, _name: str, described: object, _options: object, lines: "list[str]"
) -> None:
    """Put the type below each attribute that napoleon made of an ``Attributes:`` section."""
    if what not in {"class", "exception"} or not isinstance(described, type):
        return
    for at in reversed(range(len(lines))):
        found = _ATTRIBUTE.fullmatch(lines[at])
        if found and (hint := _type(described, found[2])):
            lines.insert(at + 1, f"{found[1]}   :type: {hint}")


def setup(app: Sphinx) -> "dict[str, bool]":
    """Run after napoleon."""
    app.connect("autodoc-process-docstring", add_types, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
