"""Curves of functions that halves choose: contrasts by statsmodels, held-out rows, bands around what was planted."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from inference.cases import problem_of
from sparsekin import MTHAL
from sparsekin.data.blocks import Responses
from sparsekin.inference import curves as room
from sparsekin.inference.beside_family import contrasts_of_family
from sparsekin.inference.curves import curves_of_half, draw_curve_halves
from sparsekin.inference.split import complementary_halves


def planted(seed=0, n=80, family="gaussian", noise=0.5):
    rng = np.random.default_rng(seed)
    X, task = rng.uniform(-2, 2, (2 * n, 3)), np.repeat(["A", "B"], n)
    eta = np.where(task == "A", 0.6, 0.9) * X[:, 0]
    y = eta + noise * rng.standard_normal(2 * n)
    if family == "binomial":
        y = rng.random(2 * n) < 1 / (1 + np.exp(-2 * eta))
    return MTHAL(y, X, task, max_degree=1, knots=6, family=family)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_sums_of_slopes_by_statsmodels(family):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 3)) * 2 + 1
    eta = 0.4 * X[:, 0] - 0.3 * X[:, 1]
    y = {"gaussian": eta + rng.standard_normal(100), "binomial": (rng.random(100) < 1 / (1 + np.exp(-eta))) * 1.0,
         "poisson": rng.poisson(np.exp(eta / 2)) * 1.0}[family]  # fmt: skip
    blocks = problem_of([X], [y], 2, 0.0).blocks
    if family != "gaussian":
        blocks = replace(blocks, responses=Responses((family,), (y,), (None,), (None,), (None,)))
    here = np.arange(100) >= 30
    C = np.array([[1.0, 0, 0], [1, -1, 0], [0.5, 2, -1]])
    found = contrasts_of_family(blocks, 0, here, X, np.ones((100, 1)), C)
    kind = {"gaussian": sm.families.Gaussian(), "binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}
    made = sm.GLM(y[here], np.column_stack([X, np.ones(100)])[here], family=kind[family])
    fit = made.fit(scale=None if family == "binomial" else "X2", tol=1e-12)
    told = fit.t_test(np.column_stack([C, np.zeros(3)]))
    shrunk = np.sqrt(max(fit.scale, 1.0) / fit.scale) if family == "poisson" else 1.0
    np.testing.assert_allclose(found.b, told.effect, rtol=1e-6)
    np.testing.assert_allclose(found.se, np.ravel(told.sd) * shrunk, rtol=1e-5)
    assert found.df == 66


def test_sums_that_rows_do_not_tell_are_left_out():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    X[20:, 2] = 1.0
    X = np.column_stack([X, X[:, 0]])
    blocks = problem_of([X], [X[:, 0] + rng.standard_normal(60)], 2, 0.0).blocks
    C = np.array([[0, 1.0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 1]])
    found = contrasts_of_family(blocks, 0, np.arange(60) >= 20, X, np.ones((60, 1)), C)
    assert np.isfinite(found.b).tolist() == np.isfinite(found.se).tolist() == [True, False, False, True]
    assert found.df == 40 - 3


def test_a_half_is_blind_to_the_other_outcomes():
    problem = planted()._problem
    first, second = complementary_halves(problem.blocks, None, np.random.default_rng(0))
    at = np.linspace(-1, 1, 5) * np.ones((3, 1))
    one = curves_of_half(problem, first, lambda_=0.05, at=at)
    y = tuple(
        np.where(second[rows], own + 3, own) for own, rows in zip(problem.blocks.y, problem.blocks.rows, strict=True)
    )
    two = curves_of_half(replace(problem, blocks=replace(problem.blocks, y=y)), first, lambda_=0.05, at=at)
    assert one.sections == two.sections
    np.testing.assert_array_equal(one.support, two.support)
    np.testing.assert_allclose(two.value, one.value, atol=1e-9)  # a level of the other rows is no curve


def test_the_same_seed_whatever_the_jobs():
    problem = planted()._problem
    one, two = (draw_curve_halves(problem, 0.05, pairs=5, rng=2, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.value, two.value)
    np.testing.assert_array_equal(one.frequency, two.frequency)


def test_a_line_lies_within_its_band():
    problem = planted(n=150)._problem
    found = draw_curve_halves(problem, 0.02, pairs=12, rng=0)
    assert found.frequency_any[found.sections.index((0,))] == 1.0
    for k, size in enumerate((0.6, 0.9)):
        truth = size * (found.at[0] - problem.blocks.X[:, 0].mean())
        low, high = (ends[k] for ends in found.band(0, 0.99))
        assert ((low <= truth) & (truth <= high)).mean() > 0.9
    wide, narrow = (found.band(0, level) for level in (0.99, 0.9))
    assert (wide[1] - wide[0] > narrow[1] - narrow[0]).all()


def test_bands_of_log_odds():
    problem = planted(n=150, family="binomial")._problem
    found = draw_curve_halves(problem, 0.03, pairs=10, rng=0)
    assert np.isfinite(found.se[0]).all()
    assert found.value[0, 0, 50] > 0.5 > -0.5 > found.value[0, 0, 10]


def test_ctrl_c_keeps_finished_pairs(monkeypatch):
    calls, real = [], room.point_without

    def until(*given):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(room, "point_without", until)
    found = draw_curve_halves(planted()._problem, 0.05, pairs=10, rng=0)
    assert (found.halves, found.asked) == (4, 10)
    assert np.isnan(found.se).all()


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_halves_that_choose_nothing_are_a_result(family):
    problem = planted(family=family)._problem
    found = draw_curve_halves(problem, 1e6, pairs=10, rng=0)
    assert (found.halves, found.sections) == (20, ())
    assert not found.variables.any()
    assert np.isnan(found.value).all()
    assert found.frequency.shape == (0, 2)


def test_a_task_whose_outcome_does_not_vary_has_no_band():
    made = planted()
    problem = made._problem
    flat = replace(problem, blocks=replace(problem.blocks, y=(np.full(80, 3.0), problem.blocks.y[1])))
    found = draw_curve_halves(flat, 0.05, pairs=10, rng=0)
    assert np.isnan(found.value[:, 0]).all()
    assert np.isfinite(found.se[0, 1]).all()
