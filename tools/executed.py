"""What the tests execute, from coverage's JSON: `python tools/executed.py build/coverage.json`.

Prints the share of lines per room, and fails where a function or a method of docs/api.md was never entered.
"""

import inspect
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from pkgutil import resolve_name

API = Path(__file__).resolve().parents[1] / "docs" / "api.md"


def public() -> set[tuple[str, str]]:
    """(path inside the package, qualified name) of functions and methods of docs/api.md."""
    found = set()
    for name in re.findall(r"^   ~?(sparsekin[.\w]+)$", API.read_text(encoding="utf-8"), re.M):
        thing = resolve_name(name)
        members = {"": thing}
        if inspect.isclass(thing):
            classes = [one for one in reversed(thing.__mro__) if one.__module__.startswith("sparsekin")]
            members = {key: part for one in classes for key, part in vars(one).items() if not key.startswith("_")}
        parts = [getattr(one, "fget", None) or getattr(one, "__func__", one) for one in members.values()]
        functions = [inspect.unwrap(part) for part in parts if inspect.isroutine(part)]
        found |= {(inside(f.__code__.co_filename), f.__qualname__) for f in functions if hasattr(f, "__code__")}
    return found


def room_of(file: str) -> str:
    """The folder of the package a file is in, or the file."""
    return inside(file).split("/")[0]


def inside(file: str) -> str:
    """The path inside the package."""
    return file.replace("\\", "/").rpartition("/sparsekin/")[2]


def never_entered(files: dict) -> list[str]:
    """Public functions of which no line was executed."""
    named = public()
    return sorted(
        f"{inside(file)}: {name}"
        for file, one in files.items()
        for name, found in one["functions"].items() if (inside(file), name) in named
        if found["summary"]["num_statements"] and not found["summary"]["covered_lines"]
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
    print(f"{len(public())} public functions and methods; never entered: {len(missed)}")
    print("\n".join(missed))
    sys.exit(bool(missed))
