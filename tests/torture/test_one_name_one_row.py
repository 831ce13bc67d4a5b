"""Two columns that would share a row of the tables of coefficients are refused, with what to do."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, SparseMTL, moments
from sparsekin.data.prepare import prepare_arrays
from sparsekin.errors import DataError

N = 20
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.standard_normal((N, 2)), columns=["a", "Intercept"])
Y = RNG.standard_normal(N)
INTERCEPT = "A column is called 'Intercept', as is the constant of every task.*rename it"
CALLS = {
    "arrays": lambda: SparseMTL(Y, X),
    "names": lambda: SparseMTL(Y, X.to_numpy(), feature_names=["a", "Intercept"]),
    "named out of X": lambda: SparseMTL(Y, X, keep=["Intercept"]),
    "keep": lambda: SparseMTL(Y, X[["a"]], keep=X[["Intercept"]]),
    "formula": lambda: SparseMTL.from_formula("y ~ .", X.assign(y=Y)),
    "keep of a formula": lambda: SparseMTL.from_formula("y ~ a", X.assign(y=Y), keep=["Intercept"]),
    "MTHAL": lambda: MTHAL.from_formula("y ~ h(a) + Intercept", X.assign(y=Y)),
    "moments": lambda: moments.from_arrays(Y, X),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_column_called_as_the_constant(name):
    with pytest.raises(DataError, match=INTERCEPT):
        CALLS[name]()


def test_without_a_constant_the_name_is_free():
    assert prepare_arrays(Y, X, intercept=False).design.feature_names == ("a", "Intercept")
    found = SparseMTL.from_formula("y ~ a + Intercept - 1", X.assign(y=Y)).fit(s=2).params
    assert list(found.index) == ["a", "Intercept"]
    expected = np.linalg.lstsq(X.to_numpy(), Y, rcond=None)[0]
    np.testing.assert_allclose(found.iloc[:, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("model", [SparseMTL, MTHAL, moments.from_arrays])
def test_a_column_of_keep_called_as_one_of_X(model):
    keep = pd.DataFrame({"a": RNG.standard_normal(N)})
    with pytest.raises(DataError, match=r"A column of keep and a column of X are both called 'a'; rename one of them"):
        model(Y, X[["a"]].assign(b=1.0 * np.arange(N)), keep=keep)
