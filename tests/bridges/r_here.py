"""Whether R and the R package can be used, and running R scripts. `make test` sees to it that they can."""

import os
import shutil
import subprocess
import sys
from functools import cache

import pytest

PACKAGES = "c('sparsekin', 'reticulate', 'jsonlite')"


@cache
def missing():
    """Why R tests cannot run; empty when they can."""
    if shutil.which("Rscript") is None:
        return "R is not installed"
    code = f"cat(setdiff({PACKAGES}, rownames(installed.packages())))"
    absent = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout
    return f"R lacks {absent} (make test installs them)" if absent else ""


needs_r = pytest.mark.skipif(bool(missing()), reason=missing())


def environment():
    """R must use this Python, not look for another."""
    return {**os.environ, "RETICULATE_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def run_r(script, *arguments):
    """Run a script in an R of its own; its standard output."""
    done = subprocess.run(
        ["Rscript", str(script), *map(str, arguments)], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
