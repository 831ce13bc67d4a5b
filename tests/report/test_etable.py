"""Models side by side: the numbers of the fits, a column per task."""

import io

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, SparseMTL, etable
from sparsekin.errors import OptionError
from sparsekin.report.document import table
from sparsekin.report.page.parts import Page
from sparsekin.report.page.word import page_word


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((90, 4)), columns=["age", "bmi", "crp", "ldl"])
    data["site"] = np.repeat(["A", "B", "C"], 30)
    data["y"] = data["bmi"] + (data["site"] == "C") * data["crp"] + 0.3 * rng.standard_normal(90)
    return SparseMTL.from_formula("y ~ .", data, task="site", keep=["age"])


def test_cells_are_the_coefficients(model):
    pooled, shared = model.fit(s=1, lambda_2=np.inf), model.fit(s=2, lambda_z=0.01)
    made = etable({"one": pooled, "each": shared}, digits=6)
    assert made.frame.columns.tolist() == [("one", "all"), ("each", "A"), ("each", "B"), ("each", "C")]
    for task in "ABC":
        for term in shared.selected:
            cell, value = made.frame.loc[term, ("each", task)], shared.params.loc[term, task]
            assert (float(cell) if cell else 0.0) == pytest.approx(value, rel=1e-5)
    assert float(made.frame.loc["bmi", ("one", "all")]) == pytest.approx(pooled.params.loc["bmi", "A"], rel=1e-5)
    assert float(made.frame.loc["age", ("each", "B")]) == pytest.approx(shared.params.loc["age", "B"], rel=1e-5)
    assert made.frame.loc["Rows"].tolist() == ["90", "30", "30", "30"]
    assert float(made.frame.loc["RMSE", ("each", "A")]) == pytest.approx(shared.rmse["A"], rel=1e-5)
    assert "each: C" in made.as_text()
    assert made.flat.columns.tolist() == ["term", "one: all", "each: A", "each: B", "each: C"]
    assert made.flat["each: B"].tolist() == made.frame[("each", "B")].tolist()
    assert made.as_latex().count(r"\begin{tabular}") == 1


def test_heldout_effects_have_their_errors(model):
    sure = model.fit(s=2, lambda_z=0.01).stability(20, rng=0)
    made = etable(sure, heldout=True)
    cell = made.frame.loc["bmi", ("", "A")]
    assert float(cell.split(" (")[0]) == pytest.approx(sure.params_heldout.loc["bmi", "A"], rel=1e-2)
    assert float(cell.split("(")[1][:-1]) == pytest.approx(sure.bse.loc["bmi", "A"], rel=0.06)
    table = made.columns[0].__maketables_coef_table__
    assert table.index.name == "Coefficient"
    assert table.loc["bmi", "t"] == pytest.approx(table.loc["bmi", "b"] / table.loc["bmi", "se"])
    assert made.columns[0].__maketables_stat__("N") == 30


def test_exports_hold_the_same_numbers(model):
    docx = pytest.importorskip("docx")
    made = etable([model.fit(s=1)])
    word = docx.Document(io.BytesIO(made.to_word()))
    cells = [[cell.text for cell in row.cells] for row in word.tables[0].rows]
    assert cells[1:] == [
        [str(term), *line] for term, line in zip(made.frame.index, made.frame.to_numpy().tolist(), strict=True)
    ]
    for text in made.frame.loc["bmi"]:
        assert text in made.as_csv()
        assert text in made.as_html()


def test_columns_of_word_are_as_wide_as_their_texts_ask_for():
    docx = pytest.importorskip("docx")
    long = "what only a person can answer, in many words " * 4
    narrow = [["1a", "12", long], ["1b", "3", "short"]]
    wide = [["hs_pcb170_cadj_Log2", *["-0.0013 [-0.0035,\u00a00.085]°"] * 8]]
    parts = (table(narrow, ["Item", "n", "Answer"], aligns="lll"), table(wide, ["Feature", *"12345678"]))
    first, second = docx.Document(io.BytesIO(page_word(Page("Title", parts, ())))).tables
    for made in (first, second):
        widths = [column.width.inches for column in made.columns]
        assert sum(widths) == pytest.approx(6.9, abs=0.01)
        assert widths == pytest.approx([cell.width.inches for cell in made.rows[0].cells])
    item, n, answer = (column.width.inches for column in first.columns)
    assert answer > 5 * item > 5 * n > 0.5
    assert second.cell(1, 1).text == "-0.0013 [-0.0035, 0.085]°"  # too wide for the page: broken at the space


def test_word_is_written_where_a_path_is_given(model, tmp_path):
    docx = pytest.importorskip("docx")
    made = etable(model.fit(s=1))
    content = made.to_word(tmp_path / "table.docx")
    assert (tmp_path / "table.docx").read_bytes() == content
    assert docx.Document(str(tmp_path / "table.docx")).tables[0].cell(1, 0).text == made.frame.index[0]
    assert made.to_word(str(tmp_path / "again.docx"))[:2] == b"PK"


def test_what_cannot_be_is_said(model):
    fit = model.fit(s=1)
    with pytest.raises(OptionError, match=r"the fit 'a' has none; call \.stability\(\) first"):
        etable({"a": fit}, heldout=True)
    with pytest.raises(OptionError, match="at least one fit"):
        etable([])
    with pytest.raises(OptionError, match=r"digits = 0"):
        etable(fit, digits=0)
    curves = MTHAL(np.arange(20.0), np.arange(20.0)[:, None]).fit(lambda_=0.1)
    with pytest.raises(OptionError, match=r"'\(1\)' is a HALResults"):
        etable([curves])
    for given, what in ((curves, "a HALResults"), (None, "None"), ("r", "a str"), (5, "an int")):
        with pytest.raises(OptionError, match=rf"what was given is {what}\.$"):
            etable(given)
    with pytest.raises(OptionError, match=r"'\(2\)' is an int\.$"):
        etable([fit, 5])


def test_heads_that_are_the_same_are_told_apart():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 3))
    y = X[:, 0] + np.repeat([0.0, 1.0], 30) * X[:, 1]

    def fitted(*tasks):
        labels = np.empty(60, dtype=object)
        labels[:30], labels[30:] = tasks
        return SparseMTL(y, X, labels).fit(s=2)

    made = etable(fitted("m", "term"))
    assert made.flat.columns.tolist() == ["term", "m", "term (2)"]
    assert made.flat["term (2)"].tolist() == made.frame[("", "term")].tolist()
    made = etable({"m": fitted("1: b", "c"), "m: 1": fitted("b", "c")})
    assert made.flat.columns.tolist() == ["term", "m: 1: b", "m: c", "m: 1: b (2)", "m: 1: c"]
    assert "m: 1: b (2)" in made.as_text()
    assert etable(fitted(1, "1")).flat.columns.tolist() == ["term", "1", "1 (2)"]
    assert etable({1: fitted("a", "b"), "1": fitted("a", "b")}).flat.columns.is_unique
    assert etable(fitted("a", "a (2)")).flat.columns.tolist() == ["term", "a", "a (2)"]
