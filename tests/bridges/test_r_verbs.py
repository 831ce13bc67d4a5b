"""The page of which generic answers for which class in R says what R answers."""

from pathlib import Path

from bridges.r_here import needs_r, run_r

pytestmark = needs_r
PAGE = Path(__file__).resolve().parents[2] / "docs" / "r-verbs.md"


def test_the_page_is_what_each_class_answers(tmp_path):
    run_r(Path(__file__).with_name("r_verbs.R"), tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == PAGE.read_text()
