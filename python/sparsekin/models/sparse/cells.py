"""Near-optimal supports cell by cell, in the user's names: what leaving a feature out costs, and what replaces it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import InterruptedWarning, OptionError, warn
from sparsekin.l0.exact.cells import CLOSED, Cell, Cells, Survey
from sparsekin.l0.exact.certify import open_squares
from sparsekin.l0.exact.exchanges import supports_of as supports_of_key
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.exact.units import Units
from sparsekin.l0.glm.prove import open_family
from sparsekin.l0.glm.solve import solve as solve_family
from sparsekin.l0.pooled import is_pooled, pooled_problem
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.solve import solution_of, solve
from sparsekin.models.sparse.exact import check_ridge, named, problem_of, supports_of
from sparsekin.results.sparse.fit import SparseFit

COLUMNS = ["coef", "low", "high", "verdict", "price", "distance", "at_least", "rival", "gap", "proven"]


def check_within(within: object) -> None:
    """Raise `OptionError` unless it is a positive number."""
    if isinstance(within, bool) or not isinstance(within, int | float) or not 0 < within < np.inf:
        raise OptionError(f"within = {within!r} must be a positive number of likelihood units, such as 4.")


def cells_of(fit: SparseFit, within: float, time_limit: float) -> pd.DataFrame:
    """The cells of a fit and those that supports near it hold, as a table."""
    check_within(within)
    refuse_on_disk(fit.blocks, "alternatives()")
    started = time.perf_counter()
    whole = problem_of(fit)
    if whole.losses is not None:
        check_ridge(whole, "tree")
    problem, supports = (pooled_problem(whole), supports_of(fit)[:1]) if is_pooled(whole) else (whole, supports_of(fit))
    deadline = started + time_limit
    opener = open_squares if problem.losses is None else open_family
    try:
        proof = opener(problem, supports, 1e-4, Limits(deadline))
    except TimeoutError:
        raise OptionError(
            f"time_limit = {time_limit:g} s is not enough to read the data; allow more, or None."
        ) from None
    units = Units.of(problem, proof.losses_of(proof.supports))
    n_units = 1 if problem.support == "common" else problem.n_tasks
    near = np.array([proof.objective + units.rise(u, within) for u in range(n_units)])
    found = Survey(proof, near, deadline).run(lambda u, j: _without(problem, u, j, fit.effort, deadline))
    if found.status == "interrupted":
        warn("Stopped by Ctrl-C; cells not looked at by then are undecided.", InterruptedWarning)
    return _table(fit, _Names(fit, whole, problem), proof, units, found, near, within)


def _without(problem: Problem, unit: int, column: int, effort: int, deadline: float) -> Supports:
    """What a search finds where a column is not for a unit."""
    usable = problem.standard.usable.copy()
    usable[column, slice(None) if problem.support == "common" else unit] = False
    barred = replace(problem, standard=replace(problem.standard, usable=usable))
    found = solve(barred, effort=effort) if barred.losses is None else solve_family(barred, effort, deadline)
    return [np.flatnonzero(z).astype(np.int32) for z in found.support.T]


class _Names:
    """Units and supports of the problem that was looked at, as those of the fit."""

    def __init__(self, fit: SparseFit, whole: Problem, problem: Problem) -> None:
        self.fit, self.whole, self.problem, self.K = fit, whole, problem, whole.n_tasks
        self.together = self.K > 1 and (problem.support == "common" or problem.n_tasks < self.K)

    def tasks(self, unit: int) -> list[int]:
        """Of a unit."""
        return list(range(self.K)) if self.together else [unit]

    def mask(self, supports: Supports) -> np.ndarray:
        """(p, K)."""
        mask = as_mask(self.problem, supports)
        return np.repeat(mask, self.K, axis=1) if mask.shape[1] < self.K else mask

    def coef(self, supports: Supports) -> Floats:
        """(p, K) slopes at the refit of supports, user's scale."""
        everywhere = supports * self.K if len(supports) < self.K else supports
        return solution_of(self.whole, everywhere, time.perf_counter()).coef


def _table(
    fit: SparseFit, names: _Names, proof: Standing, units: Units, found: Cells, near: Floats, within: float
) -> pd.DataFrame:
    blocks, own = fit.blocks, names.coef(proof.supports)
    coefs = [(value, names.coef(supports_of_key(key))) for key, value in found.met.items() if value <= near.max()]
    rows = []
    for cell in sorted(found.cells, key=lambda cell: 0.0 if cell.inside else cell.value):
        shared = {"verdict": _verdict(cell, near[cell.unit]), **_cost(cell, proof, units)}
        for k in names.tasks(cell.unit):
            there = [coef[cell.column, k] for value, coef in coefs if value <= near[cell.unit]]
            rows.append({
                "feature": blocks.feature_names[cell.column], "task": blocks.task_names[k],
                "coef": own[cell.column, k], "low": np.min(there), "high": np.max(there), **shared,
                "rival": _rival(fit, names, cell),
            })  # fmt: skip
    table = pd.DataFrame(rows, columns=["feature", "task", *COLUMNS]).set_index(["feature", "task"])
    each = len(names.tasks(0))
    named_ = len({(cell.unit, cell.column) for cell in found.cells} - {tuple(at) for at in np.argwhere(found.out)})
    unseen = int((~found.out).sum()) - named_
    undecided = unseen + sum(_verdict(cell, near[cell.unit]) == "undecided" for cell in found.cells)
    table.attrs |= {
        "status": found.status, "within": float(within), "in no support": each * int(found.out.sum()),
        "undecided": each * undecided,
    }  # fmt: skip
    return table


def _verdict(cell: Cell, near: float) -> str:
    """Whether supports near the fit have the cell."""
    if cell.value <= near:
        return "some"
    return "every" if cell.inside and cell.bound > near else "undecided"


def _cost(cell: Cell, proof: Standing, units: Units) -> dict[str, object]:
    if cell.supports is None:
        return {"price": np.nan, "distance": np.nan, "at_least": np.nan, "gap": np.nan, "proven": False}
    out = {
        "price": units.price(proof.losses_of(cell.supports)),
        "distance": units.distance(cell.unit, cell.value - proof.objective),
    }
    if cell.bound == -np.inf:
        return {**out, "at_least": np.nan, "gap": np.nan, "proven": False}
    gap = (cell.value - max(cell.bound, 0.0)) / cell.value if cell.value > 0 else 0.0
    return {
        **out, "at_least": units.distance(cell.unit, cell.bound - proof.objective), "gap": gap,
        "proven": gap <= 1.01 * CLOSED,
    }  # fmt: skip


def _rival(fit: SparseFit, names: _Names, cell: Cell) -> str:
    """What enters where a cell of the fit is left out; what leaves where another enters."""
    if cell.supports is None:
        return ""
    there, here = names.mask(cell.supports), fit.solution.support
    return named(fit, there & ~here if cell.inside else here & ~there)
