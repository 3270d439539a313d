"""The plan of the house: who may import whom, how long a module is, what is spelled where."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import attrs

from customers_sdk import models
from customers_sdk._wire.codec import wire_name
from tests.house.source import FRONT, MODULES, ROOT, Module, docstrings, imported, room, strings

# Top down. A module may import from a floor below, never from a neighbour or from above.
FLOORS = (
    {"cli"},
    {"flask", "django"},
    {"_frameworks"},
    {"testing"},
    {"bulk", "sandbox"},
    {FRONT},
    {"client"},
    {"customers"},
    {"_recovery"},
    {"_resource"},
    {"_lists"},
    {"pagination"},
    {"models"},
    {"_http"},
    {"_wire"},
    {"_settings"},
    {"_stored"},
    {"_checks"},
    {"errors", "chains"},
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
# Lines of code in a module, without docstrings, comments and blank lines.
LONGEST = 300
# The second, independent reading of the contract, and what stands on it.
READS_THE_CONTRACT_ITSELF = {"sandbox", "testing"}
# Methods and functions that search or cut a text.
SURGERY = {"replace", "partition", "rpartition", "removeprefix", "removesuffix", "sub", "find"}
SURGERY |= {"startswith", "endswith", "index", "split", "rsplit", "search", "match", "fullmatch"}
# How a variable is called that holds an error.
ERRORS = {"error", "exc", "failure", "problem", "wrong", "trouble", "cause", "reason"}

# What breaks a rule today. Take entries out; do not put any in.
NOT_YET: set[str] = set()


def hold(offenders: Iterator[str], rule: str) -> None:
    """Fail with the rule and what breaks it, one a line."""
    found = sorted(set(offenders) - NOT_YET)
    assert not found, "\n  ".join([rule, *found])


def test_every_room_has_a_floor() -> None:
    hold(
        (module.path for module in MODULES if module.room not in FLOOR),
        "a new room must be named in FLOORS of this file",
    )


def test_arrows_point_down_only() -> None:
    hold(
        (
            f"{module.path}: {name}"
            for module in MODULES
            for name in imported(module)
            if room(name) != module.room and FLOOR[room(name)] <= FLOOR[module.room]
        ),
        "a room may import only rooms below it (FLOORS in this file, lowest last)",
    )


def test_what_is_private_in_a_room_is_imported_there_alone() -> None:
    hold(
        (
            f"{module.path}: {name}"
            for module in MODULES
            for name in imported(module)
            if room(name) != module.room and any(part[0] == "_" for part in name.split(".")[2:])
        ),
        "a private module or name of a room is imported only inside that room",
    )


def test_the_sandbox_shares_no_code_with_the_client() -> None:
    hold(
        (
            f"{module.path}: {name}"
            for module in MODULES
            for name in imported(module)
            if module.room == "sandbox" and room(name) != "sandbox"
            # `Sandbox.client()` hands one out, and gets it where a user does.
            if name != "customers_sdk"
        ),
        "the sandbox may import nothing from the client",
    )


def test_imports_are_absolute() -> None:
    hold(
        (
            module.path
            for module in MODULES
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom) and node.level
        ),
        "imports must be absolute: from customers_sdk… import …",
    )


def test_a_module_can_be_read_in_one_sitting() -> None:
    hold(
        (module.path for module in MODULES if len(_lines_of_code(module)) > LONGEST),
        f"a module may have {LONGEST} lines of code: move what belongs together into another one",
    )


def _lines_of_code(module: Module) -> set[int]:
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    layout |= {tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in layout:
            lines.update(range(token.start[0], token.end[0] + 1))
    for text in docstrings(module.tree):
        lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def test_a_wire_name_is_spelled_in_the_wire_room_alone() -> None:
    names = _wire_names()
    hold(
        (
            f"{module.path}: {name}"
            for module in MODULES
            if module.room not in READS_THE_CONTRACT_ITSELF | {"_wire"}
            for text in set(strings(module.tree)) - set(docstrings(module.tree))
            for name in names
            if name in text.value
        ),
        "a wire name such as externalId may be spelled in _wire, sandbox and testing only",
    )


def _wire_names() -> set[str]:
    classes = [value for value in vars(models).values() if attrs.has(value)]
    names = {field.name for each in classes for field in attrs.fields(each)}
    return {wire_name(name) for name in names if wire_name(name) != name} | {"totalPages"}


def test_no_error_text_is_searched_or_cut() -> None:
    hold(
        (
            f"{module.path}: {node.name}"
            for module in MODULES
            for node in ast.walk(module.tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and _looks_into_errors(node)
        ),
        "code must not search or cut an error's text: use its class or an attribute",
    )


def _looks_into_errors(function: ast.AST) -> bool:
    """Whether a function searches or cuts the text of an error."""
    texts = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _is_error_text(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    looked_into: list[ast.expr] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            looked_into += node.comparators[:1]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # `text.split()` makes one line of it, whatever it says.
            cuts = node.func.attr in SURGERY and (node.args or node.keywords)
            looked_into += [node.func.value, *node.args] if cuts else []
    return any(_is_error_text(each, texts) for each in looked_into)


def _is_error_text(node: ast.expr, texts: set[str]) -> bool:
    """Whether a value is `str(error)`, or a name that stands for it."""
    if isinstance(node, ast.Name):
        return node.id in texts
    if isinstance(node, ast.IfExp):
        return _is_error_text(node.body, texts) or _is_error_text(node.orelse, texts)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    names = {each.id for each in node.args if isinstance(each, ast.Name)}
    return node.func.id == "str" and bool(names & ERRORS)


def test_the_rule_about_error_texts_sees_the_ways_to_break_it() -> None:
    breaks = [
        "def f(error): return 'database' in str(error)",
        "def f(error): return str(error).replace('a', 'b')",
        "def f(error): return re.sub('a', 'b', str(error))",
        "def f(error):\n    text = error.x if error.y else str(error)\n    return text.split(':')",
    ]
    keeps = ["def f(error): return ' '.join(str(error).split())", "def f(error): return str(error)"]
    assert [_looks_into_errors(ast.parse(each)) for each in breaks + keeps] == [True] * 4 + [
        False
    ] * 2


def test_the_script_of_ci_defines_each_step_once() -> None:
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    defined = re.findall(r"^(\w+)\(\) \{", text, re.MULTILINE)
    called = re.findall(r'^step "[^"]+" (\w+)', text, re.MULTILINE)
    assert len(set(defined)) == len(defined)
    assert set(called) <= set(defined)
