from __future__ import annotations

import sys

# On 3.9 openapi-core is not among the test extra, see setup.cfg.
collect_ignore = ["test_document.py"] if sys.version_info < (3, 10) else []
