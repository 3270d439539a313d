"""The source of the package as the rules look at it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "customers_sdk"
FRONT = "(front)"  # customers_sdk/__init__.py


class Module(NamedTuple):
    """A module of the package.

    Attributes:
        name: with dots, as it is imported.
        path: its file, from the root of the repository.
        text: its source.
        tree: the same, parsed.
    """

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return room(self.name)


def room(name: str) -> str:
    """The room that a module is in: the first name below the package."""
    return [*name.split("."), FRONT][1]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module(path: Path) -> Module:
    text = path.read_text("utf-8")
    return Module(_name(path), str(path.relative_to(ROOT)), text, ast.parse(text))


MODULES = [_module(path) for path in sorted(PACKAGE.rglob("*.py"))]
_NAMES = {module.name for module in MODULES}


def imported(module: Module) -> Iterator[str]:
    """The modules of the package that a module imports, late or early."""
    for node in ast.walk(module.tree):
        names = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            given = [each.name for each in node.names if each.name != "__version__"]
            inner = [f"{node.module}.{name}" for name in given]
            names = [name if name in _NAMES else str(node.module) for name in inner]
        yield from (name for name in names if name.split(".")[0] == PACKAGE.name)


def docstrings(tree: ast.Module) -> list[ast.Constant]:
    """The docstrings of a module, its classes and functions."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    firsts = [node.body[0] for node in ast.walk(tree) if isinstance(node, kinds) and node.body]
    values = [first.value for first in firsts if isinstance(first, ast.Expr)]
    return [value for value in values if isinstance(value, ast.Constant) and value.value]


def strings(tree: ast.Module) -> list[ast.Constant]:
    """All string constants, docstrings among them."""
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [constant for constant in constants if isinstance(constant.value, str)]
