"""Every example in a docstring runs and says what it says there."""

import doctest
import importlib
from pathlib import Path

import pytest

import sparsekin

SLOW = (
    "sparsekin.models.hal.",
    "sparsekin.models.sparse.tuning",
    "sparsekin.models.forms.model",
    "sparsekin.sklearn.hal.",
)


def modules():
    root = Path(sparsekin.__file__).parent
    found = sorted(path for path in root.rglob("*.py") if ">>>" in path.read_text(encoding="utf-8"))
    names = [".".join(["sparsekin", *path.relative_to(root).with_suffix("").parts]) for path in found]
    return [pytest.param(name, marks=pytest.mark.slow) if name.startswith(SLOW) else name for name in names]


@pytest.mark.parametrize("name", modules())
def test_examples_of(name):
    if name.endswith(".torch"):
        pytest.importorskip("torch")
    module = importlib.import_module(name)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(example, out=said.append)
    assert not said, "".join(said)
