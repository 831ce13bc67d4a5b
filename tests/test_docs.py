"""What the pages of docs/ include is there: parts of results between their marks, and pictures."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_includes_is_there(page):
    text = page.read_text(encoding="utf-8")
    for name, options in re.findall(r"^```\{include\} (\S+)\n(.*?)^```$", text, re.M | re.S):
        part = (page.parent / name).read_text(encoding="utf-8")
        for mark in re.findall(r'^:(?:start-after|end-before): "(.*)"$', options, re.M):
            assert part.count(mark) == 1, f"{mark} in {name}"
    for image in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        assert (page.parent / image).exists(), image
    assert "@@" not in text


def test_pages_are_in_the_index():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert all(re.search(rf"^{page.stem}$", index, re.M) for page in PAGES if page.stem != "index")
