"""Resampled loadings, turned towards the fit they belong to: signs and rotations are arbitrary, subspaces are not."""

from __future__ import annotations

import numpy as np
from scipy.linalg import orthogonal_procrustes

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.block import observed_means, recentre, take_rows
from sparsekin.forms.likelihood import solve_likelihood
from sparsekin.forms.problem import Problem, Solution, make_problem
from sparsekin.forms.solve import solve

_SWEEPS = 300


def resample(task: Ints | None, n: int, rng: np.random.Generator) -> Ints:
    """(n,) rows drawn with replacement, within each task where there are tasks."""
    if task is None:
        return rng.integers(n, size=n)
    rows = np.empty(n, np.int64)
    for code in np.unique(task):
        at = np.flatnonzero(task == code)
        rows[at] = rng.choice(at, size=len(at))
    return rows


def replicate(problem: Problem, solution: Solution, rows: Ints) -> tuple[Problem, Solution, tuple[Floats, ...]]:
    """A fit to the given rows, started at `solution`; and its alpha, beta and u turned towards it.

    The rotation is that of orthogonal Procrustes on all loadings, one above the other.
    """
    drawn = [take_rows(block, rows) for block in problem.blocks]
    Y, X, Z = (recentre(block, observed_means(block)) for block in drawn)
    part = make_problem(
        Y, X, Z, problem.d,
        noise=solution.noise, ridge=problem.ridge, l1=problem.l1, orthogonal=problem.orthogonal,
    )  # fmt: skip
    keep = part.rank_x == problem.rank_x == problem.d and part.rank_z == problem.rank_z in (0, problem.d)
    first = solution.loadings if keep else None
    if solution.column_noise is not None:
        found = solve_likelihood(part, starts=2, max_sweeps=_SWEEPS, tolerance=1e-7, first=first)
    else:
        found = solve(part, estimate_noise=False, starts=2, max_sweeps=_SWEEPS, tolerance=1e-7, first=first)
    R = orthogonal_procrustes(np.vstack(found.loadings), np.vstack(solution.loadings))[0]
    return part, found, tuple(loadings @ R for loadings in found.loadings)
