"""Solve one problem of mixed forms: several starts, the best of them run to the end, in canonical form."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.als import (
    Course,
    Loadings,
    open_course,
    patterns_of,
    row_step,
    run_course,
)
from sparsekin.forms.canonical import basis_of, canonical_rotation, turn
from sparsekin.forms.compress import compress, compressible
from sparsekin.forms.constant import varying
from sparsekin.forms.problem import Problem, Solution, objective
from sparsekin.forms.published import first_point, published_iteration
from sparsekin.forms.rows import Patterns
from sparsekin.forms.starts import spectral_loadings, start_from

Algorithm = Literal["als", "em", "published"]
_TRIAL = 40  # sweeps before the starts are compared


def solve(
    problem: Problem,
    *,
    estimate_noise: bool = True,
    starts: int = 3,
    max_sweeps: int = 2000,
    tolerance: float = 1e-8,
    rng: np.random.Generator | None = None,
    first: Loadings | None = None,
) -> Solution:
    """Minimise J by alternating least squares.

    Parameters
    ----------
    problem : Problem
    estimate_noise : bool
        Set v to the residual variances between runs of sweeps; False keeps ``problem.noise``.
    starts : int
        See `start_from`; the best after a few sweeps is run to the end.
    max_sweeps : int
        Of the last run.
    tolerance : float
        Relative decrease of J in a sweep that ends a run.
    rng : numpy.random.Generator, optional
    first : loadings to start from instead, optional

    Returns
    -------
    Solution
    """
    began, kept = time.perf_counter(), varying(problem)
    whole, first = kept.problem, None if first is None else kept.only(first)
    problem = compress(whole) if compressible(whole) else whole
    best, reached, _ = best_course(problem, estimate_noise, starts, max_sweeps, tolerance, rng, first)
    if problem is not whole:
        best.problem = whole.with_noise(best.problem.noise)
        best.point = row_step(best.problem, open_course(best.problem, best.point.loadings).point, patterns_of(whole))
    return kept.restored(conclude(best, reached, began))


def best_course(
    problem: Problem,
    estimate_noise: bool,
    starts: int,
    max_sweeps: int,
    tolerance: float,
    rng: np.random.Generator | None,
    first: Loadings | None,
) -> tuple[Course, Floats, Patterns]:
    """The best of several starts run to the end; J of each after its trial sweeps; the patterns of missing cells."""
    patterns, rng = patterns_of(problem), np.random.default_rng(0) if rng is None else rng
    opened = [first] if first is not None else [start_from(problem, number, rng) for number in range(starts)]
    courses: list[Course] = []
    for loadings in opened:
        courses.append(run_course(open_course(problem, loadings), patterns, _TRIAL, tolerance, False))
        if courses[-1].status == "interrupted":
            break
    reached = np.array([course.trace[-1] if course.trace else np.inf for course in courses])
    best = courses[int(np.argmin(reached))]
    if courses[-1].status == "interrupted":
        best.status = "interrupted"
    else:
        run_course(best, patterns, max_sweeps, tolerance, estimate_noise)
    return best, reached, patterns


def solve_published(
    problem: Problem, *, max_iterations: int = 350, tolerance: float = 1e-6, loadings: Loadings | None = None
) -> Solution:
    """The published cyclic updates from one start; they end when K + H changes by less than `tolerance` on average."""
    began, kept = time.perf_counter(), varying(problem)
    problem = kept.problem
    start = spectral_loadings(problem, np.random.default_rng(0)) if loadings is None else kept.only(loadings)
    course = Course(problem, first_point(problem, start))
    try:
        for _ in range(max_iterations):
            before = course.point
            course.point, value = published_iteration(problem, before)
            course.trace.append(value)
            course.run.append(0)
            if np.mean(np.abs(course.point.K + course.point.H - before.K - before.H)) < tolerance:
                course.status = "converged"
                break
    except KeyboardInterrupt:
        course.status = "interrupted"
    return kept.restored(conclude(course, np.array(course.trace[-1:]), began))


def conclude(course: Course, starts: Floats, began: float) -> Solution:
    """The end of a course in canonical form."""
    problem = course.problem
    R = canonical_rotation(problem, course.point)
    point = turn(course.point, R)
    run: Ints = np.array(course.run, np.int64)
    means = np.zeros(sum(block.width for block in problem.blocks))
    if point.means is not None:
        means = np.concatenate(point.means)
    return Solution(
        alpha=point.alpha, beta=point.beta, u=point.u, codes_fixed=point.K, codes_random=point.H,
        basis=basis_of(problem, R), noise=problem.noise, objective=objective(problem, course.point),
        trace=np.array(course.trace), run=run, starts=starts, status=course.status, seconds=time.perf_counter() - began,
        means=means,
    )  # fmt: skip
