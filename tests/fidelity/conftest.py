from __future__ import annotations

import sys
from pathlib import Path

# The replay of the recordings is the sandbox tests' own.
sys.path.insert(0, str(Path(__file__).parent.parent / "sandbox"))
