"""`python -m bench.scale`: measure everything at full size and print the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.scale import celery_example, exporting, importing, throughput
from bench.scale.running import as_text


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("divisor", nargs="?", type=int, default=1, help="of the sizes (1)")
    divisor = parser.parse_args().divisor
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for part in ("import", "export", "celery"):
            (directory / part).mkdir()
        _say("measuring throughput")
        lines = throughput.measure(throughput.ROWS // divisor)
        _say("measuring the import")
        lines += importing.measure(directory / "import", importing.ROWS // divisor)
        _say("measuring the export")
        lines += exporting.measure(directory / "export", exporting.CUSTOMERS // divisor)
        _say("running the Celery example")
        lines += celery_example.measure(directory / "celery")
    sys.stdout.write(f"{as_text(lines)}\n")
    _say(f"{time.monotonic() - started:.0f} s")
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
