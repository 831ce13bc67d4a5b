"""Dimensions of a mixed form by cross-validated reconstruction: cells are held out, not rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.forms.block import Block, hide
from sparsekin.forms.decode import expected_codes
from sparsekin.forms.problem import Problem, make_problem
from sparsekin.forms.solve import solve
from sparsekin.tuning.parallel import in_order


@dataclass(frozen=True, slots=True, eq=False)
class CellErrors:
    """Squared errors of held-out cells, standardised columns.

    ======= ============ ==================================================================
    field   shape        meaning
    ======= ============ ==================================================================
    d       (m,)         dimensions tried
    mse     (m, F, 3)    mean over the held-out cells of Y, X, Z; NaN where none is held out
    ======= ============ ==================================================================
    """

    d: Ints
    mse: Floats

    @property
    def per_fold(self) -> Floats:
        """(m, F) mean over the blocks, each with the same weight."""
        return np.asarray(np.nanmean(self.mse, axis=2))

    @property
    def mean(self) -> Floats:
        """(m,) over folds."""
        return np.asarray(self.per_fold.mean(axis=1))

    @property
    def std_error(self) -> Floats:
        """(m,) sd over folds / sqrt(F)."""
        return np.asarray(self.per_fold.std(axis=1, ddof=1) / np.sqrt(self.mse.shape[1]))

    @property
    def best(self) -> int:
        """The d of least mean error."""
        return int(self.d[np.argmin(self.mean)])

    @property
    def best_1se(self) -> int:
        """The least d whose mean error is within one standard error of the best."""
        at = int(np.argmin(self.mean))
        return int(self.d[self.mean <= self.mean[at] + self.std_error[at]].min())


def cross_validate_cells(
    problem: Problem,
    dims: Sequence[int],
    folds: int,
    hold_out: tuple[bool, bool, bool],
    rng: np.random.Generator,
    *,
    n_jobs: int | None = None,
    progress: bool = False,
) -> CellErrors:
    """Hide each cell once, fit without it, and predict it from what is left of its row.

    Parameters
    ----------
    problem : Problem
        Its d is not used.
    dims : dimensions to try
    folds : int
        Every observed cell falls into one at random.
    hold_out : for Y, X, Z: whether cells are held out
        Indicator columns of tasks are not: the other columns of the row would give them away. Sparse blocks are not.
    rng : numpy.random.Generator
    n_jobs, progress
        As for `in_order`.
    """
    folds_of = [
        rng.integers(folds, size=block.values.shape) if use and isinstance(block.values, np.ndarray) else None
        for block, use in zip(problem.blocks, hold_out, strict=True)
    ]
    pieces = [(problem, d, _hidden(problem, folds_of, fold)) for d in dims for fold in range(folds)]
    found = in_order(_errors, pieces, n_jobs=n_jobs, progress=progress)
    if len(found) < len(pieces):
        raise KeyboardInterrupt
    return CellErrors(np.array(dims, np.int64), np.array(found).reshape(len(dims), folds, 3))


def _hidden(problem: Problem, folds_of: list[Ints | None], fold: int) -> list[Bools | None]:
    out: list[Bools | None] = []
    for block, folds in zip(problem.blocks, folds_of, strict=True):
        if folds is None:
            out.append(None)
        else:
            out.append((folds == fold) if block.seen is None else (folds == fold) & (block.seen > 0))
    return out


def _errors(problem: Problem, d: int, hidden: list[Bools | None]) -> list[float]:
    """(3,) mean squared error of the hidden cells of each block."""
    Y, X, Z = (b if cells is None else hide(b, cells) for b, cells in zip(problem.blocks, hidden, strict=True))
    part = make_problem(Y, X, Z, d, ridge=problem.ridge, l1=problem.l1, orthogonal=problem.orthogonal)
    solution = solve(part, tolerance=1e-6, max_sweeps=500)
    K, H = expected_codes(solution, part.blocks)
    parts = zip(problem.blocks, hidden, (K + H, K, H), solution.loadings, strict=True)
    return [_mse(block, cells, codes @ loadings.T) for block, cells, codes, loadings in parts]


def _mse(block: Block, cells: Bools | None, fitted: Floats) -> float:
    if cells is None or not cells.any():
        return float("nan")
    return float(np.mean((np.asarray(block.values)[cells] - fitted[cells]) ** 2))
