"""Masked cells are missing cells in every argument that takes an array; arrays of other byte orders are read too."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL, moments
from sparsekin.errors import DataError, OptionError, SparsekinWarning

N = 40
RNG = np.random.default_rng(3)
X = RNG.standard_normal((N, 3))
SITE = np.repeat([1, 2], N // 2)
AGE = RNG.standard_normal(N)
Y = X @ [2.0, -1.0, 0.5] + 3.0 * AGE + SITE + 0.1 * RNG.standard_normal(N)
Y2 = np.column_stack([Y, Y[::-1]])
W = RNG.uniform(0.5, 2.0, N)
LABEL = np.where(Y > 0, "yes", "no")
GONE = [4, 27]
WRONG = 1e6  # what stands under a mask


def hide(values):
    """The array with nonsense under a mask in rows 4 and 27, and what it stands for: NaN (None) there."""
    values = np.array(values)
    gone = np.zeros(values.shape, bool)
    gone[GONE, ...] = values.ndim == 1
    if values.ndim == 2:
        gone[GONE, 0] = True
    numeric = values.dtype.kind in "if"
    under = np.ma.array(np.where(gone, WRONG, values).astype(values.dtype) if numeric else values, mask=gone)
    plain = values.astype(float if numeric else object)
    plain[gone] = np.nan if numeric else None
    return under, plain


def sparse_fit(**given):
    model = SparseMTL(**{"y": Y, "X": X, "task": SITE, "keep": AGE[:, None]} | given, missing="drop")
    return [model.fit(s=3).params.to_numpy(), model.ledger.dropped]


def hal(**given):
    return MTHAL(**{"y": Y, "X": X, "task": SITE} | given, missing="drop", max_degree=1, knots=3).lambda_max


def forms(**given):
    return MixedForms(**{"Y": Y, "X": X} | given).fit(d=1, starts=1, max_sweeps=20).alpha.to_numpy()


def cross(made):
    return np.concatenate([part.cross.ravel() for part in made.parts])


SPARSE = SparseMTL(Y, X, SITE, keep=AGE[:, None]).fit(s=2)
HAL = MTHAL(Y, X, SITE, max_degree=1, knots=3).fit(0.1)
with warnings.catch_warnings():  # one response that X and Z say little of
    warnings.simplefilter("ignore", SparsekinWarning)
    FORMS = MixedForms(Y, X, task=SITE).fit(d=1, starts=1)
    OTHER = MixedForms(Y, X, AGE).fit(d=1, starts=1)
pytestmark = pytest.mark.filterwarnings("ignore:Heywood case", "ignore:.*sweep limit")

ENTRANCES = {
    "SparseMTL y": (Y, lambda v: sparse_fit(y=v)),
    "SparseMTL several y": (Y2, lambda v: sparse_fit(y=v, task=None)),
    "SparseMTL X": (X, lambda v: sparse_fit(X=v)),
    "SparseMTL X in C order": (np.ascontiguousarray(X), lambda v: sparse_fit(X=v)),
    "SparseMTL task": (SITE, lambda v: sparse_fit(task=v)),
    "SparseMTL text task": (SITE.astype(str), lambda v: sparse_fit(task=v)),
    "SparseMTL keep": (AGE[:, None], lambda v: sparse_fit(keep=v)),
    "SparseMTL keep vector": (AGE, lambda v: sparse_fit(keep=v)),
    "SparseMTL weights": (W, lambda v: sparse_fit(weights=v)),
    "SparseMTL predict": (X, lambda v: SPARSE.predict(v, task=SITE, keep=AGE[:, None])),
    "SparseMTL predict task": (SITE, lambda v: SPARSE.predict(X, task=v, keep=AGE[:, None])),
    "SparseMTL predict keep": (AGE[:, None], lambda v: SPARSE.predict(X, task=SITE, keep=v)),
    "MTHAL y": (Y, lambda v: hal(y=v)),
    "MTHAL several y": (Y2, lambda v: hal(y=v, task=None)),
    "MTHAL text y": (LABEL, lambda v: hal(y=v, task=None, family="binomial")),
    "MTHAL several text y": (np.column_stack([LABEL] * 2), lambda v: hal(y=v, task=None, family="binomial")),
    "MTHAL X": (X, lambda v: hal(X=v)),
    "MTHAL task": (SITE, lambda v: hal(task=v)),
    "MTHAL keep": (AGE, lambda v: hal(keep=v)),
    "MTHAL weights": (W, lambda v: hal(weights=v)),
    "MTHAL predict": (X, lambda v: HAL.predict(v, task=SITE)),
    "MTHAL predict task": (SITE, lambda v: HAL.predict(X, task=v)),
    "MTHAL curve": (X[:, 0], lambda v: HAL.curve("x1", v)),
    "MixedForms Y": (Y, lambda v: forms(Y=v)),
    "MixedForms several Y": (Y2, lambda v: forms(Y=v)),
    "MixedForms X": (X, lambda v: forms(X=v)),
    "MixedForms Z": (AGE[:, None], lambda v: forms(Z=v)),
    "MixedForms task": (SITE, lambda v: forms(task=v)),
    "MixedForms predict": (X, lambda v: FORMS.predict(v)),
    "MixedForms predict task": (SITE, lambda v: FORMS.predict(X, task=v)),
    "MixedForms predict Z": (AGE, lambda v: OTHER.predict(X, Z=v)),
    "MixedForms translate": (X, lambda v: OTHER.translate(v, from_="x", to="z")),
    "MixedForms transform Y": (Y, lambda v: OTHER.transform(X, Y=v)),
    "moments y": (Y, lambda v: cross(moments.from_arrays(v, X, missing="drop"))),
    "moments X": (X, lambda v: cross(moments.from_arrays(Y, v, missing="drop"))),
    "moments task": (SITE, lambda v: cross(moments.from_arrays(Y, X, v, missing="drop"))),
    "moments keep": (AGE, lambda v: cross(moments.from_arrays(Y, X, keep=v, missing="drop"))),
    "moments weights": (W, lambda v: cross(moments.from_arrays(Y, X, weights=v, missing="drop"))),
    "columns of a dict": (
        Y,
        lambda v: SparseMTL.from_formula("y ~ x", {"y": v, "x": AGE}, missing="drop").fit(s=1).params,
    ),
    "weights of a formula": (
        W,
        lambda v: SparseMTL.from_formula("y ~ x", {"y": Y, "x": AGE}, weights=v, missing="drop").fit(s=1).params,
    ),
}


def same(found, expected):
    for one, other in zip(found, expected, strict=True) if isinstance(found, list) else [(found, expected)]:
        np.testing.assert_allclose(np.asarray(one, float), np.asarray(other, float), rtol=1e-10)


@pytest.mark.parametrize("name", ENTRANCES)
def test_a_masked_cell_is_a_missing_cell(name):
    values, call = ENTRANCES[name]
    masked, plain = hide(values)
    same(call(masked), call(plain))
    if values.ndim == 2:
        same(call(list(masked)), call(plain))  # a list of rows that are masked
    same(call(np.ma.array(values)), call(values))  # nothing is masked


def test_the_right_answer_is_that_of_the_rows_left():
    masked, _ = hide(X)
    kept = np.delete(np.arange(N), GONE)
    expected = np.linalg.lstsq(np.column_stack([np.ones(N), X])[kept], Y[kept], rcond=None)[0]
    found = SparseMTL(Y, masked, missing="drop").fit(s=3).params.to_numpy()[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    with pytest.raises(DataError, match=r"Missing values in 2 of 40 rows: x1 \(2\)"):
        SparseMTL(Y, masked)


def test_masked_folds_groups_and_penalties_are_refused():
    model = SparseMTL(Y, X, SITE)
    masked, _ = hide(np.tile([0, 1, 2, 3], N // 4))
    with pytest.raises(DataError, match="folds must hold whole numbers"):
        model.cross_validate(s=1, folds=masked, lambda_1=0.0, lambda_2=0.0)
    with pytest.raises(DataError, match="groups is missing in 2 of 40 rows, the first row 4"):
        model.cross_validate(s=1, folds=4, groups=masked, lambda_1=0.0, lambda_2=0.0)
    penalties = np.ma.array([0.5, 0.1], mask=[False, True])
    with pytest.raises(OptionError):
        MTHAL(Y, X, max_degree=1, knots=3).path(penalties)
    with pytest.warns(UserWarning, match="masked element"), pytest.raises(OptionError):
        model.path(s=1, lambda_1=penalties)
    with pytest.raises(OptionError):
        model.fit(s=np.ma.array([1, 2], mask=[False, True]))


BYTES = [">i2", ">i4", ">i8", ">f4", ">f8"]


@pytest.mark.parametrize("dtype", BYTES)
def test_arrays_of_another_byte_order(dtype):
    site, patients = SITE.astype(dtype), np.tile(np.arange(10), 4).astype(dtype)
    coarse, y = np.round(X * 100).astype(dtype), np.round(Y * 100).astype(dtype)
    native = dtype.replace(">", "=")
    for change in ({"task": site}, {"task": pd.Series(site)}, {"X": coarse}, {"y": y}, {"weights": site}):
        same(sparse_fit(**change), sparse_fit(**{k: np.asarray(v).astype(native) for k, v in change.items()}))
    same(SPARSE.predict(X, task=site, keep=AGE[:, None]), SPARSE.predict(X, task=SITE, keep=AGE[:, None]))
    same(FORMS.predict(X, task=site), FORMS.predict(X, task=SITE))
    same(forms(task=site), forms(task=SITE))
    folds = [
        SparseMTL(Y, X, SITE)
        .cross_validate(s=1, lambda_z=0.0, folds=4, groups=groups, rng=0, lambda_1=0.0, lambda_2=0.0)
        .folds
        for groups in (patients, patients.astype(native))
    ]
    same(*folds)
    frame = pd.DataFrame({"y": y, "x": coarse[:, 0], "site": site, "g": patients})
    models = [SparseMTL.from_formula("y ~ x + C(g)", data, task="site") for data in (frame, frame.astype(native))]
    same(*(model.fit(s=1).params for model in models))
