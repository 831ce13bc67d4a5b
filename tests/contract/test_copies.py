"""Everything a user holds can be sent to another process, copied, and read in a console."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from contract.made import CASES, FIT, PATH, frame, made, model
from sparsekin import MTHAL, MixedForms, SparseMTL

COPIES = {"pickle": lambda one: pickle.loads(pickle.dumps(one)), "deepcopy": copy.deepcopy}


def fit_of(one, estimator, kind):
    """The fit that an object leads to."""
    return {
        "model": lambda: one.fit(**FIT[estimator]), "path": lambda: one[1], "cv": lambda: one.refit("1se"),
        "results": lambda: one,
    }[kind]()  # fmt: skip


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize(("estimator", "kind"), CASES)
def test_a_copy_leads_to_the_same_fit(estimator, kind, how):
    one = made(estimator, kind)
    other = COPIES[how](one)
    assert other is not one
    assert repr(other) == repr(one)
    mine, theirs = (fit_of(each, estimator, kind) for each in (one, other))
    pd.testing.assert_frame_equal(mine.tidy(), theirs.tidy())
    new = frame().iloc[::7]
    np.testing.assert_array_equal(mine.predict(new), theirs.predict(new))
    if kind in ("path", "cv"):
        pd.testing.assert_frame_equal(one.table, other.table)


def test_a_copied_basis_prices_and_cross_validates_as_its_original():
    one = model("MTHAL")
    other = pickle.loads(pickle.dumps(one))
    assert other.lambda_max == one.lambda_max
    pd.testing.assert_frame_equal(one.path(**PATH["MTHAL"]).table, other.path(**PATH["MTHAL"]).table)


def test_a_comparison_and_a_bootstrap_travel_too():
    compared = model("SparseMTL").compare(s=[1, 2], lambda_z=[0.0], folds=3, rng=0)
    drawn = made("MixedForms", "results").bootstrap(3, rng=0)
    for copied in COPIES.values():
        pd.testing.assert_frame_equal(copied(compared).table, compared.table)
        pd.testing.assert_frame_equal(copied(drawn).intervals, drawn.intervals)


def test_models_say_what_they_were_given():
    assert repr(model("SparseMTL")) == "<SparseMTL: y ~ x1 + x2 + x3 by site; 2 tasks, 60 rows, 3 candidates>"
    found = repr(model("MTHAL"))
    assert found.startswith("<MTHAL: y ~ h(x1) + h(x2) + h(x3) by site; 2 tasks, 60 rows, 3 variables, ")
    assert repr(model("MixedForms")) == (
        "<MixedForms: y + y2 ~ x1 + x2 + x3 by site; 2 tasks, 60 rows, 2 Y + 3 X + 2 Z columns>"
    )


def test_models_of_arrays_say_their_shapes():
    data = frame()
    Y, X, gone = data[["y", "y2"]].to_numpy(), data[["x1", "x2", "x3"]].to_numpy(copy=True), 2
    X[:gone, 0] = np.nan
    one = SparseMTL(Y, X, missing="drop", keep=["x3"])
    assert repr(one) == "<SparseMTL: y (60, 2), X (60, 3); 2 outcomes, 58 rows (2 dropped), 2 candidates, 1 kept>"
    assert repr(MTHAL(Y[:, 0], X[:, 1:])).startswith("<MTHAL: y (60,), X (60, 2); 1 task, 60 rows, 2 variables, ")
    assert repr(MixedForms(Y, X)) == "<MixedForms: Y (60, 2), X (60, 3), Z (60, 0); 60 rows, 2 Y + 3 X + 0 Z columns>"


def test_a_long_formula_is_cut():
    data = frame()
    long = data.assign(**{f"a_long_name_{j}": data["x1"] + j for j in range(12)})
    formula = "y ~ " + " + ".join(f"a_long_name_{j}" for j in range(12))
    assert len(repr(SparseMTL.from_formula(formula, long, "site"))) < 140
