"""What a page has its reader type: shell commands, and blocks of python that name their file.

A file of ``docs/examples`` that is shown under a caption is written where the caption says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

# The order counts: what is indented within a fence belongs to the fence.
_STEP = re.compile(
    r"^(?:(?P<skipped><!-- not run: .+? -->\n\n?)?```(?P<kind>[^\n]*)\n(?P<code>.*?)^```$"
    r"|(?<=\n\n)(?P<shell>(?:    \S[^\n]*\n(?:     [^\n]*\n)*)+))",
    re.DOTALL | re.MULTILINE,
)
# When a line of a crontab runs, and in which folder: here that is the folder of the test.
_CRONTAB = re.compile(r"^(?:[\d*]+ ){5} *cd \S+ && ")
_FILE = re.compile(r"# ([\w/.]+)(, at the end)?\n")
_SHOWN = re.compile(r"{literalinclude} (\S+)\n:caption: (\S+)\n")
_DOCS = Path(__file__).parents[2] / "docs"
_SHOW = "customers show --by-external-id user-42 --json | python -c"
# Names that stand for something which an earlier command printed.
_PRINTED = {
    "ID": f"$({_SHOW} 'import json, sys; print(json.load(sys.stdin)[\"id\"])')",
    "WALLET": f'$({_SHOW} \'import json, sys; print(json.load(sys.stdin)["wallets"][0]["id"])\')',
}
_PLACEHOLDER = re.compile(r"\b(?:CUSTOMER_)?(ID|WALLET)\b(?!=)")


def section(text: str, title: str) -> str:
    """The part of a page under one heading of the second level."""
    return re.split(r"^## ", text.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def script(text: str) -> str:
    """A page, or a part of it, as a script for bash that stops at the first failure."""
    lines = ["set -eu -o pipefail"]
    for step in _STEP.finditer(text):
        if step["shell"]:
            typed = re.sub(r"^    ", "", step["shell"], flags=re.MULTILINE)
            if "…" not in typed:  # the three settings: the sandbox has set them
                lines += [_filled_in(_CRONTAB.sub("", line)) for line in typed.splitlines()]
        elif step["kind"] == "console":
            lines += [line[2:] for line in step["code"].splitlines() if line.startswith("$ ")]
        elif step["kind"] == "python" and not step["skipped"]:
            name = _FILE.match(step["code"])
            assert name, f"a block of python says which file it is: {step['code']}"
            arrow = ">>" if name[2] else ">"
            lines.append(f"cat {arrow} {name[1]} <<'END OF FILE'\n{step['code']}END OF FILE\n")
        elif shown := _SHOWN.match(f"{step['kind']}\n{step['code']}"):
            lines.append(f"cp '{_DOCS / shown[1]}' {shown[2]}")
    return "\n".join(lines)


def _filled_in(line: str) -> str:
    """A line with what an earlier command printed in place of the names that stand for it."""
    names = dict.fromkeys(_PLACEHOLDER.findall(line))
    known = "".join(f"[ -v {name} ] || {name}={_PRINTED[name]}\n" for name in names)
    return known + _PLACEHOLDER.sub(lambda found: f"${found[1]}", line)


def run(command: list[str], folder: Path) -> str:
    """Run a command in a folder of its own, against its own sandbox; returns what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    sandbox = [sys.executable, "-m", "customers_sdk.cli", "sandbox", "--port", "0", "--quiet", "--"]
    done = subprocess.run(  # noqa: S603 - our own pages
        [*sandbox, *command],
        cwd=folder,
        env={**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def type_in(text: str, folder: Path) -> str:
    """Type all of a page, or of a part of it."""
    program = folder / "typed.sh"
    program.write_text(script(f"\n{text}"), "utf-8")
    return run(["bash", "-x", str(program)], folder)
