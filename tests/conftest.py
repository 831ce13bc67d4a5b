"""Puts this folder on the path, so that tests import their helpers as `oracles.<module>`."""

import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)
