"""Alternating least squares for linear mixed forms: exact row steps, exact loadings steps, J never rises.

The block weights 1 / v stay fixed within a run of sweeps, so J is one function there and falls from sweep to sweep;
between runs the v are set to the residual variances, after which J is another function.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import observed_means
from sparsekin.forms.loadings import update_loadings
from sparsekin.forms.problem import FLOORS, Point, Problem, misfit, objective, squares
from sparsekin.forms.rows import Patterns, find_patterns, solve_rows

_RUNS = 12  # most updates of the block weights
_WARM = 15  # sweeps between them
_SETTLED = 0.01  # relative change of v that ends them
_NOTHING = 1e-15  # share of the total sum of squares that is rounding
_FARTHEST = 100.0  # steps that loadings are moved on
Loadings = tuple[Floats, Floats, Floats]


@dataclass(slots=True)
class Course:
    """How a start went: J after each sweep, the run it belongs to, and why it ended."""

    problem: Problem
    point: Point
    trace: list[float] = field(default_factory=list)
    run: list[int] = field(default_factory=list)
    status: str = "sweep limit"


def effective_loadings(problem: Problem, loadings: Loadings) -> Loadings:
    """(q | p_x | p_z, m): what a unit of each free coordinate of (k, h) adds to the columns of Y, X and Z."""
    alpha, beta, u = loadings
    whole = (
        np.hstack([alpha, alpha]),
        np.hstack([beta, np.zeros_like(beta)]),
        np.hstack([np.zeros_like(u), u]),
    )
    return whole[0][:, problem.free], whole[1][:, problem.free], whole[2][:, problem.free]


def row_step(problem: Problem, point: Point, patterns: Patterns) -> Point:
    """The codes that minimise J given the loadings: a system [[a'a + b'b, a'a], [a'a, a'a + u'u]] for each pattern.

    Codes that a row leaves free stay as they are.
    """
    effective = effective_loadings(problem, point.loadings)
    precision = problem.ridge * np.eye(len(problem.free))
    codes = np.hstack([point.K, point.H])
    blocks = problem.blocks if point.means is None else problem.around(point.means).blocks
    codes[:, problem.free] = solve_rows(blocks, effective, problem.noise, precision, patterns, codes[:, problem.free])
    return replace(point, K=codes[:, : problem.d], H=codes[:, problem.d :])


def loadings_step(problem: Problem, point: Point) -> Point:
    """The loadings and means that minimise J given the codes (with l1 or orthogonal and gaps: that lower it)."""
    spans = (slice(None), slice(0, problem.rank_x), slice(problem.d - problem.rank_z, problem.d))
    fresh, means = [], []
    old_means = (None,) * 3 if point.means is None else point.means
    for block, codes, old, m, v, span in zip(
        problem.blocks, point.codes, point.loadings, old_means, problem.noise, spans, strict=True
    ):
        new = np.zeros_like(old)
        new[:, span], mean = update_loadings(
            block, codes[:, span], old[:, span], m, v, problem.ridge, problem.l1, problem.orthogonal
        )
        fresh.append(new)
        means += [] if mean is None else [mean]
    moved = replace(point, alpha=fresh[0], beta=fresh[1], u=fresh[2])
    return centre(replace(moved, means=(means[0], means[1], means[2]))) if means else moved


def centre(point: Point) -> Point:
    """Codes around their means, which go into those of the columns: the same fit, and a lower ridge."""
    if point.means is None:
        return point
    k, h = point.K.mean(axis=0), point.H.mean(axis=0)
    y, x, z = (m + L @ c for m, L, c in zip(point.means, point.loadings, (k + h, k, h), strict=True))
    return replace(point, K=point.K - k, H=point.H - h, means=(y, x, z))


def sweep(problem: Problem, point: Point, patterns: Patterns) -> Point:
    """A row step, a loadings step, and the change of coordinates that the ridge likes best.

    Without a ridge all coordinates are alike to J; without that change codes and loadings would drift apart in scale
    until nothing could be computed.
    """
    moved = loadings_step(problem, row_step(problem, point, patterns))
    if not _smooth(problem):
        return moved
    balanced = balance(moved, _whole(problem))
    return balanced if squares(balanced) < squares(moved) else moved


def descend(course: Course, patterns: Patterns, limit: int, tolerance: float, run: int) -> None:
    """Sweep until J falls by less than `tolerance` of itself twice running, or `limit` sweeps are done.

    Sweeps start from loadings moved on in the direction of the last sweep, the further the longer that succeeds;
    where J would rise, the sweep is done again from the loadings as they are. J is computed anew after every sweep.
    """
    previous, calm, reach, old = np.inf, 0, 0.0, course.point
    parts = zip(course.problem.blocks, course.problem.noise, strict=True)
    least = _NOTHING * sum(block.total / v for block, v in parts)
    course.status = "sweep limit"
    for _ in range(limit):
        here = course.point
        moved = sweep(course.problem, _beyond(here, old, reach), patterns)
        value = objective(course.problem, moved)
        if reach > 0 and not value <= previous:
            moved = sweep(course.problem, here, patterns)
            value, reach = objective(course.problem, moved), 0.0
        else:
            reach = min(1.5 * reach + 0.5, _FARTHEST) if _smooth(course.problem) else 0.0
        course.point, old = moved, here
        course.trace.append(value)
        course.run.append(run)
        calm = calm + 1 if abs(previous - value) <= max(tolerance * abs(value), least) else 0
        if calm == 2:
            course.status = "converged"
            return
        previous = value


def _beyond(here: Point, old: Point, reach: float) -> Point:
    if reach == 0.0:
        return here
    alpha, beta, u = (new + reach * (new - past) for new, past in zip(here.loadings, old.loadings, strict=True))
    moved = replace(here, alpha=alpha, beta=beta, u=u)
    if here.means is None or old.means is None:
        return moved
    y, x, z = (new + reach * (new - past) for new, past in zip(here.means, old.means, strict=True))
    return replace(moved, means=(y, x, z))


def _smooth(problem: Problem) -> bool:
    return problem.l1 == 0 and not problem.orthogonal


def run_course(course: Course, patterns: Patterns, limit: int, tolerance: float, estimate_noise: bool) -> Course:
    """All sweeps of one start; Ctrl-C ends it with the last complete sweep."""
    try:
        run = course.run[-1] + 1 if course.run else 0
        last = run + _RUNS
        while estimate_noise and run < last:
            descend(course, patterns, _WARM, tolerance, run)
            noise = residual_variances(course.problem, course.point)
            change = np.max(np.abs(noise / course.problem.noise - 1.0))
            course.problem = course.problem.with_noise(noise)
            run += 1
            if change < _SETTLED:
                break
        descend(course, patterns, limit, tolerance, run)
    except KeyboardInterrupt:
        course.status = "interrupted"
    return course


def residual_variances(problem: Problem, point: Point) -> Floats:
    """(3,) v_b = RSS_b / (cells - n h_b - loadings), at least `FLOORS`; unchanged for a block with no columns.

    h_b is the share of a row's coordinates that the block determines, tr(M_b'M_b / v_b (sum_c M_c'M_c / v_c + P)^-1).
    """
    seen = [block.n_cells / max(block.n_obs * block.width, 1) for block in problem.blocks]
    effective = effective_loadings(problem, point.loadings)
    parts = [f * M.T @ M / v for f, M, v in zip(seen, effective, problem.noise, strict=True)]
    m = len(problem.free)
    inverse = np.linalg.pinv(sum(parts) + (problem.ridge + 1e-10) * np.eye(m), hermitian=True)
    ranks = (problem.d, problem.rank_x, problem.rank_z)
    noise = problem.noise.copy()
    for b, (block, rss) in enumerate(zip(problem.blocks, misfit(problem, point), strict=True)):
        if block.width:
            used = block.n_obs * float(np.trace(parts[b] @ inverse)) + block.width * ranks[b]
            noise[b] = max(rss / max(block.n_cells - used, 0.05 * block.n_cells), FLOORS[b])
    return noise


def open_course(problem: Problem, loadings: Loadings) -> Course:
    """A start that has not swept yet."""
    empty = np.zeros((problem.n_rows, problem.d))
    y, x, z = (observed_means(block) for block in problem.blocks)
    return Course(problem, Point(*loadings, empty, empty, (y, x, z) if problem.gaps else None))


def patterns_of(problem: Problem) -> Patterns:
    """Which rows miss the same cells."""
    return find_patterns(problem.blocks)


def _whole(problem: Problem) -> bool:
    """Whether every change of coordinates R of R^d keeps the point admissible."""
    return problem.rank_x in (0, problem.d) and problem.rank_z in (0, problem.d)


def balance(point: Point, whole: bool) -> Point:
    """Codes times R, loadings times R^-T, with R R' = G^-1/2 (G^1/2 F G^1/2)^1/2 G^-1/2, which minimises the ridge.

    G = K'K + H'H and F = alpha'alpha + beta'beta + u'u; tr(G S) + tr(F S^-1) is least at that S = R R'. Unless `whole`,
    only the diagonals of G and F are looked at, and R only scales.
    """
    G = point.K.T @ point.K + point.H.T @ point.H
    F = np.asarray(sum(part.T @ part for part in point.loadings))
    d = len(G)
    if not (np.trace(G) > 0 and np.trace(F) > 0):
        return point
    if not whole:
        G, F = np.diag(np.diag(G)), np.diag(np.diag(F))
    G, F = (M + 1e-12 * float(np.trace(M)) * np.eye(d) for M in (G, F))
    root, inverse = _power(G, 0.5), _power(G, -0.5)
    S = inverse @ _power(root @ F @ root, 0.5) @ inverse
    R, back = _power(S, 0.5), _power(S, -0.5)
    return Point(point.alpha @ back, point.beta @ back, point.u @ back, point.K @ R, point.H @ R, point.means)


def _power(A: Floats, exponent: float) -> Floats:
    """A^exponent of a positive definite A."""
    values, E = np.linalg.eigh((A + A.T) / 2)
    return np.asarray(E * np.maximum(values, 1e-12 * values[-1]) ** exponent @ E.T)
