"""The examples of executed pages, in vignettes/ and docs/, run, and print what the pages say where they say it."""

import doctest
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[1]
PAGES = {page: page.read_text(encoding="utf-8") for page in sorted((ROOT / "vignettes").glob("*.md"))}
PAGES |= {
    page: text for page in sorted((ROOT / "docs").glob("*.md")) if "{code-cell}" in (text := page.read_text("utf-8"))
}
NOTEBOOKS = [page for page, text in PAGES.items() if "{code-cell}" in text]
# What the first three compute is run in every R check too, by the vignette of the same name.
LONG = {"tuning", "when-lines-are-not-enough", "three-tables-one-code", "scikit-learn", "gallery", "new-hospital"}
LONG.add("evidence-treatment")


@pytest.mark.parametrize("page", [page for page in PAGES if page not in NOTEBOOKS], ids=lambda page: page.stem)
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGES[page], re.M | re.S))
    test = doctest.DocTestParser().get_doctest(code, {}, page.stem, str(page), 0)
    said: list[str] = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert test.examples
    assert not said, "".join(said)


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] * (page.stem in LONG)) for page in NOTEBOOKS],
    ids=lambda page: page.stem,
)
def test_notebook(page):
    cells = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```$", PAGES[page], re.M | re.S)
    assert cells
    names: dict[str, object] = {}
    for cell in (one for one in cells if not one.startswith(":tags")):
        exec(compile(cell, str(page), "exec"), names)
    plt.close("all")
