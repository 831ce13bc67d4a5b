"""Dimensions of a mixed form by cross-validation: of reconstructed cells, or of Y predicted for held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.errors import InterruptedWarning, warn
from sparsekin.forms.block import Block, apply_scale, column_counts, hide, make_block, raw_rows, varies
from sparsekin.forms.decode import expected_codes, unseen
from sparsekin.forms.effects import Tasks, given_all, given_task, with_effects
from sparsekin.forms.likelihood import solve_likelihood
from sparsekin.forms.problem import Problem, Solution, make_problem
from sparsekin.forms.solve import solve
from sparsekin.tuning.parallel import in_order


@dataclass(frozen=True, slots=True, eq=False)
class CellErrors:
    """Squared errors of held-out cells, standardised columns; constant columns do not count.

    ======= ============ ==================================================================
    field   shape        meaning
    ======= ============ ==================================================================
    d       (m,)         dimensions tried
    mse     (m, F, 3)    mean over the held-out cells of Y, X, Z in each finished fold; NaN
                         where none is held out
    ======= ============ ==================================================================
    """

    d: Ints
    mse: Floats

    @property
    def per_block(self) -> Floats:
        """(m, 3) mean over folds."""
        return _mean(self.mse, 1)

    @property
    def per_fold(self) -> Floats:
        """(m, F) mean over the blocks, each with the same weight."""
        return _mean(self.mse, 2)

    @property
    def mean(self) -> Floats:
        """(m,) over folds."""
        return _mean(self.per_fold, 1)

    @property
    def std_error(self) -> Floats:
        """(m,) sd over folds / sqrt(F), of the F folds with an error; NaN when there is only one."""
        left = self.per_fold - self.mean[:, None]
        n_folds = np.sum(~np.isnan(left), axis=1)
        variance = np.nansum(left**2, axis=1) / np.where(n_folds > 1, n_folds - 1.0, np.nan)
        return np.asarray(np.sqrt(variance / n_folds))

    @property
    def best(self) -> int:
        """The d of least mean error."""
        return int(self.d[np.nanargmin(self.mean)])

    @property
    def best_1se(self) -> int:
        """The least d whose mean error is within one standard error of the best."""
        at = int(np.nanargmin(self.mean))
        return int(self.d[self.mean <= self.mean[at] + np.nan_to_num(self.std_error[at])].min())


def cross_validate_cells(
    problem: Problem,
    dims: Sequence[int],
    folds: int,
    hold_out: tuple[bool, bool, bool],
    tasks: Tasks | None,
    rng: np.random.Generator,
    algorithm: str = "als",
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
    tasks : Tasks, where Z is their indicators
    rng : numpy.random.Generator
    algorithm : {"als", "em"}
    n_jobs, progress
        As for `in_order`.

    Warns
    -----
    InterruptedWarning
        Ctrl-C came: only finished folds are there.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C came before a fold was finished.
    """
    folds_of = [
        _draw_cells(block, folds, rng) if use and isinstance(block.values, np.ndarray) else None
        for block, use in zip(problem.blocks, hold_out, strict=True)
    ]
    hidden = [_hidden(problem, folds_of, fold) for fold in range(folds)]
    pieces = [(problem, d, hidden[fold], tasks, algorithm) for fold in range(folds) for d in dims]
    return _collect(_cell_errors, pieces, dims, folds, n_jobs, progress)


def cross_validate_rows(
    problem: Problem,
    dims: Sequence[int],
    fold_of: Ints,
    tasks: Tasks | None,
    algorithm: str = "als",
    *,
    n_jobs: int | None = None,
    progress: bool = False,
) -> CellErrors:
    """Hold rows out by fold and predict their Y from their X and Z by a fit to the others, standardised on those.

    Rows of fold -1 are in every fit. Parameters, warnings and errors as for `cross_validate_cells`.
    """
    folds = int(fold_of.max()) + 1
    pieces = [(problem, d, fold_of == fold, tasks, algorithm) for fold in range(folds) for d in dims]
    return _collect(_row_errors, pieces, dims, folds, n_jobs, progress)


def _collect(
    work: Callable[..., list[float] | None], pieces: list[tuple[Any, ...]], dims: Sequence[int], folds: int,
    n_jobs: int | None, progress: bool,
) -> CellErrors:  # fmt: skip
    found = in_order(work, pieces, n_jobs=n_jobs, progress=progress, complete=lambda errors: errors is not None)
    if found and found[-1] is None:
        found.pop()
    done = len(found) // len(dims)
    if done < folds:
        if not done:
            raise KeyboardInterrupt
        text = f"Cross-validation was interrupted: {done} of {folds} folds are finished; tables use those."
        warn(text, InterruptedWarning)
    mse = np.array(found[: done * len(dims)]).reshape(done, len(dims), 3)
    return CellErrors(np.array(dims, np.int64), mse.swapaxes(0, 1))


def rows_with_y(problem: Problem) -> Ints:
    """The rows of which a response is known."""
    block = problem.Y
    return np.arange(block.n_rows) if block.seen is None else np.flatnonzero(block.seen.any(axis=1))


def _draw_cells(block: Block, folds: int, rng: np.random.Generator) -> Ints:
    """(n, p) fold of each cell, -1 in a constant column."""
    which = varies(block)
    fold_of = np.full(block.values.shape, -1, np.int64)
    fold_of[:, which] = rng.integers(folds, size=(block.n_rows, int(which.sum())))
    return fold_of


def _mean(errors: Floats, axis: int) -> Floats:
    """Means of what is there; NaN where nothing is."""
    there = ~np.isnan(errors)
    total = np.where(there, errors, 0.0).sum(axis=axis)
    return np.asarray(total / np.where(there.any(axis=axis), there.sum(axis=axis), np.nan))


def _hidden(problem: Problem, folds_of: list[Ints | None], fold: int) -> list[Bools | None]:
    out: list[Bools | None] = []
    for block, folds in zip(problem.blocks, folds_of, strict=True):
        if folds is None:
            out.append(None)
        else:
            out.append((folds == fold) if block.seen is None else (folds == fold) & (block.seen > 0))
    return out


def _cell_errors(
    problem: Problem, d: int, hidden: list[Bools | None], tasks: Tasks | None, algorithm: str
) -> list[float] | None:
    """(3,) mean squared error of the hidden cells of each block; None after Ctrl-C."""
    Y, X, Z = (b if cells is None else hide(b, cells) for b, cells in zip(problem.blocks, hidden, strict=True))
    part, solution = _fit(problem, (Y, X, Z), d, algorithm)
    if solution.status == "interrupted":
        return None
    solution = with_effects(solution, part.blocks, tasks)
    K, H = expected_codes(solution, part.blocks)
    y = given_all(solution, part.blocks, None if tasks is None else tasks.of_row)
    fitted = (y, K @ solution.beta.T, H @ solution.u.T)
    parts = zip(problem.blocks, hidden, fitted, part.split(solution.means), strict=True)
    return [_mse(block, cells, values + mean) for block, cells, values, mean in parts]


def _row_errors(problem: Problem, d: int, test: Bools, tasks: Tasks | None, algorithm: str) -> list[float] | None:
    """Mean squared error of the Y of held-out rows, in standard deviations of all rows; None after Ctrl-C."""
    Y, X, Z = (make_block(raw_rows(block, ~test)) for block in problem.blocks)
    part, solution = _fit(problem, (Y, X, Z), d, algorithm)
    if solution.status == "interrupted":
        return None
    y, x, z = (
        apply_scale(raw_rows(block, test), own.center, own.scale)
        for block, own in zip(problem.blocks, part.blocks, strict=True)
    )  # fmt: skip
    if tasks is None:
        K, H = expected_codes(solution, (unseen(y, y.n_rows), x, z))
        fitted = np.asarray((K + H) @ solution.alpha.T)
    else:
        found = with_effects(solution, part.blocks, Tasks(tasks.of_row[~test], tasks.n_tasks))
        fitted = given_task(found, (y, x, z), tasks.of_row[test])
    left = (np.asarray(y.values) - fitted) * (Y.scale / problem.Y.scale)
    seen = np.ones(left.shape, bool) if y.seen is None else y.seen > 0
    seen &= varies(problem.Y) & (column_counts(Y) > 0)
    return [float(np.mean(left[seen] ** 2)) if seen.any() else np.nan, np.nan, np.nan]


def _fit(problem: Problem, blocks: tuple[Block, Block, Block], d: int, algorithm: str) -> tuple[Problem, Solution]:
    """The fit to other blocks, and the problem of these around the means of the fit."""
    part = make_problem(*blocks, d, ridge=problem.ridge, l1=problem.l1, orthogonal=problem.orthogonal)
    if algorithm == "em":
        solution = solve_likelihood(part, tolerance=1e-7, max_sweeps=500)
    else:
        solution = solve(part, tolerance=1e-6, max_sweeps=500)
    return part.around(part.split(solution.means)), solution


def _mse(block: Block, cells: Bools | None, fitted: Floats) -> float:
    if cells is None or not cells.any():
        return float("nan")
    return float(np.mean((np.asarray(block.values)[cells] - fitted[cells]) ** 2))
