import re

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.data.simulate import simulate_shared_supports
from sparsekin.report.sparse.cv import settings_part


@pytest.fixture(scope="module")
def model():
    truth = simulate_shared_supports(n_tasks=3, n=40, p=30, s=3, q=4, rng=0)
    return SparseMTL(truth.y, truth.X, truth.task)


@pytest.fixture(scope="module")
def cv(model):
    return model.cross_validate(s=range(1, 6), folds=5, rng=0, lambda_1=0.0, lambda_2=0.0)


def test_summary_shows_the_choices_and_the_best_settings(cv):
    text = cv.summary().as_text()
    lines = text.splitlines()
    assert "Cross-validation by RMSE" in lines[0]
    assert "rows of every task held out" in text
    assert "Settings:" in text
    rows = [line for line in lines if line.startswith(("best ", "1se ", "best, 1se "))]
    assert [line.split()[0] for line in rows] == ["best", "1se"]
    for line, i in zip(rows, (cv.best_index, cv.best_1se_index), strict=True):
        assert f"{cv.table['mean'][i]:.4g}" in line
    assert max(map(len, lines)) <= 88
    for task in range(3):
        assert f"{cv.per_task.iloc[cv.best_index, task]:.4g}" in text


def test_summaries_of_new_studies_name_the_ensemble(model):
    mean = model.cross_validate(2, lambda_z=0.1, scheme="leave-one-task-out", lambda_1=0.0, lambda_2=0.0)
    assert "predicted by the mean of the other tasks' models" in " ".join(mean.summary().as_text().split())
    stacked = model.cross_validate(
        2, lambda_z=0.1, scheme="leave-one-task-out", ensemble="stack", lambda_1=0.0, lambda_2=0.0
    )
    assert "stacking of the other tasks' models" in " ".join(stacked.summary().as_text().split())


def test_tidy_has_the_columns_of_broom(cv):
    found = cv.tidy()
    assert list(found) == [
        "s", "lambda_1", "lambda_2", "lambda_z", "estimate", "std.error", "conf.low", "conf.high", "nzero",
        "mean_jaccard", "metric",
    ]  # fmt: skip
    np.testing.assert_allclose(found["conf.high"] - found["estimate"], cv.table["std_error"])
    np.testing.assert_allclose(found["estimate"] - found["conf.low"], cv.table["std_error"])


def test_glance_is_one_row(cv):
    row = cv.glance().iloc[0]
    assert len(cv.glance()) == 1
    assert (row["metric"], row["n_folds"], row["n_settings"], row["nobs"]) == ("rmse", 5, 50, 120)
    assert {name: row[f"{name}_best"] for name in cv.best} == cv.best
    assert {name: row[f"{name}_1se"] for name in cv.best_1se} == cv.best_1se
    assert row["estimate_best"] == cv.table["mean"].min()


def test_comparison_prints_one_table(model):
    comparison = model.compare(s=[2, 3], lambda_z=[0, 0.1], folds=4, rng=0)
    text = comparison.summary().as_text()
    for name, row in comparison.table.iterrows():
        (line,) = (line for line in text.splitlines() if line.startswith(name))
        assert f"{row['mean']:.4g}" in line
    assert "Not available: multi-task lasso: scikit-learn's MultiTaskLasso needs one X" in text
    assert "each fold at the setting that is best on the other folds" in " ".join(text.split())
    assert "<table" in comparison.summary().as_html()
    assert "tabular" in comparison.summary().as_latex()


def test_a_dial_shows_settings_of_the_family_chosen_each_once(model):
    dial = model.cross_validate(s=[1, 3, 5], lambda_1=[0.0, 0.1], folds=3, rng=0)
    lines = dial.summary().as_text().splitlines()
    best, null = (next(i for i, line in enumerate(lines) if line.startswith(word)) for word in ("best", "null"))
    names = ["s", "lambda_1", "lambda_2", "lambda_z", "searched", "family", "mean"]
    assert lines[best - 2].split()[:7] == names
    rows = [re.sub(r"^(best|, |1se)+", "", line).split() for line in lines[best:null]]
    shown = [tuple(row[:6]) for row in rows]
    assert len(set(shown)) == len(shown) > 2
    own = dial.table[dial.table["family"] == dial.judged.chosen]
    assert len(own) < len(dial.table) - 1
    there = {(*(f"{v:.3g}" for v in row), dial.judged.chosen) for row in own[names[:5]].to_numpy(float)}
    assert set(shown[1:]) <= there
    assert shown[0][5] == dial.table["family"].iloc[dial.best_index]
    least = own["mean"].sort_values()
    assert rows[1][6] == f"{least.iloc[1 if dial.best_index == dial.least_index else 0]:.4g}"


def test_settings_that_differ_in_what_found_their_supports_say_so(model):
    """The search of the pooled data and the shared one can find supports at the same s and penalties."""
    dial = model.cross_validate(s=[1, 3, 5], lambda_1=[0.0, 0.1], folds=3, rng=0)
    names = ["s", "lambda_1", "lambda_2", "lambda_z", "searched", "family"]
    own = np.flatnonzero(dial.table[names].duplicated(keep=False) & (dial.table["family"] == "share"))
    assert len(own)
    first = own[0]
    same = np.flatnonzero((dial.table[names] == dial.table[names].iloc[first]).all(axis=1))
    assert len(same) == 2
    shown = settings_part(dial, {"best": int(same[0]), "1se": int(same[1])}, "share").as_text()
    assert "supports" in shown.replace("-", "").split()
    for word in dial.table["supports"].iloc[same]:
        assert any(f" {word} " in line for line in shown.splitlines())
    apart = settings_part(dial, {"best": int(same[0]), "1se": int(same[0])}, "pool").as_text()
    assert "supports" not in apart
