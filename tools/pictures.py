"""Pictures of the terminal for the documentation: runs the commands and keeps what they show.

`make pictures` writes docs/_static/terminal/*.svg. The commands run against a sandbox of their own,
on a terminal of a fixed width.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from customers_sdk.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "_static" / "terminal"
# The font that rich would have a browser fetch from elsewhere.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
CUSTOMERS = [sys.executable, "-m", "customers_sdk.cli"]


def shown(command: list[str], columns: int, env: dict[str, str], folder: str) -> str:
    """Run a command on a terminal of its own; returns what it showed, colours included."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **env}
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    pieces = []
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    process.wait(30)
    os.close(master)
    return b"".join(pieces).decode("utf-8", "replace").replace("\r\n", "\n")


def last_state(text: str) -> str:
    """What is left on the screen of lines that were drawn over, as progress bars are."""
    return "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))


def draw(name: str, prompt: str, text: str, columns: int) -> None:
    """Write a picture of a prompt and what came after it."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(
            record=True, width=columns, file=nowhere, force_terminal=True, color_system="truecolor"
        )
        console.print(Text.assemble(("$ ", "dim"), (prompt, "bold")))
        console.print(Text.from_ansi(last_state(text).rstrip()))
        picture = console.export_svg(title=prompt, code_format=FORMAT, unique_id=name)
    (TARGET / f"{name}.svg").write_text(picture, "utf-8")


def main() -> None:
    """Draw all of them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        env = {
            "NODERAILS_API_KEY": sandbox.api_key,
            "NODERAILS_APP_ID": sandbox.app_id,
            "NODERAILS_BASE_URL": sandbox.base_url,
        }
        rows = [f"user-{n},user{n}@example.com,gold\n" for n in range(1, 41)]
        rows[20] = "user-21,not-an-address,gold\n"
        Path(folder, "users.csv").write_text("id,mail,plan\n" + "".join(rows), "utf-8")
        demo = [sys.executable, str(ROOT / "docs" / "examples" / "demo.py")]
        draw("demo", "make demo", shown(demo, 100, env, folder), 100)
        imported = "import users.csv --external-id id --map email=mail --map metadata.plan=plan"
        for name, arguments, columns in (
            ("import", imported, 100),
            ("list", "list --limit 5", 120),
            ("list-narrow", "list --limit 3", 60),
            ("show", "show --by-external-id user-40", 100),
            ("doctor", "doctor", 100),
        ):
            text = shown([*CUSTOMERS, *arguments.split()], columns, env, folder)
            if name == "import":
                rejects = Path(folder, "users.csv.rejects.csv").read_text("utf-8")
                text = f"{text.rstrip()}\n\n$ cat users.csv.rejects.csv\n{rejects}"
            draw(name, f"customers {arguments}", text, columns)
            if name == "import":
                ada = sandbox.customers[0].id
                sandbox.add_payment_intent(ada, amount="12.50", currency="EUR", status="CAPTURED")
                sandbox.add_invoice(ada, total="12.50", currency="EUR", status="PAID")


if __name__ == "__main__":
    main()
