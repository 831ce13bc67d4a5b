"""The least versions that pyproject.toml allows, as requirements of pip; see minimum.sh."""

import re
import sys
import tomllib
from pathlib import Path

EXTRAS = ("plots", "progress", "report")
GROUPS = ("test",)
BELOW = ["pyparsing<3.3"]  # deprecates what the least matplotlib calls


def least(requirement: str) -> str:
    """`name==version` of a requirement `name>=version`; extras of the name are left out, as constraints ask."""
    found = re.match(r"([A-Za-z0-9._-]+)(?:\[.*?\])?>=([0-9.]+)", requirement)
    if found is None:
        raise SystemExit(f"pyproject.toml gives no least version of {requirement!r}")
    return f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    pyproject = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    asked = [*project["dependencies"], *(one for name in EXTRAS for one in project["optional-dependencies"][name])]
    asked += [one for name in GROUPS for one in pyproject["dependency-groups"][name]]
    sys.stdout.write("".join(f"{line}\n" for line in sorted({least(one) for one in asked} | set(BELOW))))
