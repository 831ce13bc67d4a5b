"""What one task's part of F becomes when a single column enters, leaves or is exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import residualize
from sparsekin.l0.exact.pool import Support
from sparsekin.l0.polish import refit, refit_value
from sparsekin.l0.problem import Problem, factor
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import Workspace


@dataclass(frozen=True, slots=True)
class TaskGram:
    """Gram rows of one task over all columns, read when a column is first in a support."""

    view: Any
    c: Floats
    diag: Floats
    lambda_1: float
    size: int
    constant: float

    @classmethod
    def of(cls, workspace: Workspace, views: list[Any], k: int, constant: float) -> TaskGram:
        """Task k on `views` of all columns."""
        at = k if len(views) > 1 else 0
        problem = workspace.problem
        return cls(views[at], workspace.c[k], workspace.diag[at], problem.lambda_1, int(problem.s[k]), constant)

    def neighbours(self, support: Support, prices: Floats, keep: int) -> tuple[dict[Support, float], Floats]:
        """The `keep` neighbours of a support with the least value at `prices` (p,), with their values without prices.

        Also (p,): per column outside, the least value of a neighbour that has it, its own price left out.
        """
        least = np.full(len(prices), np.inf)
        supports: list[Support] = []
        values: list[float] = []
        priced: list[float] = []
        G = np.asarray(_native.gram_rows(self.view, np.array(support, np.int32)))
        bases = [tuple(j for j in support if j != i) for i in support]
        if len(support) < self.size:
            bases.append(support)
        for base in bases:
            plain, entered = self._entries(base, G[[support.index(j) for j in base]])
            entered[list(support)] = np.inf
            before = float(prices[list(base)].sum())
            least = np.minimum(least, entered + before)
            total = entered + (prices + before)
            n = min(keep, len(prices) - len(support))
            best = np.argpartition(total, n - 1)[:n] if n > 0 else np.empty(0, int)
            best = best[np.isfinite(total[best])]
            supports += [base, *(tuple(sorted((*base, j))) for j in best.tolist())]
            values += [plain, *entered[best].tolist()]
            priced += [plain + before, *total[best].tolist()]
        order = np.argsort(priced, kind="stable")[:keep]
        return {supports[i]: values[i] for i in order}, least

    def _entries(self, base: Support, rows: Floats) -> tuple[float, Floats]:
        """The value of `base`, and (p,) the value with one more column; inf where it is unusable or adds nothing."""
        h = self.diag + self.lambda_1
        g, plain = self.c, self.constant
        if base:
            at = list(base)
            inverse = np.linalg.pinv(rows[:, at] + self.lambda_1 * np.eye(len(at)))
            b = inverse @ self.c[at]
            plain -= float(b @ self.c[at]) / 2
            g = self.c - b @ rows
            h = h - np.einsum("ij,ij->j", rows, inverse @ rows)
        usable = (self.diag > 0) & (h > 1e-9 * (self.diag + self.lambda_1))
        gains = np.where(usable, g**2 / (2 * np.where(usable, h, 1.0)), -np.inf)
        return plain, plain - gains


def swapped(problem: Problem, supports: Supports, m: int) -> list[tuple[float, Supports]]:
    """The m best supports found one column away in one task (in all tasks where they share one), by exact refits."""
    base = as_mask(problem, supports)
    may = problem.standard.usable
    groups = [slice(k, k + 1) for k in range(problem.n_tasks)]
    if problem.support == "common":
        groups, may = [slice(0, problem.n_tasks)], may & may.all(axis=1, keepdims=True)
    coef = refit(problem, base)
    found: list[tuple[float, Supports]] = []
    for group in groups:
        inside = np.flatnonzero(base[:, group].any(axis=1))
        outside = np.flatnonzero(may[:, group].all(axis=1) & ~base[:, group].any(axis=1))
        outside = outside[np.argsort(-_pull(problem, coef, outside, group))[: 2 * m]]
        for leaving in inside:
            for entering in [None, *outside]:
                moved = base.copy()
                moved[leaving, group] = False
                if entering is not None:
                    moved[entering, group] = True
                found.append((refit_value(problem, moved), [np.flatnonzero(z).astype(np.int32) for z in moved.T]))
    return sorted(found, key=lambda item: item[0])[:m]


def _pull(problem: Problem, coef: Floats, columns: Ints, group: slice) -> Floats:
    """(|columns|,) size of the gradient of the loss at `coef`, summed over tasks."""
    total = np.zeros(len(columns))
    for k in range(problem.n_tasks)[group]:
        blocks, w, chosen = problem.blocks, problem.blocks.weights[k], np.flatnonzero(coef[:, k])
        slopes = coef[chosen, k] / problem.standard.scale[chosen, k]
        y = blocks.y[k] / problem.standard.y_scale[k] - blocks.columns_of(k, chosen) @ slopes
        r = residualize(y, problem.basis[k], w)
        r = factor(problem, k) * (r if w is None else r * w)
        total += np.abs(blocks.X_of(k).T @ r)[columns] / problem.standard.scale[columns, k]
    return total
