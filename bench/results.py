"""What was measured, in a file: pages and charts are drawn from it at any time."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from bench import peers
from bench.growth import Points
from bench.measuring import Figure
from bench.profiling import Profile
from bench.server import ROOT

MEASURED = ROOT / "bench" / "measured.json"
_PACKAGES = ("customers_sdk", *peers.NAMES, "urllib3", "attrs", "cattrs", "flask", "waitress")


class Results(NamedTuple):
    """Everything that one run measured by the clock.

    Attributes:
        about: the day, the machine, and the versions.
        plain: the figures without orjson, by name.
        orjson: those with it.
        profiles: where the time goes.
        growth: points by the name of their part.
    """

    about: str
    plain: dict[str, Figure]
    orjson: dict[str, Figure]
    profiles: list[Profile]
    growth: dict[str, Points]

    def write(self) -> None:
        """Keep them."""
        text = json.dumps(self._asdict(), indent=1, ensure_ascii=False)
        MEASURED.write_text(f"{text}\n", "utf-8")


def read() -> Results:
    """What was kept."""
    kept: dict[str, Any] = json.loads(MEASURED.read_text("utf-8"))
    return Results(
        kept["about"],
        {name: Figure(*figure) for name, figure in kept["plain"].items()},
        {name: Figure(*figure) for name, figure in kept["orjson"].items()},
        [Profile(*profile) for profile in kept["profiles"]],
        kept["growth"],
    )


def about() -> str:
    """This day, this machine, these versions."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    found = [f"{platform.python_implementation()} {platform.python_version()}"]
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    machine = f"{model}, {os.cpu_count()} processors, {platform.system()}"
    return f"{datetime.now(timezone.utc).date()}: {machine}. {', '.join(found)}."
