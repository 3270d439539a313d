"""Print pip constraints that hold every dependency at the lower bound setup.cfg gives it.

Usage: python tools/oldest.py > constraints.txt
"""

import configparser
import re
import sys
from pathlib import Path

SETUP = Path(__file__).resolve().parent.parent / "setup.cfg"
BOUND = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*>=\s*([0-9][0-9.]*)(.*)$")
# What a dependency needs beside it at that age: Flask 2.3's test client breaks on Werkzeug 3.1.
COMPANIONS = ["werkzeug==2.3.7"]


def requirements() -> list[str]:
    """Every requirement of the package and its extras, except those on itself."""
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(SETUP, encoding="utf-8")
    blocks = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "customers_sdk["))]


def main() -> None:
    """Refuse a dependency without a lower bound, or with two that differ."""
    oldest: dict[str, str] = {}
    for requirement in requirements():
        match = BOUND.match(requirement)
        if not match:
            sys.exit(f"setup.cfg: {requirement!r} has no lower bound (NAME>=VERSION)")
        name, version, rest = match[1].lower(), match[2], match[3]
        marker = f" ;{rest.split(';', 1)[1]}" if ";" in rest else ""
        pin = f"=={version}{marker}"
        if oldest.setdefault(name, pin) != pin:
            sys.exit(f"setup.cfg: {name} has two lower bounds")
    print("\n".join(sorted([f"{name}{pin}" for name, pin in oldest.items()] + COMPANIONS)))


if __name__ == "__main__":
    main()
