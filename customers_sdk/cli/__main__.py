"""``python -m customers_sdk.cli``: the same as ``customers``."""

from __future__ import annotations

import sys

from customers_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main())
