"""No bound is ever above the optimum, and what is called optimal is, on tiny problems against enumeration."""

import pytest

from oracles.tiny_problems import n_combinations, smallest_value, some_supports, tiny_problem, value_of_nothing
from sparsekin.l0.exact.certify import certify

GAP = 1e-4


def check(seed: int) -> bool:
    """Whether the problem was certified optimal; False where enumeration would take too long."""
    problem = tiny_problem(seed)
    if n_combinations(problem) > 600:
        return False
    optimum = smallest_value(problem)
    allowance = 1e-9 * (optimum + value_of_nothing(problem)) + 1e-25
    supports = some_supports(problem, seed)
    _, root = certify(problem, supports, gap=GAP, root_only=True)
    assert root.bound <= optimum + allowance, f"seed {seed}: root bound {root.bound} above {optimum}"
    best, found = certify(problem, supports, gap=GAP, time_limit=20)
    assert found.bound <= optimum + allowance, f"seed {seed}: bound {found.bound} above {optimum}"
    assert all(len(S) <= s for S, s in zip(best, problem.s, strict=True))
    assert found.objective >= optimum - allowance
    if found.status == "optimal":
        assert found.objective - optimum <= GAP * found.objective + allowance, f"seed {seed}: {found} against {optimum}"
    return found.status == "optimal"


@pytest.mark.parametrize("start", range(0, 90, 30))
def test_bounds_are_valid(start):
    closed = [check(seed) for seed in range(start, start + 30)]
    assert sum(closed) > 20


def test_bounds_are_valid_where_pairs_are_too_many_to_list(monkeypatch):
    monkeypatch.setattr("sparsekin.l0.exact.tree.ROWS", 0)
    monkeypatch.setattr("sparsekin.l0.exact.tree.ROWS_PER_NODE", 0)
    closed = [check(seed) for seed in range(200, 240)]
    assert sum(closed) > 25


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 2400, 100))
def test_bounds_are_valid_on_many(start):
    for seed in range(start, start + 100):
        check(seed)
