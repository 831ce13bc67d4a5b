"""What the user does to their arrays after a fit does not change it."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sparsekin import MTHAL, MixedForms, SparseMTL

N = 40
RNG = np.random.default_rng(5)


def data():
    rng = np.random.default_rng(5)
    X = np.asfortranarray(rng.standard_normal((N, 4)))
    return X, X[:, 0] - X[:, 1] + 0.1 * rng.standard_normal(N), np.asfortranarray(rng.standard_normal((N, 1)))


CASTS = {
    "F": np.asfortranarray,
    "C": np.ascontiguousarray,
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
    "frame": pd.DataFrame,
}


def spoil(part):
    if sparse.issparse(part):
        part.data *= 1000
    elif isinstance(part, pd.DataFrame):
        part.iloc[:, :] = 1000.0
    else:
        part *= 1000


def state(res):
    found = [res.predict(), res.resid, res.params] if hasattr(res, "params") else [res.predict(), res.resid, res.alpha]
    return [np.array(part, float) for part in found]


@pytest.mark.filterwarnings("ignore:Heywood case")
@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("kind", ["sparse", "hal", "forms"])
def test_changing_the_arrays_changes_nothing(cast, kind):
    X, y, keep = data()
    X, weights = CASTS[cast](X), np.ones(N)
    if kind == "forms":
        model = MixedForms(y, X, keep)
        fits = [lambda: model.fit(d=1, starts=1)]
    elif kind == "hal":
        model = MTHAL(y, X, max_degree=1, knots=3, keep=keep, weights=weights)
        fits = [lambda: model.fit(0.05), lambda: model.fit(0.05).relax()]
    else:
        model = SparseMTL(y, X, keep=keep, weights=weights)
        fits = [lambda: model.fit(s=2, lambda_1=0.1), lambda: model.fit(s=2, lambda_1=0.1).certify()]
    results = [fit() for fit in fits]
    before = [state(res) for res in results]
    for part in (X, y, keep, weights):
        spoil(part)
    for fit, res, known in zip(fits, results, before, strict=True):
        for again in (res, fit()):
            for found, expected in zip(state(again), known, strict=True):
                np.testing.assert_array_equal(found, expected)
    if kind == "sparse":
        assert results[0].certify().objective == pytest.approx(results[1].objective, rel=1e-12)
        assert results[0].rsquared.item() > 0.9
