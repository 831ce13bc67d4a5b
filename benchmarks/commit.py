"""The commit that a table of results was made by."""

import subprocess
from pathlib import Path


def commit() -> str:
    """Short name of the commit that is checked out."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout.strip()
