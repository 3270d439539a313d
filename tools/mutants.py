"""Change the code in one place, and see whether a test fails: `python tools/mutants.py [NUMBER]`.

It makes mutants of the modules that decide what is said of a write and of a list, draws NUMBER of
them (the same ones each time while the code is the same), and runs in a copy of the checkout, for
each, the tests of the rooms concerned. It prints those that survive; whether a survivor matters is
for a person to say. With ``--only PATH`` it looks at one module.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MODULES = (
    "customers_sdk/_http/*.py",
    "customers_sdk/_lists/*.py",
    "customers_sdk/_recovery/writes.py",
    "customers_sdk/_recovery/lookups.py",
    "customers_sdk/_resource.py",
    "customers_sdk/_stored.py",
)
# A mutant's own room first, as most die there; what survives the quick ones meets the others.
QUICK = ("tests/http", "tests/client", "tests/lists", "tests/wire")
SLOW = ("tests/faults", "tests/bulk", "tests/testing", "tests/processes", "tests/fidelity")
NOT_COPIED = (".git", ".venv*", "__pycache__", "_build", "*.egg-info")
# Returned instead of None, these change nothing that matters.
NOTHING = ("None", "False")
# A mutant that hangs is one that a test has found.
PATIENCE = 900

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}


class Mutant(NamedTuple):
    """One change.

    Attributes:
        path: of the module, from the root.
        line: where.
        what: was done, as Python before and after.
        source: the whole module as changed.
    """

    path: str
    line: int
    what: str
    source: str


def changed(node: ast.AST) -> ast.AST | None:
    """What a node is changed into, or None."""
    new = copy.deepcopy(node)
    if isinstance(new, ast.expr):
        return _changed_expression(new)
    if isinstance(new, ast.If):
        new.test = ast.UnaryOp(ast.Not(), new.test)
        return new
    if isinstance(new, ast.Return) and new.value and ast.unparse(new.value) not in NOTHING:
        new.value = ast.Constant(None)
        return new
    if isinstance(new, ast.Break):
        return ast.Continue()
    calls = isinstance(new, ast.Expr) and isinstance(new.value, (ast.Call, ast.YieldFrom))
    return ast.Pass() if calls or isinstance(new, (ast.Raise, ast.Continue)) else None


def _changed_expression(new: ast.expr) -> ast.expr | None:
    if isinstance(new, ast.Compare) and type(new.ops[0]) in COMPARISONS:
        new.ops[0] = COMPARISONS[type(new.ops[0])]()
    elif isinstance(new, ast.BoolOp):
        new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()
    elif isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.Not):
        return new.operand
    elif isinstance(new, ast.BinOp) and type(new.op) in ARITHMETIC:
        new.op = ARITHMETIC[type(new.op)]()
    elif isinstance(new, ast.Constant) and isinstance(new.value, (bool, int, float)):
        new.value = not new.value if isinstance(new.value, bool) else new.value + 1
    else:
        return None
    return new


def sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int]]:
    """Every place that runs, as parent, field and index in it (-1 where it is no list)."""
    for name, value in ast.iter_fields(tree):
        if name in {"annotation", "returns", "decorator_list", "bases"}:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(-1, value)]:
            if not isinstance(child, ast.AST) or ast.unparse(child).startswith("if TYPE_CHECKING"):
                continue
            yield tree, name, index
            yield from sites(child)


def mutants(path: str) -> Iterator[Mutant]:
    """All mutants of a module."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    for parent, name, index in list(sites(tree)):
        place = getattr(parent, name)
        before = place if index < 0 else place[index]
        after = changed(before)
        if after is not None:
            _put(parent, name, index, after)
            what = f"{_first_line(before)}  ->  {_first_line(after)}"
            source = ast.unparse(ast.fix_missing_locations(tree))
            yield Mutant(path, getattr(before, "lineno", 0), what, source)
            _put(parent, name, index, before)


def _put(parent: ast.AST, name: str, index: int, node: ast.AST) -> None:
    if index < 0:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0][:70]


def survives(mutant: Mutant, checkout: Path, later: Sequence[str]) -> bool:
    """Whether all tests pass, those of the later rooms last."""
    file = checkout / mutant.path
    whole = file.read_text("utf-8")
    file.write_text(mutant.source, "utf-8")
    try:
        own = f"tests/{file.parent.name.strip('_')}"
        quick = sorted(QUICK, key=lambda room: room != own)
        return passes(checkout, quick) and (not later or passes(checkout, later))
    finally:
        file.write_text(whole, "utf-8")


def passes(checkout: Path, rooms: Sequence[str]) -> bool:
    """Run the tests of some rooms."""
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # The editable installation is of another checkout: this one comes first.
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *rooms],
            cwd=checkout,
            env=environment,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def drawn(number: int, only: str) -> list[Mutant]:
    """The mutants of this run, in the order of the code."""
    paths = sorted({path for pattern in MODULES for path in ROOT.glob(pattern)})
    names = [str(path.relative_to(ROOT)) for path in paths]
    found = [each for name in names if only in name for each in mutants(name)]
    chosen = random.Random(20).sample(found, min(number, len(found)))
    return sorted(chosen, key=lambda each: (each.path, each.line))


def main() -> int:
    """Try so many mutants, and print what became of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=100)
    parser.add_argument("--only", default="", metavar="PATH")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="only the tests of the quick rooms")
    options = parser.parse_args()
    later = () if options.quick else SLOW
    chosen = drawn(options.number, options.only)
    with tempfile.TemporaryDirectory() as directory:
        checkouts = [Path(directory) / str(number) for number in range(options.jobs)]
        for checkout in checkouts:
            ignored = shutil.ignore_patterns(
                ".git", ".venv*", "__pycache__", "_build", "*.egg-info"
            )
            shutil.copytree(ROOT, checkout, ignore=ignored)
        if not passes(checkouts[0], (*QUICK, *later)):
            print("The tests fail without any mutant.", file=sys.stderr)
            return 2
        survivors = run(chosen, checkouts, later)
    print(f"{len(chosen)} mutants, {len(survivors)} survive")
    return 1 if survivors else 0


def run(chosen: list[Mutant], checkouts: list[Path], later: Sequence[str]) -> list[Mutant]:
    """Try all mutants, as many at a time as there are checkouts; prints the survivors."""
    free = list(checkouts)

    def one(mutant: Mutant) -> bool:
        checkout = free.pop()
        lives = survives(mutant, checkout, later)
        free.append(checkout)
        verdict = "SURVIVES" if lives else "killed"
        print(f"{verdict:8}  {mutant.path}:{mutant.line}  {mutant.what}", flush=True)
        return lives

    with ThreadPoolExecutor(len(checkouts)) as threads:
        lived = list(threads.map(one, chosen))
    return [mutant for mutant, lives in zip(chosen, lived) if lives]


if __name__ == "__main__":
    sys.exit(main())
