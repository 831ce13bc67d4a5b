"""The arguments and defaults on docs/objectives.md are those of the code."""

import inspect
import re
from pathlib import Path

import pytest

import sparsekin

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "objectives.md").read_text(encoding="utf-8")
TABLES = dict(re.findall(r"^### `([\w.]+)`\n\n((?:\|.*\n)+)", PAGE, re.M))


@pytest.mark.parametrize("name", ["SparseMTL", "MTHAL", "MixedForms"])
@pytest.mark.parametrize("verb", ["", ".fit"])
def test_arguments_and_defaults_are_those_of_the_code(name, verb):
    made = getattr(sparsekin, name)
    parameters = inspect.signature(made.fit if verb else made.__init__).parameters.values()
    code = {one.name: "" if one.default is one.empty else f"`{one.default!r}`" for one in parameters}
    page = dict(re.findall(r"^\| `(\w+)` \| (.*?) ?\|", TABLES[name + verb], re.M))
    assert page == {name: default for name, default in code.items() if name != "self"}
