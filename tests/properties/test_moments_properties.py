"""However rows are dealt out to sites, the sum of the moments is that of the whole, and so are the fits."""

from functools import reduce
from operator import add

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.test_moments import assert_alike
from models.sparse.test_from_moments import assert_same_fit
from sparsekin import SparseMTL, moments


@st.composite
def data_sets(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    K, p = draw(st.integers(1, 3)), draw(st.integers(2, 12))
    n = draw(st.integers(12, 40)) * K
    X = rng.standard_normal((n, p)) * rng.uniform(0.1, 10, p) + draw(st.sampled_from([0.0, 10.0, 1000.0]))
    task = rng.permutation(np.resize(np.arange(K), n))
    y = X @ rng.standard_normal(p) + rng.standard_normal(n) * 3
    keyed = {"weights": rng.uniform(0.2, 3, n)} if draw(st.booleans()) else {}
    return y, X, task, keyed, draw(st.integers(2, 6)), rng


@given(data_sets())
@settings(max_examples=40, deadline=None)
def test_the_sum_of_chunks_is_the_whole(data):
    y, X, task, keyed, n_chunks, rng = data
    chunk = rng.integers(0, n_chunks, len(y))
    parts = [
        moments.from_arrays(y[i], X[i], task[i], **{name: w[i] for name, w in keyed.items()})
        for i in (np.flatnonzero(chunk == c) for c in range(n_chunks))
        if len(i)
    ]
    added = reduce(add, sorted(parts, key=lambda part: -len(part.tasks)))
    whole = moments.from_arrays(y, X, task, **keyed)
    assert set(added.tasks) == set(whole.tasks)
    order = [added.tasks.index(name) for name in whole.tasks]
    for at, part in zip(order, whole.parts, strict=True):
        one, other = (type(whole)((0,), (p,), *_names(whole)) for p in (added.parts[at], part))
        assert_alike(one, other, rtol=1e-11)


def _names(found):
    return found.feature_names, found.keep_names, found.outcomes


@given(data_sets(), st.sampled_from(["heterogeneous", "common", "independent"]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_fits_from_moments_are_those_of_the_rows(data, support, kept):
    y, X, task, keyed, s, _ = data
    keep = ["x1"] if kept else None
    setting = {"s": min(s, 4), "lambda_1": 0.1, "support": support}
    if support == "heterogeneous":
        setting |= {"lambda_2": 0.1, "lambda_z": 0.2}
    found = SparseMTL.from_moments(moments.from_arrays(y, X, task, keep=keep, **keyed)).fit(**setting)
    assert_same_fit(found, SparseMTL(y, X, task, keep=keep, **keyed).fit(**setting), tol=1e-8)
