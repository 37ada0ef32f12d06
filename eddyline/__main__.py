"""`python -m eddyline` is `eddyline`."""

from __future__ import annotations

import sys

from eddyline.cli import main

if __name__ == "__main__":
    sys.exit(main())
