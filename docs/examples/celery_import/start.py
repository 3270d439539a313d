"""Start an import or an export, wait until the workers are done, and print what came of it.

python start.py import users.csv 4
python start.py export customers.jsonl 3
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import tasks

PATIENCE = 12 * 60 * 60


def main(what: str, name: str, pieces: int) -> None:
    """Do either."""
    path = Path(name).resolve()  # the workers are somewhere else
    if what == "import":
        shares = tasks.start_import(str(path), pieces).get(timeout=PATIENCE)
        print(json.dumps(shares))
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        exported = tasks.start_export(str(path), directory, pieces)
        print(json.dumps({"exported": exported.get(timeout=PATIENCE)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
