"""Columns that are constant carry no weight: they are left out of a problem, and put back into its solution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.forms.block import observed_means, take_columns, varies
from sparsekin.forms.problem import Means, Problem, Solution


@dataclass(frozen=True, slots=True, eq=False)
class Varying:
    """Which columns of Y, X, Z vary, and the problem of those alone."""

    whole: Problem
    problem: Problem
    columns: tuple[Bools, Bools, Bools]

    def only(self, loadings: Means) -> Means:
        """Loadings of the columns that vary."""
        alpha, beta, u = (part[which] for part, which in zip(loadings, self.columns, strict=True))
        return alpha, beta, u

    def restored(self, solution: Solution) -> Solution:
        """The solution for all columns: constant ones have loadings 0 and stand at their means."""
        if self.problem is self.whole:
            return solution
        alpha, beta, u = (
            _spread(part, which) for part, which in zip(solution.loadings, self.columns, strict=True)
        )  # fmt: skip
        which = np.concatenate(self.columns)
        means = np.concatenate([observed_means(block) for block in self.whole.blocks])
        means[which] = solution.means
        noise = solution.column_noise
        if noise is not None:
            noise = np.where(which, _spread(noise, which), 1.0)
        return replace(solution, alpha=alpha, beta=beta, u=u, means=means, column_noise=noise)


def varying(problem: Problem) -> Varying:
    """The problem without its constant columns; itself where there are none."""
    y, x, z = (varies(block) for block in problem.blocks)
    if y.all() and x.all() and z.all():
        return Varying(problem, problem, (y, x, z))
    Y, X, Z = (
        block if which.all() else take_columns(block, which)
        for block, which in zip(problem.blocks, (y, x, z), strict=True)
    )
    return Varying(problem, replace(problem, Y=Y, X=X, Z=Z), (y, x, z))


def _spread(part: Floats, which: Bools) -> Floats:
    whole = np.zeros((len(which), *part.shape[1:]))
    whole[which] = part
    return whole
