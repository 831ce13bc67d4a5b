import numpy as np
import pandas as pd
import polars as pl
import pytest

from results.stand_in import fit_frame
from sparsekin.errors import DataError
from sparsekin.report.sparse.tidy import augment, glance, tidy
from sparsekin.results.sparse.fit import SparseFit


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((40, 5)), columns=["y", "age", "bmi", "crp", "ldl"])
    frame["site"] = np.tile(["B", "A"], 20)
    frame.loc[5, "bmi"] = np.nan
    frame.index = [f"p{i}" for i in range(40)]
    return frame


@pytest.fixture(scope="module")
def fit(data):
    return fit_frame(SparseFit, "y ~ .", data, task="site", keep=["age"], missing="drop", s=1)


def test_tidy_holds_every_coefficient_once(fit):
    rows = tidy(fit)
    assert list(rows.columns) == ["term", "task", "estimate", "estimate_standardized", "selected", "n_tasks", "kind"]
    assert rows["kind"].tolist()[:4] == ["intercept"] * 2 + ["keep"] * 2
    assert len(rows) == 2 * (2 + len(fit.selected))
    for row in rows.itertuples():
        value = fit.params.loc[row.term, row.task]
        assert row.estimate == value if row.selected else (np.isnan(row.estimate) and value == 0)
        if row.kind == "candidate":
            assert row.n_tasks == fit.support.loc[row.term].sum()
            assert row.selected == fit.support.loc[row.term, row.task]


def test_tidy_of_nothing_selected(data):
    empty = np.zeros((3, 2))
    changes = {"coef": empty, "coef_standardized": empty, "support": empty.astype(bool)}
    fit = fit_frame(SparseFit, "y ~ .", data, task="site", keep=["age"], missing="drop", changes=changes)
    assert tidy(fit)["kind"].tolist() == ["intercept"] * 2 + ["keep"] * 2


def test_glance_is_one_row(fit):
    row = glance(fit)
    assert len(row) == 1
    found = row.iloc[0]
    assert (found["n_tasks"], found["nobs"], found["n_features"], found["n_keep"], found["s"]) == (2, 39, 3, 1, 1)
    assert (found["lambda_z"], found["support"], found["objective"]) == (0.5, "heterogeneous", fit.objective)
    assert np.isnan(found["bound"])
    assert found["n_union"] == len(fit.selected)
    assert found["r2"] == pytest.approx(fit.rsquared.mean())


def test_augment_the_original_frame(fit, data):
    rows = augment(fit, data)
    assert list(rows.columns) == [*data.columns, "task", ".fitted", ".resid"]
    pd.testing.assert_frame_equal(rows[data.columns], data)
    assert rows.index[rows[".fitted"].isna()].tolist() == ["p5"]
    np.testing.assert_allclose((rows[".fitted"] + rows[".resid"] - rows["y"]).dropna(), 0, atol=1e-12)
    kept = rows.dropna()
    assert kept["task"].tolist() == kept["site"].tolist()


def test_augment_other_frames_and_without_one(fit, data):
    alone = augment(fit)
    assert list(alone.columns) == ["task", ".fitted", ".resid"]
    assert len(alone) == 39
    foreign = augment(fit, pl.from_pandas(data.reset_index(drop=True)))
    np.testing.assert_array_equal(foreign[".fitted"].to_numpy(), augment(fit, data)[".fitted"].to_numpy())


def test_augment_several_outcomes(data):
    fit = fit_frame(SparseFit, "y + ldl ~ age + crp", data, s=1)
    assert list(augment(fit).columns) == [".fitted_y", ".fitted_ldl", ".resid_y", ".resid_ldl"]


def test_augment_a_column_named_task_is_left_alone(data):
    renamed = data.rename(columns={"site": "task"})
    fit = fit_frame(SparseFit, "y ~ .", renamed, task="task", missing="drop")
    assert list(augment(fit, renamed).columns).count("task") == 1


def test_augment_refuses_another_frame(fit, data):
    with pytest.raises(
        DataError,
        match="data has 3 rows, but the model was fitted to rows of a frame of 40; give the frame it was fitted to",
    ):
        augment(fit, data.iloc[:3])
