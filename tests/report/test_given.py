"""What a summary says of what the fit was given: from it the fit can be made again."""

import numpy as np
import pandas as pd
import pytest

from contract.made import made
from sparsekin import MTHAL, HALResults, SparseMTL


def rows():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(80, 3)), columns=["x1", "x2", "x3"])
    data["site"] = np.repeat(["A", "B"], 40)
    data["y"] = 3 * data["x1"] + rng.normal(size=80)
    data["w"] = rng.uniform(0.5, 2, 80)
    data.loc[[3, 50, 51], "w"] = 0.0
    return data


def said(fit):
    return " ".join(str(fit.summary()).split())


def test_scales_and_weights_are_stated():
    data = rows()
    options = {"standardize": "pooled", "scale_outcome": True}
    fit = SparseMTL.from_formula("y ~ x1 + x2 + x3", data, "site", weights="w", **options).fit(2, task_weights="rows")
    text = said(fit)
    assert "Formula: y ~ x1 + x2 + x3" in text
    assert "Scale of the penalties: standardize='pooled', scale_outcome=True, task_weights='rows'." in text
    positive = data["w"][data["w"] > 0]
    assert f"Weights: column w, {positive.min():.4g} to {positive.max():.4g}; 3 rows of weight 0 do not count." in text
    plain = said(SparseMTL.from_formula("y ~ x1 + x2 + x3", data, "site").fit(2))
    assert "standardize='within', scale_outcome=False, task_weights='equal'." in plain
    assert "Weights:" not in plain


def test_weights_of_arrays_and_of_a_hal_are_stated():
    data = rows()
    X = data[["x1", "x2"]]
    fits = [model(data["y"], X, data["site"], weights=data["w"]) for model in (SparseMTL, MTHAL)]
    for fit in (fits[0].fit(1), fits[1].fit(0.3)):
        assert "Weights: given by row, " in said(fit)
        assert "3 rows of weight 0 do not count." in said(fit)
        assert "Formula" not in said(fit)


@pytest.mark.parametrize("scaled", [True, False])
def test_a_hal_says_whether_outcomes_were_scaled_and_remembers(scaled, tmp_path):
    data = rows()
    fit = MTHAL.from_formula("y ~ h(x1)", data, "site", scale_outcome=scaled).fit(0.1)
    assert f"Scale of lambda: scale_outcome={scaled}." in said(fit)
    fit.save(tmp_path / "fit.npz")
    assert f"scale_outcome={scaled}." in said(HALResults.load(tmp_path / "fit.npz"))


@pytest.mark.parametrize("model", [SparseMTL, MTHAL])
def test_rows_of_weight_0_are_counted_nowhere(model):
    data = rows()
    formula = "y ~ x1 + x2" if model is SparseMTL else "y ~ h(x1) + h(x2)"
    one = model.from_formula(formula, data, "site", weights="w")
    fit = one.fit(1) if model is SparseMTL else one.fit(0.3)
    path = one.path(s=[1], lambda_z=0) if model is SparseMTL else one.path(n_lambda=3)
    options = {"s": 1, "lambda_2": 0, "lambda_z": 0} if model is SparseMTL else {"n_lambda": 3}
    cv = one.cross_validate(folds=3, rng=1, **options)
    for found in (fit, path, cv):
        assert found.nobs == found.glance()["nobs"][0] == (data["w"] > 0).sum() == 77
    assert fit.n_obs.sum() == 77
    assert all("77 rows" in repr(given) for given in (one, fit))


def test_rows_of_several_outcomes_count_when_any_is_there():
    data = rows().assign(y2=lambda d: d["y"] + d["x2"], y3=lambda d: d["x1"])
    data.loc[:9, "y"] = np.nan
    data.loc[5:19, "y2"] = np.nan
    data.loc[[7], "y3"] = np.nan
    fit = SparseMTL.from_formula("y + y2 + y3 ~ x1 + x2", data, missing="drop", weights="w").fit(1)
    there = data[["y", "y2", "y3"]].notna().any(axis=1) & (data["w"] > 0)
    assert fit.nobs == there.sum()


def test_outcomes_of_0_and_1_are_said_to_be_fitted_by_least_squares():
    data = rows()
    data["ill"] = data["y"] > 0
    note = "The outcome is 0 or 1: fitted by least squares"
    for outcome in (data["ill"], data["ill"].astype(int), data["ill"].astype(float)):
        text = said(SparseMTL.from_formula("ill ~ x1 + x2", data.assign(ill=outcome), "site").fit(1))
        assert note in text
        assert 'SparseMTL(..., family="binomial")' in text
    mixed = data.assign(ill=np.where(data["site"] == "A", data["ill"], data["y"]).astype(float))
    assert "The outcome is 0 or 1 in A: fitted by" in said(
        SparseMTL.from_formula("ill ~ x1 + x2", mixed, "site").fit(1)
    )
    assert "0 or 1" not in said(SparseMTL.from_formula("y ~ x1 + x2", data, "site").fit(1))


@pytest.mark.parametrize("estimator", ["SparseMTL", "MTHAL", "MixedForms"])
def test_a_refit_names_outcome_and_formula(estimator):
    fit = made(estimator, "cv").refit()
    assert f"Formula: {fit.design.formula}" in said(fit)
    assert " of y" in repr(fit)


def test_a_frame_that_was_augmented_is_augmented_anew():
    data = rows()
    fits = [
        SparseMTL.from_formula("y ~ x1 + x2", data, "site").fit(1),
        MTHAL.from_formula("y ~ h(x1)", data, "site").fit(0.2),
        SparseMTL.from_formula("y + x3 ~ x1 + x2", data).fit(1),
    ]  # fmt: skip
    for fit in fits:
        once = fit.augment(data)
        assert once.columns.is_unique
        pd.testing.assert_frame_equal(fit.augment(once), once)
    other = fits[1].augment(fits[0].augment(data))
    np.testing.assert_allclose(other[".fitted"], fits[1].fittedvalues)
