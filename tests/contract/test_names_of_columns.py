"""A column is named wherever values are given: weights, groups and folds of a frame, for all three estimators."""

import numpy as np
import pandas as pd
import pytest

from contract.made import frame
from sparsekin import MTHAL, MixedForms, SparseMTL, moments
from sparsekin.errors import DataError, FormulaError, OptionError

FORMULAS = {"SparseMTL": "y ~ .", "MTHAL": "y ~ h(.)", "MixedForms": "y + y2 ~ ."}
CLASSES = {"SparseMTL": SparseMTL, "MTHAL": MTHAL, "MixedForms": MixedForms}
RUN = {
    "SparseMTL": {"s": [1, 2], "lambda_1": 0.0, "lambda_2": 0.0, "lambda_z": [0.0]}, "MTHAL": {"n_lambda": 4},
    "MixedForms": {"d": [1], "target": "y"},
}  # fmt: skip
each = pytest.mark.parametrize("estimator", CLASSES)


def patients():
    """Two rows of each of 30 patients, in both sites, and a fold that keeps patients together."""
    data = frame()
    data["id"] = np.tile(np.arange(30), 2) * 7 + 100
    data["fold"] = np.tile(np.arange(30), 2) % 3
    if "y2" in data:
        data["extra"] = data.pop("y2")
    return data


def made(estimator, data, formula=None, **options):
    if estimator == "MixedForms":
        data = data.rename(columns={"extra": "y2"})
    return CLASSES[estimator].from_formula(formula or FORMULAS[estimator], data, "site", **options)


def candidates(model):
    return set(model.design.names[1] if isinstance(model, MixedForms) else model.blocks.feature_names)


def judged(estimator, model, **options):
    return model.cross_validate(**{**RUN[estimator], "folds": 3, "rng": 0, **options})


@each
def test_the_groups_of_a_formula_are_no_candidates_and_stay_together(estimator):
    data = patients()
    model = made(estimator, data, groups="id")
    assert "id" not in candidates(model)
    assert "x1" in candidates(model)
    cv = judged(estimator, model)
    assert (pd.Series(cv.folds.to_numpy()).groupby(data["id"]).nunique() == 1).all()
    by_value = judged(estimator, made(estimator, data.drop(columns="id"), groups=None), groups=data["id"])
    pd.testing.assert_series_equal(cv.folds, by_value.folds)


@each
def test_groups_and_folds_are_named_among_columns_that_are_not_in_the_model(estimator):
    data = patients()
    formula = {"SparseMTL": "y ~ x1 + x2", "MTHAL": "y ~ h(x1) + h(x2)", "MixedForms": "y + y2 ~ x1 + x2"}[estimator]
    model = made(estimator, data, formula)
    named = judged(estimator, model, groups="id")
    pd.testing.assert_frame_equal(named.table, judged(estimator, model, groups=data["id"].to_numpy()).table)
    by_fold = judged(estimator, model, folds="fold")
    pd.testing.assert_series_equal(by_fold.folds, data["fold"], check_dtype=False)
    pd.testing.assert_frame_equal(by_fold.table, judged(estimator, model, folds=data["fold"]).table)


@each
@pytest.mark.parametrize("role", ["groups", "folds"])
def test_a_name_that_the_formula_reads_is_refused_with_the_remedy(estimator, role):
    model = made(estimator, patients())
    with pytest.raises(DataError, match=f"{role} = 'id' is part of the model too.*give {role}=data") as caught:
        judged(estimator, model, **{role: "id"})
    assert ("from_formula(groups=...)" in str(caught.value)) == (role == "groups")


@each
def test_names_that_do_not_exist_suggest_one(estimator):
    model = made(estimator, patients(), groups="id")
    with pytest.raises(DataError, match=r"groups = 'idd' is no column of the data\. Did you mean 'id'"):
        judged(estimator, model, groups="idd")
    with pytest.raises(FormulaError, match=r"groups = 'ID' is not a column of the data\. Did you mean 'id'"):
        made(estimator, patients(), groups="ID")
    with pytest.raises(OptionError, match="groups of from_formula is the name of a column, not a Series"):
        made(estimator, patients(), groups=patients()["id"])


@each
def test_models_of_arrays_have_no_columns_to_name(estimator):
    data = patients()
    X = data[["x1", "x2"]].to_numpy()
    model = (
        MixedForms(data[["y", "extra"]].to_numpy(), X)
        if estimator == "MixedForms"
        else CLASSES[estimator](data["y"], X)
    )
    with pytest.raises(DataError, match="groups = 'id' names a column, but the model was not made from a data frame"):
        judged(estimator, model, groups="id")


@each
def test_what_the_user_does_to_the_frame_afterwards_changes_nothing(estimator):
    data = patients()
    before = data.copy()
    model = made(estimator, data, groups="id")
    pd.testing.assert_frame_equal(data, before)
    expected = judged(estimator, model).folds
    data["id"] = 0
    pd.testing.assert_series_equal(judged(estimator, model).folds, expected)


def test_rows_that_were_dropped_keep_their_place_among_groups():
    data = patients()
    data.loc[[4, 37], "x1"] = np.nan
    cv = judged("SparseMTL", made("SparseMTL", data, groups="id", missing="drop"))
    assert (cv.folds[[4, 37]] == -1).all()
    kept = cv.folds[cv.folds >= 0]
    assert (kept.groupby(data["id"]).nunique() == 1).all()


def test_several_outcomes_and_comparisons_take_names_too():
    data = patients()
    model = SparseMTL.from_formula("y + extra ~ x1 + x2 + x3", data, groups="id")
    cv = model.cross_validate(s=[1], lambda_z=[0.0], folds=3, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert (cv.folds.groupby(data["id"]).nunique() == 1).all()
    one = made("SparseMTL", data, "y ~ x1 + x2")
    by_name = one.compare(s=[1], lambda_z=[0.0], folds="fold")
    by_value = one.compare(s=[1], lambda_z=[0.0], folds=data["fold"])
    pd.testing.assert_frame_equal(by_name.per_fold, by_value.per_fold)


def test_other_frames_than_pandas_are_named_into():
    pl = pytest.importorskip("polars")
    data = patients()
    found = judged("SparseMTL", made("SparseMTL", pl.from_pandas(data), groups="id"))
    pd.testing.assert_frame_equal(found.table, judged("SparseMTL", made("SparseMTL", data, groups="id")).table)


def test_cells_are_not_held_out_by_group():
    model = made("MixedForms", patients(), groups=None, formula="y + y2 ~ x1 + x2")
    for name, value in (("groups", "id"), ("folds", "fold")):
        with pytest.raises(OptionError, match=f'{name} of rows go with target="y"'):
            model.cross_validate(d=[1], target="cells", **{name: value})


def test_rows_without_a_response_are_not_held_out_by_name():
    data = patients().rename(columns={"extra": "y2"})
    data.loc[:5, ["y", "y2"]] = np.nan
    model = MixedForms.from_formula("y + y2 ~ x1 + x2", data, "site")
    for given in ({"groups": "id"}, {"folds": "fold"}):
        folds = model.cross_validate(d=[1], target="y", rng=0, **{"folds": 3, **given}).folds
        assert (folds[:6] == -1).all()
        assert (folds[6:] >= 0).all()


@each
@pytest.mark.parametrize("rng", ["a", -1, 1.5, True])
def test_a_seed_is_a_whole_number(estimator, rng):
    model = made(estimator, patients(), groups="id")
    with pytest.raises(OptionError, match=r"is not a whole number >= 0, a numpy\.random\.Generator or None"):
        judged(estimator, model, rng=rng)


@pytest.mark.parametrize("given", ["name", "values"])
@pytest.mark.parametrize("role", ["groups", "folds"])
@pytest.mark.parametrize("verb", ["cross_validate", "compare"])
def test_moments_have_no_rows_to_put_into_folds(verb, role, given):
    data = patients()
    column = {"groups": "id", "folds": "fold"}[role]
    model = SparseMTL.from_moments(moments.from_frame("y ~ x1 + x2", data, "site"))
    value = column if given == "name" else data[column]
    with pytest.raises(DataError, match="a model made from moments has none; use select"):
        getattr(model, verb)(s=1, lambda_z=0, **{role: value})


@pytest.mark.parametrize("role", ["task", "weights"])
def test_a_name_beside_arrays_is_no_column_of_moments_or_models(role):
    data = patients()
    for make in (moments.from_arrays, SparseMTL, MTHAL):
        with pytest.raises(DataError, match=role):
            make(data["y"], data[["x1", "x2"]], **{role: "site"})
