"""What the tests execute, from coverage's JSON: `python tools/executed.py build/coverage.json`.

Prints the share of lines per room, and fails where a public function or method of a public class was never entered: one
whose name, and those of the classes around it, begin with no underscore.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

ELSEWHERE = {
    "forms/torch.py",  # needs torch, which the tests may lack
}


def room_of(file: str) -> str:
    """The folder of the package a file is in, or the file."""
    return inside(file).split("/")[0]


def inside(file: str) -> str:
    """The path inside the package."""
    return file.replace("\\", "/").rpartition("/sparsekin/")[2]


def never_entered(files: dict) -> list[str]:
    """Public functions of which no line was executed."""
    return sorted(
        f"{inside(file)}: {name}"
        for file, one in files.items() if inside(file) not in ELSEWHERE
        for name, found in one["functions"].items()
        if name and not any(part.startswith("_") for part in name.split("."))
        and found["summary"]["num_statements"] and not found["summary"]["covered_lines"]
    )  # fmt: skip


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = defaultdict(lambda: [0, 0])
    for file, one in found["files"].items():
        for room in (room_of(file), "all"):
            lines[room][0] += one["summary"]["covered_lines"]
            lines[room][1] += one["summary"]["num_statements"]
    for room, (covered, number) in sorted(lines.items()):
        print(f"{room:12} {100 * covered / max(number, 1):5.1f} % of {number} statements")
    missed = never_entered(found["files"])
    functions = sum(bool(name) for one in found["files"].values() for name in one["functions"])
    print(f"{functions} functions; public ones never entered: {len(missed)}")
    print("\n".join(missed))
    sys.exit(bool(missed))
