"""The simulated designs are what they say."""

import numpy as np
import pytest

from sparsekin.data.prepare import prepare_frame
from sparsekin.data.simulate import simulate_disjoint, simulate_figure_1, simulate_shared_supports
from sparsekin.errors import OptionError

DESIGNS = [simulate_shared_supports, simulate_figure_1, simulate_disjoint]


@pytest.mark.parametrize("design", DESIGNS)
def test_seeded_and_independent_of_global_state(design):
    np.random.seed(0)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    a, b, c = design(rng=3), design(rng=np.random.default_rng(3)), design(rng=4)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    np.testing.assert_array_equal(a.y, b.y)
    np.testing.assert_array_equal(a.X_test, b.X_test)
    assert not np.array_equal(a.y, c.y)


@pytest.mark.parametrize("design", DESIGNS)
def test_outcomes_follow_the_truth(design):
    truth = design(n=400, rng=1)
    for X, y, task in ((truth.X, truth.y, truth.task), (truth.X_test, truth.y_test, truth.task_test)):
        for k in range(truth.coef.shape[1]):
            rows = task == k
            noise = y[rows] - truth.intercept[k] - X[rows] @ truth.coef[:, k]
            assert abs(noise.mean()) < 5 * truth.noise_sd[k] / 20
            assert noise.std() == pytest.approx(truth.noise_sd[k], rel=0.15)
    np.testing.assert_array_equal(truth.support, truth.coef != 0)
    assert not np.array_equal(truth.X, truth.X_test)


def test_shared_supports_design():
    truth = simulate_shared_supports(n_tasks=40, n=5, p=60, s=10, q=16, rng=0)
    assert (truth.support.sum(axis=0) == 10).all()
    assert np.flatnonzero(truth.support.any(axis=1)).tolist() == list(range(0, 32, 2))
    slopes = truth.coef[truth.support]
    assert slopes.std() == pytest.approx(np.sqrt(50), rel=0.2)
    assert ((truth.noise_sd**2 >= 0.5) & (truth.noise_sd**2 <= 2)).all()
    assert (truth.intercept == 0).all()


def test_shared_means_are_away_from_zero():
    mu = simulate_shared_supports(n_tasks=1, n=1, p=2000, s=1000, q=1000, coef_variance=0.0, rng=0)
    size = np.abs(mu.coef[mu.support])
    assert size.min() >= 0.2
    assert size.max() <= 0.5


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_columns_are_correlated_as_asked(rho):
    X = simulate_shared_supports(n_tasks=2, n=20_000, p=6, s=2, q=3, rho=rho, rng=0).X
    expected = rho ** np.abs(np.subtract.outer(range(6), range(6)))
    np.testing.assert_allclose(np.corrcoef(X, rowvar=False), expected, atol=0.03)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=0.03)


def test_figure_1_design():
    truth = simulate_figure_1(rng=0)
    assert truth.X.shape == (50, 50)
    assert truth.support.sum(axis=0).tolist() == [7, 7]
    both = truth.support.all(axis=1)
    assert both.sum() == 4
    assert truth.coef.min(axis=0).tolist() == [0, -1]
    assert truth.coef.max(axis=0).tolist() == [1, 0]
    assert set(np.flatnonzero(truth.support.any(axis=1))) <= set(range(1, 28, 2))
    assert simulate_figure_1(shared_X=True, rng=0).y.shape == (25, 2)


def test_disjoint_design():
    truth = simulate_disjoint(n_tasks=3, n=(10, 20, 5), rng=0)
    assert truth.support.sum(axis=1).max() == 1
    assert np.bincount(truth.task).tolist() == [10, 20, 5]


def test_frames_go_through_the_entrance():
    truth = simulate_shared_supports(n_tasks=3, n=20, p=30, s=3, q=5, rng=0)
    found = prepare_frame("y ~ .", truth.frame(), task="task")
    np.testing.assert_array_equal(found.blocks.X, truth.X)
    assert found.blocks.task_names == ("task1", "task2", "task3")
    np.testing.assert_array_equal(truth.frame(test=True)["y"], truth.y_test)
    labels = simulate_shared_supports(n_tasks=3, n=20, p=30, s=3, q=5, shared_X=True, rng=0)
    assert labels.shared
    assert labels.y.shape == (20, 3)
    blocks = prepare_frame("y1 + y2 + y3 ~ .", labels.frame()).blocks
    np.testing.assert_array_equal(blocks.X, labels.X)
    np.testing.assert_array_equal(blocks.y[2], labels.y[:, 2])


@pytest.mark.parametrize(
    ("design", "options", "message"),
    [
        (simulate_shared_supports, {"s": 20}, "need 1 <= s <= q"),
        (simulate_shared_supports, {"p": 30}, "2 q - 1 <= p"),
        (simulate_shared_supports, {"n": (5, 5)}, "one per task"),
        (simulate_shared_supports, {"n": 0}, "positive"),
        (simulate_shared_supports, {"rho": 1.0}, "rho"),
        (simulate_shared_supports, {"n": (5, 6, 5, 5, 5), "shared_X": True}, "same rows"),
        (simulate_figure_1, {"p": 27}, "at least 28"),
        (simulate_disjoint, {"s": 50}, "s n_tasks <= p"),
    ],
)
def test_designs_that_cannot_be(design, options, message):
    with pytest.raises(OptionError, match=message):
        design(**options)
