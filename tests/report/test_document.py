import csv
import io

import pytest
from statsmodels.iolib.summary import Summary

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import column_groups, fixed, mean_min_max, number

AWKWARD = 'I(x < 3)^2 & "50_%"'
DOCUMENT = Document(
    "A <title>",
    [
        table([["Tasks:", "4", "Gap:", "not computed"]], aligns="lrlr"),
        "One & only.",
        table([[AWKWARD, "0.61", ""], ["b", "", "-2"]], ["", "site_A", "site,B"]),
    ],
)


def test_text_has_rules_of_one_width_and_blanks():
    lines = DOCUMENT.as_text().splitlines()
    assert lines[0].strip() == "A <title>"
    assert {len(line) for line in lines if set(line) <= {"-", "="}} == {78}
    assert lines[2] == "Tasks:  4  Gap:  not computed"
    assert lines[-2] == "b".ljust(len(AWKWARD)) + " " * (2 + len("site_A") + 2 + len("site,B") - len("-2")) + "-2"
    assert not [line for line in lines if line.endswith(" ")]
    assert str(DOCUMENT) == DOCUMENT.as_text()


def test_html_is_escaped():
    page = DOCUMENT.as_html()
    assert page == DOCUMENT._repr_html_()
    assert "<h4>A &lt;title&gt;</h4>" in page
    assert "I(x &lt; 3)^2 &amp; &quot;50_%&quot;" in page
    assert "<p>One &amp; only.</p>" in page
    assert page.count('<table class="simpletable">') == 2
    assert page.count("<tr>") == 4


def test_latex_is_escaped_and_every_row_has_the_columns_of_its_tabular():
    text = DOCUMENT.as_latex()
    assert r"I(x \textless{} 3)\textasciicircum{}2 \& " in text
    assert r"50\_\%" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    assert r"\begin{tabular}{lrrr}" not in text
    body = text.split(r"\begin{tabular}{lrr}")[1].split(r"\end{tabular}")[0].replace(r"\&", "")
    assert [line.count("&") for line in body.splitlines() if line.endswith(r"\\")] == [2, 2, 2]


def test_csv_reads_back():
    rows = list(csv.reader(io.StringIO(DOCUMENT.as_csv())))
    assert ["", "site_A", "site,B"] in rows
    assert [AWKWARD, "0.61", ""] in rows
    assert rows[0] == ["A <title>"]


def test_it_is_a_statsmodels_summary():
    assert isinstance(DOCUMENT, Summary)
    assert len(DOCUMENT.tables) == 2


def test_long_paragraphs_are_wrapped():
    text = Document("t", ["word " * 60]).as_text()
    assert max(map(len, text.splitlines())) <= 78


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.1235"), (-12.3456, "-12.35"), (1234567.0, "1234567"), (3e12, "3e+12"), (1e-9, "1e-09"), (0.0, "0"),
     (None, ""), (float("nan"), "")],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_fixed_ranges_and_groups():
    assert (fixed(0.12345), fixed(float("nan"))) == ("0.123", "")
    assert mean_min_max([1.0, 3.0, float("nan")]) == ["2", "1", "3"]
    assert mean_min_max([float("nan")]) == ["", "", ""]
    assert column_groups([4, 4, 4, 40, 4], room=12) == [range(2), range(2, 3), range(3, 4), range(4, 5)]
