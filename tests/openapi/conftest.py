from __future__ import annotations

import sys
from pathlib import Path

# The replay of the recordings is the sandbox tests' own.
sys.path.insert(0, str(Path(__file__).parent.parent / "sandbox"))

# On 3.9 openapi-core is not among the test extra, see setup.cfg.
collect_ignore = ["test_document.py"] if sys.version_info < (3, 10) else []
