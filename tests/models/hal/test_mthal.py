"""MTHAL as a user meets it: data in, fits and predictions out."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sparsekin import MTHAL, HALResults
from sparsekin.errors import DataError, FormulaError, OptionError


def test_sections_are_listed_and_counted_before_fitting(model):
    found = model.sections
    assert found["section"].tolist() == ["age", "bmi", "crp", "age x bmi"]
    assert found["functions"].sum() == model.n_functions
    assert found["knots"].tolist() == [20, 20, 20, 10]


def test_the_interaction_is_found(fit):
    assert fit.status == "converged"
    assert fit.gap <= 1e-6
    assert fit.sections.index[0] == "age x bmi"
    assert fit.variables.index[0] == "age"
    assert fit.variables.iloc[:, 1:].loc["crp"].max() < 0.1
    assert fit.blocks.keep_names == ("sex[T.m]",)
    np.testing.assert_allclose(fit.sections.iloc[:, 1:].sum(), 1.0)
    assert all(term.startswith("I(") for term in fit.term_names)


def test_rows_are_in_for_all_tasks_or_for_none(fit):
    assert np.all(np.any(fit.coef != 0, axis=1))
    assert fit.params.shape == (2 + fit.basis.size, 3)


def test_predictions_are_the_sum_of_the_terms(fit, frame):
    values = pd.Series(0.0, index=frame.index)
    for term, row in fit.params.iterrows():
        if term == "Intercept":
            column = np.ones(len(frame))
        elif term == "sex[T.m]":
            column = (frame["sex"] == "m").astype(float)
        else:
            column = np.prod([frame.eval(part[2:-1]) for part in term.split(" * ")], axis=0)
        values += column * row[frame["site"]].to_numpy()
    expected = fit.predict(frame)
    rounding_of_knots = (values - expected).abs() > 1e-9
    assert rounding_of_knots.mean() < 0.1
    np.testing.assert_allclose(fit.predict(frame), fit.fittedvalues)
    np.testing.assert_allclose(fit.predict(), fit.predict(frame))
    assert fit.predict(frame).index.equals(frame.index)


def test_new_rows_of_a_known_task_missing_cells_and_unknown_tasks(fit, frame):
    new = frame.head(3).drop(columns=["site", "y"]).assign(age=[50.0, np.nan, 1e9])
    found = fit.predict(new, task="B")
    assert found.isna().tolist() == [False, True, False]
    assert found.dropna().between(*fit.bounds[:, 1]).all()
    with pytest.raises(DataError, match=r"not fitted to task 'D' \(it knows"):
        fit.predict(new, task="D")
    with pytest.raises(DataError, match=r"no task: add the column 'site', pass task=\.\.\. or use how="):
        fit.predict(new)


def test_predictions_stay_within_bounds():
    rng = np.random.default_rng(1)
    X = rng.uniform(0, 1, (60, 1))
    y = 3 * X[:, 0] + 0.01 * rng.normal(size=60)
    found = MTHAL(y, X).fit(1e-4)
    assert found.predict(np.array([[50.0]]))[0] == pytest.approx(y.max() + 2 * y.std(ddof=1))
    assert found.predict(np.array([[0.5]]))[0] == pytest.approx(1.5, abs=0.05)


def test_curves_are_the_main_effects():
    rng = np.random.default_rng(1)
    X = rng.uniform(-2, 2, (200, 2))
    y = np.sin(2 * X[:, 0]) + 0.05 * rng.normal(size=200)
    found = MTHAL(y, X, max_degree=1).fit(1e-4)
    at = np.linspace(-1.5, 1.5, 9)
    curve = found.curve("x1", at)["y"] - found.curve("x1", X[:, 0])["y"].mean()
    np.testing.assert_allclose(curve, np.sin(2 * at) - np.sin(2 * X[:, 0]).mean(), atol=0.2)
    with pytest.raises(DataError, match="'x9' is no variable of the basis; it has 'x1'"):
        found.curve("x9", at)


def test_relaxed_refit_is_least_squares(fit, frame):
    found = fit.relax()
    assert found.status == "relaxed"
    assert (found.task_fit["rmse"] <= fit.task_fit["rmse"]).all()
    assert found.basis is fit.basis
    for k, rows in enumerate(fit.blocks.rows):
        r = fit.blocks.y[k] - found._fitted()[k]
        assert abs(r.sum()) < 1e-6
        assert np.abs(fit.blocks.keep[rows].T @ r).max() < 1e-6


def test_several_outcomes_with_gaps(frame):
    Y = np.column_stack([frame["y"], -frame["y"], frame["crp"]])
    Y[:40, 1] = np.nan
    Y[100:110, 2] = np.nan
    found = MTHAL(Y, frame[["age", "bmi"]], max_degree=2, order=0).cross_validate(n_lambda=10, folds=3, rng=0).refit()
    assert found.predict(frame[["age", "bmi"]]).shape == (150, 3)
    assert found.resid.isna().sum().tolist() == [0, 40, 10]
    assert found.task_fit["n"].tolist() == [150, 110, 140]


def test_path_starts_empty_and_grows(model):
    path = model.path(n_lambda=12)
    assert len(path) == 12
    assert path.table["selected"].iloc[0] == 0
    assert path.table["selected"].iloc[-1] > 5
    assert (path.table["gap"] <= 1e-6).all()
    np.testing.assert_allclose(path[6].objective, model.fit(path.table["lambda"][6]).objective, rtol=1e-5)
    assert path.variation_by_variable.shape[0] == 12


def test_lasso_has_zeros_within_rows(frame):
    found = MTHAL(frame["y"], frame[["age", "bmi"]], frame["site"], order=0, penalty="lasso").fit(0.02)
    assert found.status == "converged"
    assert np.any(found.coef == 0)


def test_sparse_X_is_the_same(frame):
    X = np.where(frame[["age", "bmi"]] > 40, frame[["age", "bmi"]], 0.0)
    one, other = (MTHAL(frame["y"], made, max_degree=2).fit(0.1) for made in (X, sparse.csr_array(X)))
    assert one.objective == other.objective
    np.testing.assert_allclose(other.predict(sparse.csr_array(X)), one.predict(X))


def test_saved_and_loaded(fit, frame, tmp_path):
    fit.save(tmp_path / "fit.npz")
    back = HALResults.load(tmp_path / "fit.npz")
    pd.testing.assert_series_equal(back.predict(frame), fit.predict(frame))
    pd.testing.assert_frame_equal(back.params, fit.params)
    assert str(back.summary()) == str(fit.summary())
    assert (back.gap, back.lambda_, back.n_functions) == (fit.gap, fit.lambda_, fit.n_functions)


def test_a_file_of_another_kind_is_named(fit, frame, tmp_path):
    from sparsekin import SparseMTL, SparseResults

    fit.save(tmp_path / "hal.npz")
    with pytest.raises(DataError, match=r"a fit of another kind; read it with HALResults\.load"):
        SparseResults.load(tmp_path / "hal.npz")
    SparseMTL(frame["y"], frame[["age", "bmi"]]).fit(s=1).save(tmp_path / "sparse.npz")
    with pytest.raises(DataError, match=r"a fit of another kind; read it with SparseResults\.load"):
        HALResults.load(tmp_path / "sparse.npz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 3}, r"order = 3 is not one of 0, 1, 2"),
        ({"max_degree": 0}, r"max_degree = 0 must be an integer >= 1"),
        ({"knots": 0}, r"knots = 0 must be a number >= 1 or 'full'"),
        ({"knots": []}, r"knots is empty"),
        ({"knots": [10, "many"]}, r"knots = \[10, 'many'\] must be"),
        ({"penalty": "ridge"}, r"penalty = 'ridge' is not one of 'l21', 'lasso'"),
        ({"reduce_basis": 1.0}, r"reduce_basis = 1\.0 must be a share of rows"),
    ],
)
def test_options_of_the_model(frame, options, message):
    with pytest.raises(OptionError, match=message):
        MTHAL(frame["y"], frame[["age", "bmi"]], **options)


def test_options_of_a_fit(model):
    for lambda_ in (0, -1.0, np.inf, "auto", True):
        with pytest.raises(OptionError, match=r"lambda_ = .* must be a finite number > 0"):
            model.fit(lambda_)
    with pytest.raises(OptionError, match="tolerance = 0 must be a number between 0 and 1"):
        model.fit(0.1, tolerance=0)
    with pytest.raises(OptionError, match="n_lambda = 0 must be an integer >= 1"):
        model.path(n_lambda=0)
    with pytest.raises(OptionError, match="lambdas is empty"):
        model.path([])
    with pytest.raises(OptionError, match="which = 'least' is not one of"):
        model.cross_validate([0.1], folds=2, rng=0).refit("least")


def test_a_basis_that_does_not_fit_is_refused(frame):
    with pytest.raises(DataError, match=r"up to 450 functions in 3 sections .* use fewer knots, or name the sections"):
        MTHAL(frame["y"], frame[["age", "crp"]], knots="full", memory=1e4)


def test_one_section_named_twice(frame):
    with pytest.raises(FormulaError, match=r"'h\(age\)' and 'h\(\.\)' both make the section \(age\); name it once"):
        MTHAL.from_formula("y ~ h(age) + h(.)", frame, task="site")


def test_levels_of_text_are_columns_of_their_own(frame):
    model = MTHAL.from_formula("y ~ h(., order=0) + h(age, sex, order=0)", frame, task="site")
    assert model.sections["section"].tolist() == ["age", "bmi", "crp", "sex[T.m]", "age x sex[T.m]"]


def test_a_constant_outcome(frame):
    model = MTHAL(np.ones(150), frame[["age"]])
    with pytest.raises(DataError, match="there is nothing to predict, so no setting can be judged"):
        model.cross_validate(n_lambda=3, folds=3, rng=0)
    found = model.fit(0.1)
    assert found.selected == []
    np.testing.assert_allclose(found.fittedvalues, 1.0)
    assert "No function is selected" in str(found.summary())
