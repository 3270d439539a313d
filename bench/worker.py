"""One group, measured in a process of its own: `python -m bench.worker GROUP URL`.

It prints what it measured as JSON. With ``--without-orjson`` that package cannot be
imported, as on a machine that has none.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from typing import Any

from bench.measuring import Effort
from bench.server import ROOT


def run(
    group: str,
    url: str,
    effort: Effort,
    environment: dict[str, str],
    *arguments: Any,
    orjson: bool = True,
) -> Any:
    """Measure a group in a process with exactly this environment."""
    command = [sys.executable, "-m", "bench.worker", group, url]
    command += ["--arguments", json.dumps(arguments)]
    command += ["--quick"] * effort.quick + ["--without-orjson"] * (not orjson)
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("group")
    parser.add_argument("url")
    parser.add_argument("--arguments", type=json.loads, help="of the group, as a JSON list")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--without-orjson", action="store_true")
    options = parser.parse_args()
    if options.without_orjson:
        sys.modules["orjson"] = None  # type: ignore[assignment]
    group = importlib.import_module(f"bench.{options.group}")
    json.dump(group.measure(options.url, Effort(options.quick), *options.arguments), sys.stdout)


if __name__ == "__main__":
    main()
