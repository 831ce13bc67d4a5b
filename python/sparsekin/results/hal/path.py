"""The data of a HAL path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.families import Levels
from sparsekin.data.prepare import Prepared
from sparsekin.hal.path import Point
from sparsekin.hal.problem import Problem
from sparsekin.hal.select import largest_values, subset
from sparsekin.results.naming import counted


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALPathFit:
    """Solutions at m lambdas, descending.

    ========= ======== ==================================================
    field     shape    meaning
    ========= ======== ==================================================
    prepared  Prepared the data, and the way back to the user's rows
    problem   Problem  the basis at the rows, weights, penalty
    levels    K        levels of binomial outcomes that were text, else None
    points    m Point  solutions; their `fitted` is not kept
    tolerance float    gap that was asked for
    ========= ======== ==================================================
    """

    prepared: Prepared
    problem: Problem
    levels: tuple[Levels | None, ...]
    points: tuple[Point, ...]
    tolerance: float

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        sizes = counted(self.problem.n_tasks, "task"), counted(self.problem.design.basis.size, "function")
        return f"<{type(self).__name__} of {counted(len(self), 'lambda')}, {', '.join(sizes)}>"

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self.prepared.blocks.nobs

    @property
    def table(self) -> pd.DataFrame:
        """One row per lambda: lambda, objective, gap, selected (functions), variables."""
        basis = self.problem.design.basis
        rows = [
            (
                one.lambda_,
                one.objective,
                one.gap,
                len(one.functions),
                len({axis.column for axis in subset(basis, one.functions).axes}),
            )
            for one in self.points
        ]
        return pd.DataFrame(rows, columns=["lambda", "objective", "gap", "selected", "variables"])

    @property
    def variation_by_variable(self) -> pd.DataFrame:
        """(m, d) per lambda, the variation (see `HALFit.variation`) of all functions with a variable; mean over tasks.

        Variables that are in at no lambda have no column.
        """
        names, basis = self.problem.blocks.feature_names, self.problem.design.basis
        top = self.problem.blocks.X.max(axis=0)
        table = np.zeros((len(self), len(names)))
        for i, point in enumerate(self.points):
            part = subset(basis, point.functions)
            sizes = np.abs(point.coef).mean(axis=1) * largest_values(part, top)
            for at, size in zip(part.section_of(np.arange(part.size)), sizes, strict=True):
                table[i, list(part.columns_of(int(at)))] += size
        frame = pd.DataFrame(table, columns=names, index=pd.Index([one.lambda_ for one in self.points], name="lambda"))
        return frame.loc[:, frame.any(axis=0)]
