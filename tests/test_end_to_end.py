"""Real data, from the file to the tables."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, datasets
from sparsekin.errors import DataError

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


def real(name):
    """A data set that is not shipped; the test is skipped where it is absent."""
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} is not in {REAL.parent.name}/{REAL.name} beside the repository")
    return pd.read_csv(path)


def check_refit(res, data, task, outcome):
    """Every task's coefficients are least squares on its support (no ridge), and the tables agree with them."""
    for k, name in enumerate(res.blocks.task_names):
        chosen = res.solution.support[:, k]
        X = np.column_stack([np.ones(res.n_obs[name]), res.blocks.keep_of(k), res.blocks.X_of(k)[:, chosen]])
        b = np.linalg.lstsq(X, res.blocks.y[k], rcond=None)[0]
        np.testing.assert_allclose(X @ b, res.fittedvalues[res.task_column == name].to_numpy(), atol=1e-6)
    rows = res.augment(data).dropna(subset=[".fitted"])
    np.testing.assert_allclose(rows[".fitted"] + rows[".resid"], rows[outcome])
    assert (rows[task] == rows["task"]).all()


def test_biomarkers_by_genotype():
    people = datasets.load_ad_biomarkers().drop(columns=["p_tau", "Ab_42", "diagnosis"])
    with pytest.raises(DataError, match="Task 'E2E2' has 2 complete rows but s = 5; lower s or drop the task"):
        SparseMTL.from_formula("tau ~ .", people, "genotype").fit(s=5)
    large = people[people.groupby("genotype")["tau"].transform("size") >= 30]
    model = SparseMTL.from_formula("tau ~ .", large, "genotype", keep=["age", "male"])
    apart, shared = model.fit(s=5), model.fit(s=5, lambda_z=0.2)
    assert model.blocks.n_features == 124
    assert shared.swap_optimal
    assert apart.swap_optimal
    assert shared.homogeneity.mean_jaccard > apart.homogeneity.mean_jaccard
    check_refit(shared, large, "genotype", "tau")
    text = shared.summary().as_text()
    assert all(feature in text for feature in shared.selected)


def test_three_markers_at_once():
    people = datasets.load_ad_biomarkers().drop(columns=["genotype", "diagnosis"])
    people.loc[:9, "Ab_42"] = np.nan
    model = SparseMTL.from_formula("tau + p_tau + Ab_42 ~ .", people, missing="drop", scale_outcome=True)
    res = model.fit(s=4, lambda_z=0.1)
    assert res.n_obs.to_dict() == {"tau": 333, "p_tau": 333, "Ab_42": 323}
    assert res.predict(people).shape == (333, 3)
    assert (res.rsquared > 0.2).all()


def test_heart_centres_name_what_was_dropped_and_what_is_constant():
    heart = real("heart_centres.csv")
    model = SparseMTL.from_formula("thalach ~ . - slope - ca - thal", heart, "centre", missing="drop")
    res = model.fit(s=3, lambda_z=5.0)
    assert res.constant_columns == {"switzerland": ["chol"]}
    assert not res.support.loc["chol", "switzerland"]
    text = " ".join(res.summary().as_text().split())
    columns = heart.drop(columns=["slope", "ca", "thal"])
    lost = columns.isna().any(axis=1).sum()
    assert f"{lost} of 920 rows dropped: " in text
    for column, missing in columns.isna().sum().items():
        assert (f"{column} ({missing})" in text) == (missing > 0)
    assert "Constant within switzerland, so not selectable there: chol." in text
    assert np.isfinite(res.task_fit.to_numpy()).all()
    check_refit(res, heart, "centre", "thalach")
    with pytest.raises(DataError, match="Task 'hungarian' has 1 complete row but s = 3"):
        SparseMTL.from_formula("thalach ~ .", heart, "centre", missing="drop").fit(s=3)


def test_schools_fit_in_seconds():
    schools = real("ilea_school.csv.gz")
    started = time.perf_counter()
    res = SparseMTL.from_formula("score ~ .", schools, "school").fit(s=4, lambda_z=2.0)
    text = res.summary().as_text()
    assert time.perf_counter() - started < 10
    assert len(res.n_obs) == 139
    assert res.swap_optimal
    assert "x28 (139)" in text
    assert res.plot_support().get_xlabel() == "school"
    new = schools.drop(columns="score").head(5).assign(school="s999")
    with pytest.raises(DataError, match=r"not fitted to task 's999' .*; use how=\"mean\""):
        res.predict(new)
    assert res.predict(new, how="mean").notna().all()


def test_many_drugs_with_missing_outcomes():
    drugs, features = real("gdsc_ln_ic50.csv.gz"), real("gdsc_methylation.csv.gz")
    key = drugs.columns[0]
    assert key == features.columns[0]
    assert drugs[key].equals(features[key])
    Y, X = drugs.drop(columns=key).iloc[:, :12], features.drop(columns=[key, "site"])
    res = SparseMTL(Y, X, missing="drop").fit(s=4, lambda_z=0.05)
    assert res.n_obs.tolist() == Y.notna().sum().tolist()
    assert list(res.params.columns) == list(Y.columns)
    assert res.resid.isna().sum().tolist() == Y.dropna(how="all").isna().sum().tolist()
