"""Effects of tasks against mixed models of statsmodels, and where nothing can be told."""

import numpy as np
import pytest
import statsmodels.api as sm

from sparsekin.forms.effects import Tasks, predict_effects


def draw(seed=0, sizes=(12,) * 20, spread=0.6):
    rng = np.random.default_rng(seed)
    of_row = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    left = spread * rng.standard_normal((len(sizes), 1))[of_row] + rng.standard_normal((len(of_row), 1))
    return left - left.mean(), Tasks(of_row, len(sizes))


def mixed_model(left, tasks):
    found = sm.MixedLM(left.ravel(), np.ones(len(left)), groups=tasks.of_row).fit()
    blups = np.array([float(found.random_effects[k].iloc[0]) for k in range(tasks.n_tasks)])
    return blups, float(np.ravel(found.cov_re)[0])


def test_tasks_of_one_size_have_the_effects_of_a_mixed_model():
    left, tasks = draw()
    effects, variance = predict_effects(left, np.ones_like(left), tasks)
    blups, truth = mixed_model(left, tasks)
    assert variance[0] == pytest.approx(truth, rel=1e-3)
    np.testing.assert_allclose(effects[:, 0], blups, rtol=1e-3, atol=1e-6)


def test_tasks_of_many_sizes_have_nearly_those():
    left, tasks = draw(1, sizes=np.random.default_rng(0).integers(1, 40, 60))
    effects, _ = predict_effects(left, np.ones_like(left), tasks)
    blups, _ = mixed_model(left, tasks)
    assert np.corrcoef(effects[:, 0], blups)[0, 1] > 0.99
    np.testing.assert_allclose(effects[:, 0], blups, atol=0.15)


def test_every_response_is_on_its_own_and_missing_cells_are_left_out():
    left, tasks = draw(2)
    both = np.hstack([left, 1e6 * left[::-1]])
    seen = (np.random.default_rng(0).random(both.shape) < 0.7).astype(float)
    effects, variance = predict_effects(both, seen, tasks)
    for j in range(2):
        there = seen[:, j] > 0
        own, v = predict_effects(both[there, j : j + 1], np.ones((there.sum(), 1)), Tasks(tasks.of_row[there], 20))
        np.testing.assert_allclose(effects[:, j], own[:, 0], rtol=1e-10)
        np.testing.assert_allclose(variance[j], v[0], rtol=1e-10)
    unknown = Tasks(np.append(tasks.of_row, -1), 20)
    again, _ = predict_effects(np.vstack([both, [[9.0, 9.0]]]), np.vstack([seen, [[1.0, 1.0]]]), unknown)
    np.testing.assert_allclose(again, effects)


@pytest.mark.parametrize("of_row", [[0] * 6, [0, 1, 2, 3, 4, 5], [-1] * 6, [0, 0, 0, -1, -1, -1]])
def test_where_nothing_can_be_told_effects_are_none(of_row):
    left = np.array([[3.0], [-1.0], [2.0], [0.0], [-4.0], [0.0]])
    effects, variance = predict_effects(left, np.ones_like(left), Tasks(np.array(of_row), 6))
    assert not effects.any()
    assert not variance.any()


def test_a_task_with_one_row_and_one_without_response():
    left, _ = draw(3, sizes=(20, 20, 1))
    of_row, seen = np.repeat([0, 1, 2, 3], [20, 19, 1, 1]), np.ones_like(left)
    left[:20] += 3.0
    seen[-1] = 0.0
    effects, variance = predict_effects(left, seen, Tasks(of_row, 4))
    assert variance[0] > 1.0
    assert effects[3, 0] == 0.0
    assert 0 < abs(effects[2, 0]) < abs(left[39, 0])
