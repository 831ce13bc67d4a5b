"""Certificates and lists of next best supports over scales 1e-6 to 1e6 and pairs apart by 1e-3 to 1e-8."""

import numpy as np
import pytest

from oracles.badly_scaled import badly_scaled_problem, every_support, mask_of
from oracles.tiny_problems import some_supports, tiny_problem
from sparsekin.l0.exact.certify import certify, runners_up
from sparsekin.l0.polish import refit_value
from sparsekin.l0.state import null_values, residual_outcomes

GAP = 1e-4


def null_of(problem):
    return float(null_values(problem, residual_outcomes(problem)).sum())


def check_certificate(seed):
    problem = badly_scaled_problem(seed)
    every = every_support(problem)
    if every is None:
        return
    optimum = every[0][0]
    allowance = 1e-9 * (optimum + null_of(problem)) + 1e-25
    supports = some_supports(problem, seed)
    _, root = certify(problem, supports, gap=GAP, root_only=True)
    assert root.bound <= optimum + allowance, f"seed {seed}: root bound {root.bound} above {optimum}"
    _, found = certify(problem, supports, gap=GAP, time_limit=60)
    assert found.bound <= optimum + allowance, f"seed {seed}: bound {found.bound} above {optimum}"
    assert found.objective >= optimum * (1 - 1e-6) - allowance, f"seed {seed}: {found.objective} below {optimum}"
    assert found.status in ("optimal", "time limit", "rounding"), f"seed {seed}: {found}"
    if found.status == "optimal":
        assert found.objective - optimum <= GAP * found.objective + allowance, f"seed {seed}: {found} against {optimum}"


def check_list(problem, seed, time_limit=60):
    """Whether the list was proven, which is then right."""
    every = every_support(problem)
    if every is None:
        return True
    m = int(np.random.default_rng(seed).integers(1, 9))
    listed, status = runners_up(problem, some_supports(problem, seed), m, time_limit=time_limit)
    if status != "proven":
        return False
    values, scale = {supports: value for value, supports in every}, 1e-8 * null_of(problem) + 1e-25
    met = [tuple(tuple(sorted(int(j) for j in S)) for S in supports) for _, supports in listed]
    assert len(set(met)) == len(met)
    np.testing.assert_allclose([value for value, _ in listed], [values[key] for key in met], rtol=1e-7, atol=scale)
    np.testing.assert_allclose(
        [value for value, _ in listed], [value for value, _ in every[1 : m + 1]], rtol=1e-7, atol=scale, err_msg=seed
    )
    return True


@pytest.mark.parametrize("start", range(40, 100, 20))
def test_no_bound_is_above_the_optimum(start):
    for seed in range(start, start + 20):
        check_certificate(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 2000, 100))
def test_no_bound_is_above_the_optimum_in_two_thousand(start):
    for seed in range(start, start + 100):
        check_certificate(seed)


@pytest.mark.parametrize("seed", [1, 8, 29, 42, 44, 53, 58, 69, 71, 83, 87, 102, 108])
def test_the_next_best_supports_are_listed(seed):
    assert check_list(badly_scaled_problem(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 300, 50))
def test_the_next_best_supports_are_listed_in_three_hundred(start):
    seeds = range(start, start + 50)
    proven = [check_list(make(seed), seed, 20) for seed in seeds for make in (badly_scaled_problem, tiny_problem)]
    assert sum(proven) >= 0.95 * len(proven)  # some without a ridge take minutes


def test_refits_are_those_of_least_squares_on_the_rows():
    """lambda_2 > 0 with collinear columns and no ridge used to end in an error of LAPACK."""
    compared = 0
    for seed in range(120):
        problem = badly_scaled_problem(seed)
        every = every_support(problem) if problem.lambda_2 > 0 else None
        for value, supports in (every or [])[::23]:
            refitted = refit_value(problem, mask_of(problem, supports))
            np.testing.assert_allclose(refitted, value, rtol=1e-6, atol=1e-9 * null_of(problem) + 1e-25, err_msg=seed)
            compared += 1
    assert compared > 100
