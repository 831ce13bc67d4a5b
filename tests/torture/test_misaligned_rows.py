"""Rows pair by their labels where both sides have any: in one order they are read, in another they are refused."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL, moments
from sparsekin.errors import DataError, SparsekinWarning

N = 40
RNG = np.random.default_rng(7)
X = RNG.standard_normal((N, 3))
SITE = np.repeat(["A", "B"], N // 2)
AGE = RNG.standard_normal(N)
Y = X @ [2.0, -1.0, 0.5] + 3.0 * AGE + (SITE == "A") + 0.1 * RNG.standard_normal(N)
W = RNG.uniform(0.5, 2.0, N)
FOLDS = np.tile([0, 1, 2, 3], N // 4)
PATIENTS = np.tile(np.arange(10), N // 10)
LABELS = pd.Index([f"p{i}" for i in RNG.permutation(N)])


def frame(values, index=LABELS):
    return pd.DataFrame(values, index=index, columns=[f"x{j}" for j in range(1, values.shape[1] + 1)])


def series(values, index=LABELS):
    return pd.Series(values, index=index)


def people(index=LABELS):
    return frame(X, index).assign(y=Y, site=SITE, age=AGE)


def fitted(**given):
    return SparseMTL(**{"y": Y, "X": X, "task": SITE, "keep": AGE[:, None], "weights": W} | given)


def numbers(model):
    return model.fit(s=3).params.to_numpy()


def small_hal(**given):
    return MTHAL(**{"y": Y, "X": X, "task": SITE, "weights": W} | given, max_degree=1, knots=3)


def forms(**given):
    return MixedForms(**{"Y": Y[:, None], "X": X, "Z": AGE[:, None]} | given)


def by_task(**given):
    return MixedForms(**{"Y": Y, "X": X, "task": SITE} | given).fit(d=1, starts=1).alpha.to_numpy()


SPARSE = SparseMTL(Y, frame(X), SITE, keep=series(AGE).to_frame("age")).fit(s=2)
HAL = MTHAL(Y, frame(X), SITE, max_degree=1, knots=3).fit(0.1)
with warnings.catch_warnings():  # one response that X and Z say little of
    warnings.simplefilter("ignore", SparsekinWarning)
    FORMS = MixedForms(Y, frame(X), task=SITE).fit(d=1, starts=1)
    OTHER = MixedForms(Y, frame(X), series(AGE).to_frame("age")).fit(d=1, starts=1)
pytestmark = pytest.mark.filterwarnings("ignore:Heywood case", "ignore:.*sweep limit")

# What is paired with rows that have labels, and the call.
ENTRANCES = {
    "SparseMTL y": (Y, lambda v: numbers(fitted(y=v, X=frame(X)))),
    "SparseMTL task": (SITE, lambda v: numbers(fitted(task=v, X=frame(X)))),
    "SparseMTL weights": (W, lambda v: numbers(fitted(weights=v, X=frame(X)))),
    "SparseMTL keep": (AGE, lambda v: numbers(fitted(keep=v, X=frame(X)))),
    "SparseMTL y beside weights": (W, lambda v: numbers(fitted(weights=v, y=series(Y)))),
    "SparseMTL formula weights": (W, lambda v: numbers(SparseMTL.from_formula("y ~ x1", people(), weights=v))),
    "SparseMTL groups": (
        PATIENTS,
        lambda v: (
            fitted(X=frame(X))
            .cross_validate(s=1, lambda_z=0.0, folds=4, groups=v, rng=0, lambda_1=0.0, lambda_2=0.0)
            .folds.to_numpy()
        ),
    ),
    "SparseMTL folds": (
        FOLDS,
        lambda v: (
            fitted(y=series(Y))
            .cross_validate(s=1, lambda_z=0.0, folds=v, lambda_1=0.0, lambda_2=0.0)
            .per_fold.to_numpy(float)
        ),
    ),
    "SparseMTL formula groups": (
        PATIENTS,
        lambda v: (
            SparseMTL.from_formula("y ~ x1 + x2", people())
            .cross_validate(s=1, folds=4, groups=v, rng=0, lambda_1=0.0, lambda_2=0.0)
            .folds.to_numpy()
        ),
    ),
    "SparseMTL compare": (
        PATIENTS,
        lambda v: fitted(X=frame(X)).compare(s=1, lambda_z=0.0, folds=4, groups=v, rng=0).table["mean"].to_numpy(),
    ),
    "SparseMTL predict task": (
        SITE,
        lambda v: SPARSE.predict(frame(X), task=v, keep=AGE[:, None]).to_numpy(),
    ),
    "SparseMTL predict keep": (
        AGE,
        lambda v: SPARSE.predict(frame(X), task=SITE, keep=getattr(v, "to_frame", lambda _: v[:, None])("age")),
    ),
    "MTHAL y": (Y, lambda v: small_hal(y=v, X=frame(X)).lambda_max),
    "MTHAL binomial text": (
        np.where(Y > 0, "yes", "no"),
        lambda v: small_hal(y=v, X=frame(X), family="binomial").lambda_max,
    ),
    "MTHAL task": (SITE, lambda v: small_hal(task=v, X=frame(X)).lambda_max),
    "MTHAL weights": (W, lambda v: small_hal(weights=v, X=frame(X)).lambda_max),
    "MTHAL keep": (AGE, lambda v: small_hal(keep=v, X=frame(X)).lambda_max),
    "MTHAL formula weights": (W, lambda v: MTHAL.from_formula("y ~ h(x1)", people(), weights=v).lambda_max),
    "MTHAL groups": (
        PATIENTS,
        lambda v: small_hal(X=frame(X)).cross_validate([0.5], folds=4, groups=v, rng=0).folds.to_numpy(),
    ),
    "MTHAL predict task": (SITE, lambda v: HAL.predict(frame(X), task=v).to_numpy()),
    "MixedForms Y": (Y, lambda v: by_task(Y=v, X=frame(X))),
    "MixedForms X": (X, lambda v: forms(X=v, Y=series(Y)).fit(d=1, starts=1).alpha.to_numpy()),
    "MixedForms Z": (AGE[:, None], lambda v: forms(Z=v, Y=series(Y)).fit(d=1, starts=1).alpha.to_numpy()),
    "MixedForms task": (SITE, lambda v: by_task(task=v, X=frame(X))),
    "MixedForms predict task": (SITE, lambda v: FORMS.predict(frame(X), task=v).to_numpy()),
    "MixedForms predict Z": (AGE, lambda v: OTHER.predict(frame(X), Z=v).to_numpy()),
    "MixedForms transform Y": (Y, lambda v: OTHER.transform(frame(X), Y=v, Z=AGE[:, None]).to_numpy()),
    "moments y": (Y, lambda v: moments.from_arrays(v, frame(X)).parts[0].cross),
    "moments task": (SITE, lambda v: moments.from_arrays(Y, frame(X), v).parts[1].cross),
    "moments keep": (AGE, lambda v: moments.from_arrays(Y, frame(X), keep=v).parts[0].cross),
    "moments weights": (W, lambda v: moments.from_arrays(Y, frame(X), weights=v).parts[0].cross),
    "moments formula weights": (W, lambda v: moments.from_frame("y ~ x1", people(), weights=v).parts[0].cross),
}


@pytest.mark.parametrize("name", ENTRANCES)
def test_one_order_is_read_and_another_refused(name):
    values, call = ENTRANCES[name]
    labelled = (lambda v, index: frame(v, index)) if values.ndim == 2 else series
    np.testing.assert_allclose(call(labelled(values, LABELS)), call(values), rtol=1e-12)
    order = np.argsort(LABELS)
    with pytest.raises(DataError, match=r"in different orders: row 2 is 'p(36' in .* and 'p1|1' in .* and 'p36)' in"):
        call(labelled(values[order], LABELS[order]))
    with pytest.raises(DataError, match=r"have different labels: .*\(40 of 40 differ\)"):
        call(labelled(values, pd.RangeIndex(N)))
    if values.ndim == 1:
        np.testing.assert_array_equal(call(pl.Series(values)), call(values))


def test_the_right_answer_is_that_of_least_squares():
    mixed = np.argsort(LABELS)
    y = series(Y).iloc[mixed]
    with pytest.raises(DataError, match="in different orders"):
        SparseMTL(y, frame(X))
    A = np.column_stack([np.ones(N), X])
    expected = np.linalg.lstsq(A, Y, rcond=None)[0]
    found = SparseMTL(y.loc[LABELS], frame(X)).fit(s=3)
    np.testing.assert_allclose(found.params.iloc[:, 0], expected, rtol=1e-9)
    assert list(found.fittedvalues.index) == list(LABELS)
    alone = SparseMTL(series(Y), X).fit(s=3)  # a pandas object beside an array: by position, on its labels
    np.testing.assert_allclose(alone.fittedvalues.loc[LABELS], A @ expected, rtol=1e-9)


KINDS = {
    "numbers": lambda rng: pd.Index(rng.permutation(N) + 5),
    "texts": lambda rng: pd.Index([f"id{i}" for i in rng.permutation(N)]),
    "dates": lambda rng: pd.date_range("2026-01-01", periods=N)[rng.permutation(N)],
    "pairs": lambda rng: pd.MultiIndex.from_arrays([rng.permutation(N), np.arange(N)]),
    "twice": lambda rng: pd.Index(rng.permutation(np.repeat(np.arange(N // 2), 2))),
    "gaps": lambda rng: pd.Index(np.where(np.arange(N) == 3, np.nan, rng.permutation(N))),
    "categories": lambda rng: pd.CategoricalIndex([f"c{i}" for i in rng.permutation(N)]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_any_argument_in_another_order_is_refused(kind, seed):
    rng = np.random.default_rng(seed)
    index = KINDS[kind](rng)
    given = {
        "y": series(Y, index),
        "X": frame(X, index),
        "task": series(SITE, index),
        "keep": frame(AGE[:, None], index).set_axis(["age"], axis=1),
        "weights": series(W, index),
    }
    np.testing.assert_array_equal(numbers(SparseMTL(**given)), numbers(fitted()))
    moved = str(rng.choice(list(given)))
    order = rng.permutation(N)
    assert not index[order].equals(index)
    with pytest.raises(DataError, match=r"The rows of .* and .* (are in different orders|have different labels): row"):
        SparseMTL(**given | {moved: given[moved].iloc[order]})


def test_one_value_per_task_pairs_by_task():
    sizes, families = {"B": 3, "A": 1}, {"B": "binomial", "A": "gaussian"}
    model = SparseMTL(Y, X, SITE)
    found = model.fit(s=pd.Series(sizes)).params
    pd.testing.assert_frame_equal(found, model.fit(s=sizes).params)
    assert (found.drop(index="Intercept") != 0).sum().tolist() == [1, 3]
    assert model.fit(s=pd.Series([1, 3])).support.sum().tolist() == [1, 3]
    mixed = np.where(SITE == "B", Y > 0, Y).astype(float)
    made = [
        MTHAL(mixed, X, SITE, max_degree=1, knots=3, family=one).lambda_max for one in (families, pd.Series(families))
    ]
    assert made[0] == made[1]


def test_columns_of_a_dict_pair_by_label_too():
    data = {"y": series(Y), "x": series(X[:, 0])}
    expected = numbers(SparseMTL.from_formula("y ~ x", {"y": Y, "x": X[:, 0]}))
    np.testing.assert_array_equal(numbers(SparseMTL.from_formula("y ~ x", data)), expected)
    with pytest.raises(DataError, match="The rows of column 'y' and column 'x' are in different orders"):
        SparseMTL.from_formula("y ~ x", data | {"x": data["x"].sort_index()})


FITS = {
    "SparseMTL": lambda data: SparseMTL.from_formula("y ~ x1 + x2 + x3", data, task="site", keep="age").fit(s=2),
    "SparseMTL multi": lambda data: SparseMTL.from_formula("y + age ~ x1 + x2", data).fit(s=1),
    "SparseMTL log": lambda data: SparseMTL.from_formula("np.exp(y / 10) ~ x1 + site", data).fit(s=1),
    "SparseMTL arrays": lambda data: SparseMTL(data["y"], data[["x1", "x2", "x3"]], data["site"]).fit(s=2),
    "MTHAL": lambda data: MTHAL.from_formula("y ~ h(x1) + h(x2) + age", data, task="site").fit(0.1),
    "MTHAL arrays": lambda data: MTHAL(data["y"], data[["x1", "x2"]], max_degree=1).fit(0.1),
    "MixedForms": lambda data: MixedForms.from_formula("y ~ x1 + x2 + x3", data, task="site").fit(d=1, starts=1),
    "MixedForms arrays": lambda data: MixedForms(data[["y"]], data[["x1", "x2"]], task=data["site"]).fit(d=1, starts=1),
}


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("index", [LABELS, pd.RangeIndex(N)], ids=["labels", "counted"])
def test_augment_knows_the_rows_of_its_fit(name, index):
    data = people(index)
    fit = FITS[name](data)
    beside = fit.augment(data.assign(more=np.arange(N)))
    assert beside["more"].tolist() == list(range(N))
    resid = next(column for column in beside if column.startswith(".resid"))
    fitted = resid.replace("resid", "fitted")
    outcome = np.exp(Y / 10) if name == "SparseMTL log" else Y
    np.testing.assert_allclose(beside[fitted] + beside[resid], outcome)
    with pytest.raises(DataError, match="in different orders"):
        fit.augment(data.sort_values("y"))
    with pytest.raises(DataError, match=r"in different orders|different labels|does not hold the rows of the fit"):
        fit.augment(data.sort_values("y", ignore_index=True))
    with pytest.raises(DataError, match=r"does not hold the rows of the fit: '\S+' is .* in row .* and was"):
        fit.augment(people(index).assign(x1=RNG.standard_normal(N), y=Y + 1.0))
    with pytest.raises(DataError, match="does not hold the rows of the fit"):
        fit.augment(pl.from_pandas(data.reset_index(drop=True)).sort("y"))
    same = fit.augment(pl.from_pandas(data.reset_index(drop=True)))
    np.testing.assert_array_equal(same[fitted], beside[fitted])


def test_augment_of_another_outcome_or_of_nothing_known():
    data = people()
    for name in FITS:
        with pytest.raises(DataError, match=r"does not hold the rows of the fit: '\S+y\S*|'y'"):
            FITS[name](data).augment(data.assign(y=Y[::-1]))
    with pytest.raises(DataError, match="none of the columns the model was fitted to"):
        SparseMTL(Y, X).fit(s=1).augment(pd.DataFrame({"id": range(N)}))


def test_augment_after_rows_were_dropped_and_after_saving(tmp_path):
    data = people()
    data.loc[["p1", "p3"], "x1"] = np.nan
    fit = SparseMTL.from_formula("y ~ x1 + x2", data, task="site", missing="drop").fit(s=1)
    fit.save(tmp_path / "fit.npz")
    again = type(fit).load(tmp_path / "fit.npz")
    found = again.augment(data)
    assert found.index[found[".fitted"].isna()].sort_values().tolist() == ["p1", "p3"]
    np.testing.assert_allclose((found[".fitted"] + found[".resid"]).dropna(), data["y"].drop(["p1", "p3"]))
    with pytest.raises(DataError, match="'x1' is nan in row"):
        again.augment(people().assign(x1=np.nan))
