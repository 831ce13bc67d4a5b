"""Solve one problem of mixed forms by maximum likelihood, started at the least squares solution."""

from __future__ import annotations

import time

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.canonical import basis_of, canonical_rotation, turn
from sparsekin.forms.compress import compress, compressible
from sparsekin.forms.constant import varying
from sparsekin.forms.em import Expected, Parameters, beyond, expect, first_parameters, maximise, next_reach
from sparsekin.forms.problem import Point, Problem, Solution
from sparsekin.forms.rows import Patterns, find_patterns
from sparsekin.forms.solve import Loadings, best_course

_FIRST = 1e-5  # tolerance of the least squares solution to start from
_FEW = 200  # its sweeps


def solve_likelihood(
    problem: Problem,
    *,
    starts: int = 3,
    max_sweeps: int = 2000,
    tolerance: float = 1e-8,
    rng: np.random.Generator | None = None,
    first: Loadings | None = None,
) -> Solution:
    """Minimise -2 log L and the prior of `sparsekin.forms.em`.

    Parameters
    ----------
    problem : Problem
        Its ridge is that of the least squares start; the likelihood has none.
    starts, rng, first
        As for `sparsekin.forms.solve.solve`, for the least squares start.
    max_sweeps : int
        Of expectation and maximisation.
    tolerance : float
        Decrease in a sweep, per observed cell, that ends the sweeps when it comes twice running.

    Returns
    -------
    Solution
        ``column_noise`` is set, and codes are their expectations given the data.
    """
    began, kept = time.perf_counter(), varying(problem)
    whole, first = kept.problem, None if first is None else kept.only(first)
    problem = compress(whole) if compressible(whole) else whole
    course, reached, patterns = best_course(problem, True, starts, _FEW, _FIRST, rng, first)
    trace: list[float] = []
    problem, status = course.problem, course.status
    now = first_parameters(problem, course.point)
    if status != "interrupted":
        now, trace, status = run(problem, now, patterns, max_sweeps, tolerance)
    whole = whole.with_noise(problem.noise)
    found = expect(whole, now, find_patterns(whole.blocks))
    return kept.restored(_conclude(whole, now, found, np.array(trace), reached, status, time.perf_counter() - began))


def run(
    problem: Problem, now: Parameters, patterns: Patterns, limit: int, tolerance: float
) -> tuple[Parameters, list[float], str]:
    """Sweeps of expectation and maximisation: parameters, what was minimised before each sweep, and how it ended."""
    trace: list[float] = []
    least = tolerance * sum(block.n_cells for block in problem.blocks)
    plain, tried, reach, calm = now, now, 0.0, 0
    try:
        for _ in range(limit + 1):
            found = expect(problem, tried, patterns)
            if trace and reach > 0 and not found.value <= trace[-1]:
                tried, reach = plain, 0.0
                found = expect(problem, tried, patterns)
            calm = calm + 1 if trace and trace[-1] - found.value <= least else 0
            trace.append(found.value)
            now = tried
            if calm == 2:
                return now, trace, "converged"
            fresh = maximise(problem, now, found)
            reach = next_reach(reach)
            plain, tried = fresh, beyond(fresh, now, reach)
    except KeyboardInterrupt:
        return now, trace, "interrupted"
    return now, trace, "sweep limit"


def _conclude(
    problem: Problem, now: Parameters, found: Expected, trace: Floats, reached: Floats, status: str, seconds: float
) -> Solution:
    """The end in canonical form."""
    codes = np.zeros((problem.n_rows, 2 * problem.d))
    codes[:, problem.free] = found.mean
    point = Point(*now.loadings, codes[:, : problem.d], codes[:, problem.d :])
    R = canonical_rotation(problem, point)
    point = turn(point, R)
    noise = np.array([float(D.mean()) if len(D) else v for D, v in zip(now.D, problem.noise, strict=True)])
    return Solution(
        alpha=point.alpha, beta=point.beta, u=point.u, codes_fixed=point.K, codes_random=point.H,
        basis=basis_of(problem, R) @ now.root, noise=noise, objective=found.value, trace=trace,
        run=np.zeros(len(trace), np.int64), starts=reached, status=status, seconds=seconds,
        means=np.concatenate(now.means), column_noise=np.concatenate(now.D),
    )  # fmt: skip
