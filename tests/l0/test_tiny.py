"""Tiny correlated problems: how often the enumerated optimum is found, and never something below it.

The instances of `tests/reference/tiny_instances.py`: 8 to 20 rows, 50 to 100 columns, s of 2 or 3.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from oracles.brute_force import exact_refit
from oracles.instances import blocks_of, problem_of
from oracles.pair_enumeration import tiny_optimum
from reference.l0_instances import as_support
from reference.tiny_instances import stored_tiny_optima, tiny_problem
from sparsekin.l0.solve import solve

HIT = 1e-7  # relative excess of an exact optimum; some optima are close to 0


@cache
def excesses(effort: int) -> tuple[float, ...]:
    return tuple(
        solve(tiny_problem(instance), effort=effort).objective / value - 1
        for instance, value, _ in stored_tiny_optima()
    )


@pytest.mark.parametrize(("effort", "least"), [(1, 0.95), (2, 1.0)])
def test_exact_optima_found(effort, least):
    found = np.array(excesses(effort))
    assert len(found) == 200
    assert (found < HIT).mean() >= least, np.flatnonzero(found >= HIT)


@pytest.mark.parametrize("effort", [0, 1, 2])
def test_never_below_the_optimum(effort):
    assert min(excesses(effort)) > -HIT


def test_more_effort_is_never_worse():
    for some, more in ((0, 1), (1, 2)):
        assert all(b <= a + 1e-9 for a, b in zip(excesses(some), excesses(more), strict=True))


def test_stored_values_are_the_refits_of_the_stored_supports():
    for instance, value, chosen in stored_tiny_optima():
        problem = tiny_problem(instance)
        assert exact_refit(problem, as_support(chosen, problem.n_features))[1] == pytest.approx(value, rel=1e-9)


def test_enumerating_again_gives_the_stored_values():
    for instance, value, _ in stored_tiny_optima()[:160:23]:
        assert tiny_optimum(tiny_problem(instance)).objective == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("distance", [1e-2, 1e-3, 1e-5])
@pytest.mark.parametrize("s", [2, 3])
def test_a_signal_in_the_difference_of_near_copies(distance, s):
    """Every column has a near copy and the outcome is the difference of one pair: no column says anything alone."""
    rng = np.random.default_rng(s)
    first = rng.standard_normal((15, 15))
    X = np.hstack([first, first + distance * rng.standard_normal((15, 15))])
    y = (X[:, 3] - X[:, 18]) / distance + 0.1 * rng.standard_normal(15)
    found = solve(problem_of(blocks_of([X], [y]), s), effort=1)
    assert found.objective == pytest.approx(_best_by_qr(X, y, s), rel=1e-6)


def _best_by_qr(X, y, s):
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), y - y.mean()
    values = []
    for chosen in combinations(range(X.shape[1]), s):
        Q = np.linalg.qr(X[:, chosen])[0]
        rest = y - Q @ (Q.T @ y)
        values.append(np.sum((rest - Q @ (Q.T @ rest)) ** 2) / (2 * len(y)))
    return min(values)
