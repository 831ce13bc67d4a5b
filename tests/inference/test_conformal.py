"""CV+ is what its definition says, row by row, and covers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import PredefinedSplit

from inference.cases import kindred, problem_of
from sparsekin import SparseMTL
from sparsekin.errors import DataError, OptionError
from sparsekin.inference.conformal import cv_plus, fold_models
from sparsekin.l0.solve import solve
from sparsekin.models.sparse.exact import problem_at
from sparsekin.tuning.folds import make_folds, training_blocks
from sparsekin.tuning.sparse.training import like

MAPIE = np.array([
    [-2.554886811403593, -2.1090140888951803, -3.8199566847373605, -2.931676072001343, -2.262528154966949],
    [1.4608121007096078, 1.9332603214492954, 0.31353532241397697, 1.1180962966755963, 1.7531707571462518],
])  # fmt: skip


def planted(seed=0, n=40):
    X, y, _ = kindred(np.random.default_rng(seed), K=2, n=n, p=10, s=2, q=2, low=0.6)
    return problem_of(X, y, 2, 0.05)


def test_ends_by_the_definition():
    problem = planted()
    folds = make_folds(problem.blocks, folds=5, rng=0)
    made = fold_models(problem, folds, 1)
    new = np.random.default_rng(1).standard_normal((3, 10))
    lower, upper = cv_plus(made, 1, new, np.empty((3, 0)), 0.9)
    blocks, down, up = problem.blocks, [], []
    fits = [solve(like(problem, training_blocks(blocks, folds, fold))) for fold in range(5)]
    for i in range(40):
        fit = fits[folds.of_row[40 + i]]
        miss = abs(blocks.y[1][i] - fit.intercept[1] - blocks.X[40 + i] @ fit.coef[:, 1])
        here = fit.intercept[1] + new @ fit.coef[:, 1]
        down.append(here - miss)
        up.append(here + miss)
    np.testing.assert_allclose(lower, np.sort(down, axis=0)[int(np.floor(0.1 * 41)) - 1], rtol=1e-10)
    np.testing.assert_allclose(upper, np.sort(up, axis=0)[int(np.ceil(0.9 * 41)) - 1], rtol=1e-10)


def test_few_rows_have_infinite_ends():
    problem = planted(n=8)
    made = fold_models(problem, make_folds(problem.blocks, folds=4, rng=0), 1)
    lower, upper = cv_plus(made, 0, np.zeros((2, 10)), np.empty((2, 0)), 0.9)
    assert np.isinf(lower).all()
    assert np.isinf(upper).all()


def test_new_rows_are_covered():
    covered = []
    for seed in range(8):
        X, y, B = kindred(np.random.default_rng(seed), K=2, n=50, p=10, s=2, q=2, low=0.6)
        fit = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(["a", "b"], 50)).fit(s=2, lambda_z=0.05)
        rng = np.random.default_rng(100 + seed)
        new = rng.standard_normal((100, 10))
        found = fit.predict(new, task=["b"] * 100, interval="prediction", level=0.8)
        truth = new @ B[:, 1] + rng.standard_normal(100)
        covered.append(((found["lower"] <= truth) & (truth <= found["upper"])).mean())
        assert (found["predicted"] == fit.predict(new, task=["b"] * 100)).all()
    assert 0.74 < np.mean(covered) < 0.9


def test_frames_gaps_and_outcomes():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((90, 4)), columns=["x1", "x2", "x3", "x4"])
    data = data.assign(y=data["x1"] + rng.standard_normal(90), site=np.repeat(["A", "B", "C"], 30))
    fit = SparseMTL.from_formula("y ~ .", data, task="site").fit(s=1)
    new = data.iloc[[0, 40, 80]].drop(columns="y").assign(x1=[0.0, np.nan, 1.0])
    found = fit.predict(new, interval="prediction")
    assert list(found.columns) == ["predicted", "lower", "upper"]
    assert found.index.equals(new.index)
    assert np.isnan(found.iloc[1]).all()
    assert (found["lower"].dropna() < found["predicted"].dropna()).all()
    pd.testing.assert_frame_equal(found, fit.predict(new, interval="prediction"))
    several = SparseMTL(np.column_stack([data["y"], -data["y"]]), data[["x1", "x2"]].to_numpy()).fit(s=1)
    both = several.predict(np.zeros((2, 2)), interval="prediction")
    assert both.shape == (2, 6)


def test_refusals():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    fit = SparseMTL(X[:, 0] + rng.standard_normal(60), X, np.repeat(["a", "b"], 30)).fit(s=1)
    with pytest.raises(OptionError, match="interval"):
        fit.predict(X, task=["a"] * 60, interval="confidence")
    with pytest.raises(OptionError, match=r"new_site\.interval"):
        fit.predict(X, how="mean", interval="prediction", labelled=(X[:5, 0], X[:5]))
    at_new = fit.predict(X, how="mean", interval="prediction", level=0.8)
    pd.testing.assert_frame_equal(at_new, fit.new_site.interval(fit.predict(X, how="mean"), 0.8))
    with pytest.raises(DataError, match="Give new rows"):
        fit.predict(interval="prediction")
    with pytest.raises(OptionError, match="retune=True is of rows of the tasks that were fitted"):
        fit.predict(X, how="mean", interval="prediction", retune=True)
    with pytest.raises(OptionError, match="retune = 5"):
        fit.predict(X, task=["a"] * 60, interval="prediction", retune=5)
    with pytest.raises(OptionError, match="level = 90"):
        fit.predict(X, task=["a"] * 60, interval="prediction", level=90)


def test_ends_of_mapie_with_the_same_folds():
    rng = np.random.default_rng(16)
    X = rng.standard_normal((47, 3))
    y = X @ [1.0, -0.5, 0.25] + rng.standard_normal(47)
    fold, new = rng.permutation(np.arange(47) % 6), rng.standard_normal((5, 3))
    fit = SparseMTL(y, X).fit(s=3)
    made = fold_models(problem_at(fit), make_folds(fit.blocks, folds=fold), 1)
    ends = np.array(cv_plus(made, 0, new, np.empty((5, 0)), 0.9))
    np.testing.assert_allclose(ends, MAPIE, atol=1e-12)  # of all features: its LinearRegression
    try:
        from mapie.regression import CrossConformalRegressor
    except ImportError:
        return
    theirs = CrossConformalRegressor(LinearRegression(), confidence_level=0.9, method="plus", cv=PredefinedSplit(fold))
    np.testing.assert_allclose(ends, theirs.fit_conformalize(X, y).predict_interval(new)[1][:, :, 0].T, atol=1e-12)


def test_every_fold_tunes_anew():
    X, y, _ = kindred(np.random.default_rng(3), K=2, n=40, p=10, s=2, q=2, low=0.6)
    task = np.repeat(["a", "b"], 40)
    fit = SparseMTL(np.concatenate(y), np.vstack(X), task).fit(s=9, lambda_z=0.02)
    new = np.random.default_rng(1).standard_normal((4, 10))
    found = fit.predict(new, task=["b"] * 4, interval="prediction", folds=4, rng=5, retune=True)
    problem = problem_at(fit)
    blocks, folds = problem.blocks, make_folds(problem.blocks, folds=4, rng=5)
    down, up, sizes = [], [], []
    for fold in range(4):
        training = training_blocks(blocks, folds, fold)
        inner, out = make_folds(training, folds=5, rng=0).of_row, folds.of_row == fold
        rest = SparseMTL(np.concatenate(y)[~out], np.vstack(X)[~out], task[~out])
        model = rest.cross_validate(folds=inner[~out], lambda_1=0, lambda_2=0).refit("best")
        sizes.append(int(model.s.max()))
        held = out & (task == "b")
        miss = np.abs(np.concatenate(y)[held] - model.predict(np.vstack(X)[held], task=task[held]).to_numpy())
        here = model.predict(new, task=["b"] * 4).to_numpy()
        down, up = [*down, *(here - one for one in miss)], [*up, *(here + one for one in miss)]
    assert max(sizes) < 9
    np.testing.assert_allclose(found["lower"], np.sort(down, axis=0)[int(np.floor(0.1 * 41)) - 1], rtol=1e-8)
    np.testing.assert_allclose(found["upper"], np.sort(up, axis=0)[int(np.ceil(0.9 * 41)) - 1], rtol=1e-8)
    assert found["predicted"].equals(fit.predict(new, task=["b"] * 4))
