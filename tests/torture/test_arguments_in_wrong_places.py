"""What was meant is said in the user's words: swaps, weights by outcome, text outcomes."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL, moments, simulate
from sparsekin.errors import DataError, FormulaError, OptionError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
y = X[:, 0] + 0.1 * RNG.normal(size=40)
DATA = pd.DataFrame(X, columns=["x1", "x2", "x3"]).assign(y=y, site=["A", "B"] * 20)


@pytest.mark.parametrize("model", [SparseMTL, MTHAL, moments.from_arrays])
@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: one.tolist(), pd.DataFrame], ids=["array", "list", "pandas"]
)
def test_swapped_arrays(model, wrap):
    second = wrap(y).iloc[:, 0] if wrap is pd.DataFrame else wrap(y)
    with pytest.raises(DataError, match=r"y has shape \(40, 3\) and X \(40,\): these seem to be swapped.*\(y, X\)"):
        model(wrap(X), second)


@pytest.mark.parametrize("model", [SparseMTL, MTHAL])
def test_a_formula_where_an_outcome_belongs(model):
    with pytest.raises(DataError, match=r"a formula and a data frame go to from_formula\(formula, data\)"):
        model("y ~ x1", DATA)


@pytest.mark.parametrize("model", [SparseMTL, MTHAL, MixedForms])
def test_data_where_the_formula_belongs(model):
    with pytest.raises(FormulaError, match=r"swapped: from_formula\(formula, data\)"):
        model.from_formula(DATA, "y ~ h(x1)", "site")


@pytest.mark.parametrize("model", [SparseMTL, MTHAL])
def test_weights_by_outcome(model):
    with pytest.raises(
        DataError, match=r"The weights \(weights\) have shape \(40, 2\), but a weight is of a row: give 40"
    ):
        model(np.column_stack([y, y]), X, weights=np.ones((40, 2)))


@pytest.mark.parametrize("model", [SparseMTL, MTHAL, MixedForms])
@pytest.mark.parametrize(
    "labels", [DATA["site"], DATA["site"].to_numpy(), DATA["site"].tolist()], ids=["Series", "array", "list"]
)
def test_labels_where_the_name_of_their_column_belongs(model, labels):
    kind = type(labels).__name__
    with pytest.raises(FormulaError, match=f"^task must be the name of a column, not data of type {kind}.$"):
        model.from_formula("y ~ h(x1)" if model is MTHAL else "y ~ x1 + x2", DATA, labels)


@pytest.mark.parametrize("model", [SparseMTL, MTHAL, MixedForms])
def test_a_name_where_labels_belong(model):
    with pytest.raises(DataError, match="task = 'site' is a name; names of columns are for from_formula"):
        model(y, X, task="site")


@pytest.mark.parametrize("at", ["a", 1.0, None, {"s": 1}])
def test_what_is_no_number_of_a_row_of_a_path(at):
    paths = SparseMTL(y, X).path(s=[1, 2], lambda_z=0), MTHAL.from_formula("y ~ h(x1)", DATA).path(n_lambda=3)
    for path in paths:
        with pytest.raises(TypeError, match=r"are numbered 0, 1, 2, ...; .* is no whole number. at\(\) takes values."):
            path[at]
        assert repr(path[np.int64(1)]) == repr(path[1])


def test_text_outcomes_name_the_family():
    text = DATA.assign(y=np.where(y > 0, "yes", "no"))
    match = "Outcome 'y' is text \\('no', 'yes'\\): give family='binomial', which models the log odds of 'yes'"
    with pytest.raises(OptionError, match=match):
        MTHAL.from_formula("y ~ h(x1)", text, "site")
    with pytest.raises(OptionError, match=match):
        MTHAL(text["y"], X)
    with pytest.raises(OptionError, match=match):
        SparseMTL.from_formula("y ~ x1", text, "site")
    with pytest.raises(OptionError, match=match):
        SparseMTL(text["y"], X)
    assert MTHAL(text["y"], X, family="binomial").fit(0.1).families == ("binomial",)
    three = DATA.assign(y=np.array(["a", "b", "c", "a"] * 10))
    for model, formula in ((MTHAL, "y ~ h(x1)"), (SparseMTL, "y ~ x1")):
        with pytest.raises(DataError, match=r"is not numeric .*for two groups there is family='binomial'"):
            model.from_formula(formula, three, "site")


@pytest.mark.parametrize("rng", ["a", -1, True, 1.5])
def test_seeds_of_simulations(rng):
    with pytest.raises(OptionError, match=r"rng = .* is not a whole number >= 0"):
        simulate.simulate_shared_supports(n_tasks=2, n=10, p=5, s=1, q=2, rng=rng)
