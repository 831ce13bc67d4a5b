"""`python -m sparsekin` is the command `sparsekin`."""

import sys

from sparsekin.cli import main

sys.exit(main())
