"""`python -m sparsekin` is the command `sparsekin`."""

import sys

from sparsekin.cli.main import main

sys.exit(main())
