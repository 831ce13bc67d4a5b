"""A whole analysis in one call: its numbers are those of the verbs, and what is finished is kept."""

import html
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from oracles.studies import SHORT, made_data
from sparsekin import SparseMTL, study
from sparsekin.data import files
from sparsekin.errors import InterruptedWarning, OptionError
from sparsekin.report.page.parts import Picture


@pytest.fixture(scope="module")
def made():
    return study("y ~ .", made_data(), task="site", **SHORT)


def texts_of(page):
    """The cells of all tables of an HTML page, tables apart."""
    tables = re.findall(r"<table>(.*?)</table>", page, re.S)
    rows = [[re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", one, re.S)]
            for one in tables]  # fmt: skip
    return [[[html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in one] for one in rows]


def test_every_step_is_a_verb_with_the_same_numbers(made):
    model = SparseMTL.from_formula("y ~ .", made_data(), "site")
    cv = model.cross_validate(folds=4, rng=0)
    pd.testing.assert_frame_equal(made.cv.table, cv.table)
    fit = cv.refit("best")
    pd.testing.assert_frame_equal(made.fit.params, fit.params)
    proven = fit.certify(time_limit=5)
    assert made.certified.objective == proven.objective
    sure = proven.stability(10, rng=0)
    pd.testing.assert_frame_equal(made.sure.frequency, sure.frequency)
    pd.testing.assert_frame_equal(made.alternatives, proven.alternatives(time_limit=5))
    again = model.compare(folds=cv.folds).table.drop(columns="seconds")
    pd.testing.assert_frame_equal(made.comparison.table.drop(columns="seconds"), again)
    assert made.steps["state"].eq("done").all(), made.steps


def test_the_page_says_the_numbers_of_the_verbs(made):
    tables = texts_of(made.to_html())
    first = next(one for one in tables if one[0][0] == "Feature")
    share = made.sure.frequency["any"]
    heldout = made.sure.params_heldout
    assert first[0] == ["Feature", "of half-samples", "in data sets", "A", "B", "C"]
    for name, of, _, *cells in first[1:]:
        assert of.rstrip(" !") == f"{100 * share[name]:.0f} %"
        for task, cell in zip("ABC", cells, strict=True):
            number = re.search(r"-?[\d.]+(e-?\d+)?", cell)
            assert number is not None, cell
            assert float(number[0]) == pytest.approx(heldout.loc[name, task], rel=0.06, abs=1e-12)
    coefficients = next(one for one in tables if one[0][0] == "Selected features")
    for name, _, *cells in coefficients[1:]:
        for task, cell in zip("ABC", cells, strict=True):
            if cell:
                assert float(cell) == pytest.approx(made.result.params.loc[name, task], rel=1e-3)
    methods = next(one for one in tables if one[0][0] == "method")
    for name, mean, *_ in methods[1:]:
        assert float(mean) == pytest.approx(made.comparison.table.loc[name, "mean"], rel=1e-3)


def test_the_same_seed_gives_the_same_page(made):
    again = study("y ~ .", made_data(), task="site", **SHORT)
    assert again.to_html() == made.to_html()
    other = study("y ~ .", made_data(), task="site", rng=1, skip=["comparison"], **SHORT)
    assert not other.cv.folds.equals(made.cv.folds)


def test_the_page_needs_nothing_from_elsewhere(made):
    page = made.to_html()
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))
    assert made.data.columns.tolist() == made_data().columns.tolist()


def test_its_code_does_it_again(made):
    lines = made.code("python").splitlines()
    scope = {"data": made_data()}
    exec("\n".join(line for line in lines if not line.startswith(("print", "validation"))), scope)
    pd.testing.assert_frame_equal(scope["fit"].params, made.fit.params)
    pd.testing.assert_frame_equal(scope["sure"].frequency, made.sure.frequency)
    assert scope["alternatives"].equals(made.alternatives)


def test_a_step_can_be_replaced_and_what_rests_on_it_is_done_anew(made):
    mine = made.model.fit(s=1, lambda_1=0.1)
    other = made.replace(fit=mine)
    assert other.fit is mine
    assert other.cv is made.cv
    assert other.comparison is made.comparison
    assert other.result.s.max() == 1
    assert other.steps.loc["fit", "state"] == "given"
    assert made.fit is not mine
    assert "RMSE on held-out rows, at the setting" not in other.to_html()
    assert "The model given has s = 1" in other.methods()
    assert "# fit: given by hand" in other.code()
    with pytest.raises(OptionError, match=r"names a step 'tuning', which it cannot; steps are model, cv"):
        made.replace(tuning=1)
    with pytest.raises(OptionError, match=r"fit must be a SparseResults, not a str"):
        made.replace(fit="x")
    with pytest.raises(OptionError, match=r"sure must be a fit with half-samples"):
        made.replace(sure=mine)
    less = made_data().query("site != 'C'")
    with pytest.raises(OptionError, match=r"fit is a fit of other data: \(2, 80, 5\)"):
        made.replace(fit=SparseMTL.from_formula("y ~ .", less, "site").fit(s=1))


def test_a_step_that_is_left_out_is_not_there(made):
    without = study("y ~ .", made_data(), task="site", skip=["sure", "comparison", "validation", "certified"], **SHORT)
    assert without.result.halves is None
    assert without.steps.loc["sure", "why"] == "left out by skip="
    with pytest.raises(OptionError, match=r"This study has no sure: left out by skip="):
        _ = without.sure
    page = without.to_html()
    assert "no honest intervals" in page
    assert "stability(" not in without.code()
    assert "How sure is the selection" not in page
    again = without.replace(fit=without.model.fit(s=1))
    assert again.steps.loc["sure", "state"] == "not run"


def test_what_the_data_do_not_allow_is_said(made):
    data = made_data()
    few = pd.concat([data[data["site"] != "C"], data[data["site"] == "C"].iloc[:3]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = study("y ~ .", few, task="site", skip=["comparison", "validation"], **(SHORT | {"folds": 3}))
    told = found.steps.loc["sure"]
    assert told["state"] == "not possible"
    assert "Task 'C' has 3 rows" in told["why"]
    assert "Task &#x27;C&#x27; has 3 rows" in found.to_html()


def test_ctrl_c_keeps_what_is_finished(monkeypatch, made):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(made.fit), "certify", stop)
    found = study("y ~ .", made_data(), task="site", skip=["comparison"], **SHORT)
    states = found.steps["state"].to_dict()
    assert states["fit"] == "done"
    assert states["certified"] == "interrupted"
    assert states["sure"] == states["validation"] == "not run"
    assert "certified: interrupted before there was a result" in found.to_html()


def test_ctrl_c_while_the_data_are_read_goes_through(monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(SparseMTL, "from_formula", stop)
    with pytest.raises(KeyboardInterrupt):
        study("y ~ .", made_data(), task="site", **SHORT)


def test_a_picture_that_cannot_be_drawn_takes_no_page(monkeypatch, made, caplog):
    def fail(*_, **__):
        raise ValueError("too many bins")

    monkeypatch.setattr(type(made.fit), "plot_calibration", fail)
    again = made.replace(alternatives=made.alternatives)
    assert "calibration" not in [
        part.name for one in again.page.sections for part in one.parts if isinstance(part, Picture)
    ]
    assert "could not be drawn" in caplog.text


def test_control_characters_and_long_names_are_no_obstacle(tmp_path):
    data = made_data().rename(columns={"bmi": "b\x07mi", "y": "y" * 300})
    found = study(f"{'y' * 300} ~ .", data, task="site", skip=["comparison", "validation", "alternatives"], **SHORT)
    page = found.to_html()
    assert "\x07" not in page
    found.save(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be written to"):
        found.save(tmp_path / "file")


def test_ctrl_c_while_files_are_written_leaves_whole_ones(monkeypatch, made, tmp_path):
    (tmp_path / "study.html").write_text("the page of yesterday")

    before = iter(["whether the folder can be written to"])

    def stop(*_, **__):
        if not next(before, ""):
            raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt, match=r"0 of \d\d files are written to '.*', each of them whole\.$"):
        made.save(tmp_path)
    assert (tmp_path / "study.html").read_text() == "the page of yesterday"
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["study.html"]
    monkeypatch.undo()
    whole = len(made.save(tmp_path / "whole"))
    monkeypatch.setattr(type(made.result), "save", stop)
    with pytest.raises(KeyboardInterrupt, match=f"{whole - 1} of {whole} files are written"):
        made.save(tmp_path / "again")


def test_a_part_that_was_interrupted_is_kept(monkeypatch, made):
    whole = type(made.fit).stability

    def part(self, pairs, **options):
        warnings.warn("Interrupted: 10 of 50 pairs of halves are finished and kept.", InterruptedWarning, stacklevel=2)
        return whole(self, 10, **options)

    monkeypatch.setattr(type(made.fit), "stability", part)
    with pytest.warns(InterruptedWarning, match="10 of 50"):
        found = study("y ~ .", made_data(), task="site", skip=["comparison"], **SHORT)
    assert found.steps.loc["sure", "state"] == "interrupted"
    assert found.sure.halves.pairs == 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # python -W error
        found = study("y ~ .", made_data(), task="site", skip=["comparison"], **SHORT)
    assert found.sure.halves.pairs == 10
    assert found.steps.loc["alternatives", "state"] == "not run"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rng": None}, r"rng = None must be a whole number >= 0, so that the study can be done again"),
        ({"rng": -1}, r"rng = -1 must be a whole number >= 0"),
        ({"fdr": 2.0}, r"fdr = 2\.0"),
        ({"pairs": 3}, r"pairs"),
        ({"time_limit": "3"}, r"time_limit = '3'"),
        ({"folds": 1}, r"folds"),
        ({"metric": "foo"}, r"metric"),
        ({"skip": ["model"]}, r"skip names a step 'model', which it cannot"),
        ({"which": "average"}, r"which"),
        ({"weights": np.ones(120)}, r"weights must be the name of a column"),
        ({"skip": ["everything"]}, r"skip names a step 'everything'"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(OptionError, match=message):
        study("y ~ .", made_data(), task="site", **options)


def test_names_of_columns_and_tasks_are_text_and_nothing_else(made):
    data = made_data().rename(columns={"bmi": "<script>alert(1)</script>"})
    data["site"] = data["site"].map({"A": "<b>A</b>", "B": "B & co", "C": 'C "quoted"'})
    found = study("y ~ .", data, task="site", skip=["comparison", "validation", "alternatives"], **SHORT)
    page = found.to_html()
    assert "<script" not in page
    assert "<b>A</b>" not in page
    assert "&lt;script&gt;" in page


def test_what_is_saved(tmp_path, made):
    docx = pytest.importorskip("docx")
    written = made.save(tmp_path / "out")
    assert all(path.is_file() and path.stat().st_size > 0 for path in written)
    assert {path.name for path in written} >= {
        "study.html",
        "study.docx",
        "study.tex",
        "fit.npz",
        "folds.csv",
        "again.py",
    }
    folds = pd.read_csv(tmp_path / "out" / "folds.csv", index_col=0)
    assert folds["fold"].tolist() == made.cv.folds.tolist()
    word = docx.Document(str(tmp_path / "out" / "study.docx"))
    cells = [[cell.text for cell in row.cells] for table in word.tables for row in table.rows]
    name, shown = "bmi", made.result.params.loc["bmi"]
    row = next(row for row in cells if row[0] == name and row[1] == "3/3" and len(row) == 5)
    assert [float(text) for text in row[2:]] == pytest.approx(shown.tolist(), rel=1e-3)
    pictures = [part for part in made.page.lead if isinstance(part, Picture)]
    assert pictures
    assert pictures[0].png().startswith(b"\x89PNG")


def test_one_task_has_no_verdict():
    data = made_data().drop(columns="site")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = study("y ~ .", data, skip=["comparison", "validation"], **SHORT)
    assert "bmi" in found.fit.selected
    assert "one data set" in found.to_html()


def test_tripod_answers_what_it_can(made):
    found = made.tripod().set_index("item")
    assert found.loc["10a", "answer"].startswith("3 data sets, 120 rows (A 40, B 40, C 40)")
    assert found.loc["1", "by"] == "authors"
    assert found.loc["12b", "by"] == "study"
    assert found.index.is_unique
    assert {re.match(r"\d+", item)[0] for item in found.index} == {str(i) for i in range(1, 20)}


def test_the_methods_paragraph_has_the_numbers_of_the_fit(made):
    text = made.methods()
    assert "120 rows in 3 data sets (site: A, B, C)" in text
    assert f"s = {int(made.result.s.max())}" in text
    assert "20 complementary half-samples" in text
    assert "Loewinger" in text


def test_yes_and_no_have_odds_and_calibration():
    data = made_data(n=60)
    data["ill"] = data.pop("y") > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = study(
            "ill ~ .", data, task="site", family="binomial", skip=["comparison", "alternatives", "validation"], **SHORT
        )
    page = found.to_html()
    assert "log odds" in page
    assert "calibration" in page
    assert "family=&#x27;binomial&#x27;" in page


def test_tasks_that_are_numbers_say_of_what(made):
    data = made_data().assign(site=lambda frame: frame["site"].map({"A": 1, "B": 2, "C": 3}))
    found = study("y ~ .", data, task="site", skip=["comparison", "validation", "alternatives", "certified"], **SHORT)
    assert texts_of(found.to_html())[0][0][-3:] == ["site 1", "site 2", "site 3"]
    assert texts_of(made.to_html())[0][0][-3:] == ["A", "B", "C"]
