"""Units of outcomes must not decide what cross-validation and comparisons say."""

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.data.simulate import simulate_shared_supports

FACTORS = (1e-6, 1e-3, 1e3, 1e6)


def data(shared, seed=0):
    made = simulate_shared_supports(n_tasks=3, n=40, p=12, s=3, q=4, shared_X=shared, rng=seed)
    rng = np.random.default_rng(seed)
    y = made.y + 2.0 * rng.standard_normal(made.y.shape) * np.std(made.y)
    return y, made.X, made.task


def in_units(y, task, k, factor):
    """The k-th outcome, or the outcomes of the k-th task, in other units."""
    y = y.copy()
    if y.ndim == 2:
        y[:, k] *= factor
    else:
        y[task == np.unique(task)[k]] *= factor
    return y


def say(y, X, task, shared, scale_outcome, sizes=(0, 1, 3, 5), compared=True, **run):
    model = SparseMTL(y, X, None if shared else task, scale_outcome=scale_outcome)
    cv = model.cross_validate(folds=4, rng=0, s=sizes, **({"lambda_1": 0.0, "lambda_2": 0.0} | run))
    return cv, model.compare(folds=4, rng=0, s=sizes, **run) if compared else None


def check_same(one, other):
    (cv, comparison), (cv2, comparison2) = one, other
    assert (cv.best_index, cv.best_1se_index) == (cv2.best_index, cv2.best_1se_index)
    np.testing.assert_allclose(cv.table["mean"], cv2.table["mean"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(cv.table["std_error"], cv2.table["std_error"], rtol=1e-5, atol=1e-9)
    if comparison2 is None:
        return
    np.testing.assert_allclose(comparison.table["mean"], comparison2.table["mean"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(comparison.table["difference"], comparison2.table["difference"], rtol=1e-4, atol=1e-9)
    assert comparison.table["mean"].idxmin() == comparison2.table["mean"].idxmin()


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
@pytest.mark.parametrize("shared", [True, False])
def test_scaled_outcomes_in_any_units(shared, metric):
    y, X, task = data(shared)
    run = {"lambda_1": [0.0, 0.1], "lambda_z": [0.0, 0.02, 0.2], "metric": metric}
    base = say(y, X, task, shared, True, **run)
    assert base[0].score == ("r2" if metric == "r2" else f"relative {metric}")
    for k, factor in enumerate(FACTORS):
        check_same(base, say(in_units(y, task, k % 3, factor), X, task, shared, True, compared=k == 0, **run))


@pytest.mark.filterwarnings("ignore:.*units far apart")
def test_outcomes_that_nothing_ties_in_any_units():
    """Unscaled, only lambda_2, lambda_z and common supports weigh tasks by their squared units."""
    y, X, task = data(True)
    run = {"lambda_1": [0.0, 0.1], "lambda_z": [0.0], "sizes": (0, 1, 2)}
    base = say(y, X, task, True, False, **run)
    for k, factor in enumerate(FACTORS):
        other = say(in_units(y, task, k % 3, factor), X, task, True, False, **run)
        assert base[0].best == other[0].best
        assert base[0].best_1se == other[0].best_1se
        np.testing.assert_allclose(base[0].table["mean"], other[0].table["mean"], rtol=1e-6)
        kept = ["shared supports", "independent L0", "lasso per task", "ridge per task", "null"]
        np.testing.assert_allclose(base[1].table["mean"][kept], other[1].table["mean"][kept], rtol=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 1e3])
def test_automatic_penalties_follow_the_unit_of_one_outcome(factor):
    """All tasks in another unit: the numbers of the table change with it, the choices do not."""
    y, X, task = data(False)
    one = SparseMTL(y, X, task).cross_validate(s=[0, 1, 3], folds=4, rng=0, lambda_1=0.0, lambda_2=0.0)
    other = SparseMTL(factor * y, X, task).cross_validate(s=[0, 1, 3], folds=4, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert (one.best_index, one.best_1se_index) == (other.best_index, other.best_1se_index)
    np.testing.assert_allclose(other.table["mean"], factor * one.table["mean"], rtol=1e-6)
    np.testing.assert_allclose(other.table["lambda_z"], factor**2 * one.table["lambda_z"], rtol=1e-2)


def test_the_criterion_in_any_units():
    y, X, task = data(True)
    base = SparseMTL(y, X, scale_outcome=True).path(s=range(6), lambda_z=[0, 0.1]).criterion()
    for factor in FACTORS:
        other = SparseMTL(in_units(y, task, 1, factor), X, scale_outcome=True).path(s=range(6), lambda_z=[0, 0.1])
        gap = other.criterion() - base
        np.testing.assert_allclose(gap, gap.iloc[0], atol=1e-6)
