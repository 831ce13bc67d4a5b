"""Sets of variables that halves of the rows choose for a HAL, and curves on the rows that did not choose, with bands.

As for slopes (`estimates`): on each half the functions are chosen, at the lambda of the fit; the other rows refit them
without a penalty, task by task, beside all that were chosen. The curve of a variable is that of its own functions, mean
0 over the rows of all tasks; the mean over the halves that chose any for any task is told, with
se^2 = (1 - f / 2) times the mean square of its standard errors, f the share of these halves, and t with
2 (mean df) - 2 degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.profile import unpenalised_columns
from sparsekin.hal.basis import Basis
from sparsekin.hal.design import Design
from sparsekin.hal.path import Point, lambda_max, walk
from sparsekin.hal.problem import Problem
from sparsekin.hal.select import subset
from sparsekin.inference.beside_family import contrasts_of_family
from sparsekin.inference.estimates import LEAST_DF, LEAST_HALVES
from sparsekin.inference.split import counted_rows, on_halves
from sparsekin.tuning.folds import Folds, training_blocks

POINTS = 61  # of a curve, from the least value of its variable to the largest
_TOLERANCE = 1e-4  # of the duality gap: functions are chosen, their coefficients come from other rows
_WAY = 8  # lambdas down to that of the fit

Columns = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HalfCurves:
    """What one half chose, and the curves of the other rows.

    ========= ========= ================================================================================
    field     shape     meaning
    ========= ========= ================================================================================
    sections  m         sets of columns with a function chosen for any task
    support   (m, K)    bool: in which tasks
    curves    (v,)      columns with functions of their own among them
    value     (v, K, G) on the scale of the link; NaN where the other rows do not tell
    variance  (v, K, G)
    df        (K,)      degrees of freedom that all functions chosen leave on the other rows
    ========= ========= ================================================================================
    """

    sections: list[Columns]
    support: Bools
    curves: Ints
    value: Floats
    variance: Floats
    df: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CurveHalves:
    """All halves together.

    ============= ========= ======================================================================
    field         shape     meaning
    ============= ========= ======================================================================
    sections      m         sets of columns that any half chose
    frequency     (m, K)    share of halves that chose each in each task
    frequency_any (m,)      in any task
    variables     (d, 1 + K) share of halves that chose a section with the variable: in any task, in each
    at            (d, G)    values of each variable
    value         (d, K, G) its curve; NaN where fewer than 10 halves tell
    se            (d, K, G)
    df            (d, K)
    halves        int       2 B
    asked         int       pairs asked for; fewer are there after Ctrl-C
    grouped       bool      rows go together in groups
    ============= ========= ======================================================================
    """

    sections: tuple[Columns, ...]
    frequency: Floats
    frequency_any: Floats
    variables: Floats
    at: Floats
    value: Floats
    se: Floats
    df: Floats
    halves: int
    asked: int
    grouped: bool

    def band(self, column: int, level: float) -> tuple[Floats, Floats]:
        """(K, G) lower and upper ends of the curve of a variable, point by point."""
        df = np.where(self.df[column] > 0, self.df[column], np.nan)[:, None]
        half = stats.t.ppf((1 + level) / 2, df) * self.se[column]
        return self.value[column] - half, self.value[column] + half


def draw_curve_halves(
    problem: Problem,
    lambda_: float,
    *,
    pairs: int,
    rng: object = None,
    groups: Ints | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> CurveHalves:
    """Choose functions on halves of the rows at one lambda, and refit them on the rest; see `draw_halves`."""
    X = problem.blocks.X
    at = np.linspace(X.min(axis=0), X.max(axis=0), POINTS).T
    work = partial(curves_of_half, problem, lambda_=lambda_, at=at, groups=groups)
    found = on_halves(work, problem.blocks, pairs=pairs, rng=rng, groups=groups, n_jobs=n_jobs, progress=progress)
    return _together(found, at, problem.n_tasks, pairs, groups is not None)


def curves_of_half(
    problem: Problem, chosen: Bools, *, lambda_: float, at: Floats, groups: Ints | None = None
) -> HalfCurves:
    """Choose on rows (N,) bool; curves at values (d, G) from all others."""
    blocks, K = problem.blocks, problem.n_tasks
    point = point_without(problem, ~chosen, lambda_, _TOLERANCE)
    basis = subset(problem.design.basis, point.functions)
    of = [basis.columns_of(int(one)) for one in basis.section_of(np.arange(basis.size))]
    sections = sorted(set(of))
    support = np.array([np.any([point.coef[i] != 0 for i, one in enumerate(of) if one == s], axis=0) for s in sections])
    curves = np.array([s[0] for s in sections if len(s) == 1], np.int64)
    phi = Design(basis, blocks.X).columns(np.arange(basis.size))
    contrasts = _contrasts(basis, of, curves, at, phi)
    shape = (len(curves), K, at.shape[1])
    value, variance, df = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(K, np.int64)
    rest = counted_rows(blocks) & ~chosen
    for k, rows in enumerate(blocks.rows):
        w = blocks.weights[k]
        here = rest[rows] if w is None else rest[rows] & (w > 0)
        mates = None if groups is None else groups[rows]
        U = unpenalised_columns(blocks, k)
        found = contrasts_of_family(blocks, k, here, phi[rows], U, contrasts, mates)
        df[k] = found.df
        value[:, k], variance[:, k] = found.b.reshape(-1, shape[2]), found.se.reshape(-1, shape[2]) ** 2
    return HalfCurves(sections, support.reshape(len(sections), K), curves, value, variance, df)


def point_without(problem: Problem, held_out: Bools, lambda_: float, tolerance: float) -> Point:
    """The solution without some rows (N,) bool, which are not seen."""
    part = Folds(np.where(held_out, 0, -1), 1, "within-task")
    training = problem.on(training_blocks(problem.blocks, part, 0))
    top = lambda_max(training)
    way = np.geomspace(top, lambda_, _WAY)[1:] if 0 < lambda_ < top else np.array([lambda_])
    *_, point = walk(training, way, tolerance)
    return point


def _contrasts(basis: Basis, of: list[Columns], curves: Ints, at: Floats, phi: Floats) -> Floats:
    """(v G, a): what coefficients of functions add up to, at each value of each curve."""
    G = at.shape[1]
    out = np.zeros((len(curves), G, basis.size))
    for i, j in enumerate(curves.tolist()):
        mine = np.flatnonzero([one == (j,) for one in of])
        X = np.zeros((G, len(at)))
        X[:, j] = at[j]
        out[i][:, mine] = Design(basis, X).columns(mine) - phi[:, mine].mean(axis=0)
    return out.reshape(len(curves) * G, basis.size)


def _together(found: tuple[HalfCurves, ...], at: Floats, K: int, asked: int, grouped: bool) -> CurveHalves:
    n, (d, G) = len(found), at.shape
    sections = sorted({s for half in found for s in half.sections}, key=lambda s: (len(s), s))
    place = {s: i for i, s in enumerate(sections)}
    frequency, any_task = np.zeros((len(sections), K)), np.zeros(len(sections))
    variables = np.zeros((d, 1 + K))
    total, square, count = (np.zeros((d, K, G)) for _ in range(3))
    df, chose = np.zeros((d, K)), np.zeros(d)
    for half in found:
        rows = [place[s] for s in half.sections]
        frequency[rows] += half.support
        any_task[rows] += 1
        for j in sorted({j for s in half.sections for j in s}):
            inside = half.support[[j in s for s in half.sections]].any(axis=0)
            variables[j] += np.append(True, inside)
        seen = np.isfinite(half.value) & np.isfinite(half.variance)
        total[half.curves] += np.where(seen, half.value, 0.0)
        square[half.curves] += np.where(seen, half.variance, 0.0)
        count[half.curves] += seen
        df[half.curves] += half.df
        chose[half.curves] += 1
    f = chose / max(n, 1)
    df = 2 * df / np.maximum(chose, 1)[:, None] - 2
    told = (count >= LEAST_HALVES) & (df >= LEAST_DF)[:, :, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(told, total / count, np.nan)
        se = np.where(told, np.sqrt((1 - f[:, None, None] / 2) * square / count), np.nan)
    return CurveHalves(
        tuple(sections), frequency / max(n, 1), any_task / max(n, 1), variables / max(n, 1), at, value, se, df, n,
        asked, grouped,
    )  # fmt: skip
