"""What the pages of docs/ include is there: parts of results between their marks, and pictures."""

import re
from pathlib import Path

import pytest

import sparsekin
import sparsekin.sklearn

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_includes_is_there(page):
    text = page.read_text(encoding="utf-8")
    for name, options in re.findall(r"^```\{include\} (\S+)\n(.*?)^```$", text, re.M | re.S):
        part = (page.parent / name).read_text(encoding="utf-8")
        for mark in re.findall(r'^:(?:start-after|end-before): "(.*)"$', options, re.M):
            assert part.count(mark) == 1, f"{mark} in {name}"
    images = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text) + re.findall(r"^```\{image\} (\S+)$", text, re.M)
    for image in images:
        assert (page.parent / image).exists(), image
    assert "@@" not in text


def test_pages_are_in_the_index():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert all(re.search(rf"^{page.stem}$", index, re.M) for page in PAGES if page.stem != "index")


def test_every_public_name_has_a_page():
    listed = set(re.findall(r"^   ~?(sparsekin\.\S+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.M))
    modules = {"columns", "datasets", "errors", "federation", "moments", "simulate"}  # what they hold is listed
    for module in modules:
        assert any(name.startswith(f"sparsekin.{module}.") for name in listed)
        assert {f"sparsekin.{module}.{name}" for name in getattr(getattr(sparsekin, module), "__all__", ())} <= listed
    assert {f"sparsekin.{name}" for name in set(sparsekin.__all__) - modules - {"__version__"}} <= listed
    assert {f"sparsekin.sklearn.{name}" for name in sparsekin.sklearn.__all__} <= listed


def test_every_picture_is_in_the_gallery():
    code = "\n".join(
        re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```$", (DOCS / "gallery.md").read_text("utf-8"), re.M | re.S)
    )
    models = Path(sparsekin.__file__).parent / "models"
    pictures = {
        name for path in models.rglob("*.py") for name in re.findall(r"def (plot_\w+)\(", path.read_text("utf-8"))
    }
    assert len(pictures) >= 14
    assert {name for name in pictures if f".{name}(" not in code} == set()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.stem)
def test_links_to_files_lead_somewhere(page):
    """Sphinx checks headings and pages; this also sees the README and files that are no pages."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text):
        if not target.startswith(("http", "mailto")):
            there = page.parent / target
            assert there.exists() or there.with_suffix(".md").exists(), target
