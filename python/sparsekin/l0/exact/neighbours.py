"""What one task's part of F becomes when a single column enters, leaves or is exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.exact.pool import Support
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

    def entries(self, support: Support, prices: Floats) -> Entries:
        """What the entry of each column makes of a support at best, at `prices` (p,), its own left out."""
        G = np.asarray(_native.gram_rows(self.view, np.array(support, np.int32)))
        bases = [tuple(j for j in support if j != i) for i in support]
        if len(support) < self.size:
            bases.append(support)
        best, value = np.full((2, len(prices)), np.inf)
        at, plain = np.zeros(len(prices), int), {}
        for i, base in enumerate(bases):
            plain[base], entered = self._entries(base, G[[support.index(j) for j in base]])
            entered[list(support)] = np.inf
            priced = entered + float(prices[list(base)].sum())
            better = priced < best
            best[better], value[better], at[better] = priced[better], entered[better], i
        return Entries(plain, best, value, at)

    def _entries(self, base: Support, rows: Floats) -> tuple[float, Floats]:
        """The value of `base`, and (p,) the value with one more column; inf where it is unusable or adds nothing."""
        h = self.diag + self.lambda_1
        g, plain = self.c, self.constant
        if base:
            at = list(base)
            root = np.sqrt(h[at])
            unit = (rows[:, at] + self.lambda_1 * np.eye(len(at))) / np.outer(root, root)
            inverse = np.linalg.pinv(unit, rcond=1e-12, hermitian=True) / np.outer(root, root)
            b = inverse @ self.c[at]
            plain -= float(b @ self.c[at]) / 2
            g = self.c - b @ rows
            h = h - np.einsum("ij,ij->j", rows, inverse @ rows)
        usable = (self.diag > 0) & (h > 1e-9 * (self.diag + self.lambda_1))
        gains = np.where(usable, g**2 / (2 * np.where(usable, h, 1.0)), -np.inf)
        return plain, plain - gains


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """What the entry of each of p columns makes of a support.

    ======= ====  =====================================================================
    field   shape meaning
    ======= ====  =====================================================================
    bases   dict  what may stay of the support, with its value without prices
    least   (p,)  value with the column and what stays beside it at the least, prices of what stays added; inf: none
    value   (p,)  the same without prices
    at      (p,)  which of `bases` stays
    ======= ====  =====================================================================
    """

    bases: dict[Support, float]
    least: Floats
    value: Floats
    at: Ints

    def stays(self, columns: Ints, size: int, nowhere: int) -> Ints:
        """(n, size) what stays beside each of n columns."""
        padded = np.full((len(self.bases), size), nowhere)
        for i, base in enumerate(self.bases):
            padded[i, : len(base)] = base
        return np.asarray(padded[self.at[columns]])

    def support(self, column: int) -> dict[Support, float]:
        """The support with a column, and its value."""
        base = [*self.bases][self.at[column]]
        return {tuple(sorted((*base, column))): float(self.value[column])}
