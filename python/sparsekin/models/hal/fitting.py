"""One fit of a `MTHAL`, and the basis it chooses from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sparsekin.blas import one_blas_thread
from sparsekin.hal.basis import Term
from sparsekin.hal.path import lambda_max, walk
from sparsekin.models.hal.checks import check_lambda, check_tolerance
from sparsekin.models.hal.comparing import HALComparing
from sparsekin.models.hal.results import HALResults, hal_results_of
from sparsekin.results.hal.names import section_name


class HALFitting(HALComparing):
    """Methods of `MTHAL` that fit at one lambda and describe the basis."""

    _terms: list[Term]

    def _candidates(self) -> str:
        n = self.blocks.n_features
        return f"{n} variable{'s' * (n != 1)}, {self.n_functions} functions"

    @property
    def n_functions(self) -> int:
        """p, the functions to choose from."""
        return self._problem.design.basis.size

    @property
    def sections(self) -> pd.DataFrame:
        """The basis before any fit: section, degree, order, knots (asked for per variable), functions, factor.

        And monotone, where a term of the formula is.
        """
        basis, names = self._problem.design.basis, self.blocks.feature_names
        counts: dict[tuple[Any, ...], int] = {}
        for i, one in enumerate(basis.sections):
            key = (basis.columns_of(i), max(one.orders), one.factor)
            counts[key] = counts.get(key, 0) + len(one.cells)
        rows = [
            (section_name(names, term.columns), len(term.columns), term.order, term.bins,
             counts.get((term.columns, term.order, term.factor), 0), term.factor)
            for term in self._terms
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=["section", "degree", "order", "knots", "functions", "factor"])
        if any(term.sign for term in self._terms):
            table["monotone"] = [{1: "i", -1: "d", 0: ""}[term.sign] for term in self._terms]
        return table

    @property
    def lambda_max(self) -> float:
        """Least lambda at which no function is in."""
        return lambda_max(self._problem)

    def fit(self, lambda_: float, tolerance: float = 1e-6, linear: float | None = None) -> HALResults:
        """Fit at one lambda.

        Parameters
        ----------
        lambda_ : float
            Penalty > 0; at `lambda_max` no function is in.
        tolerance : float
            Duality gap to reach, relative to the objective of the model without functions, of the whole and of each
            task given the others.
        linear : float, optional
            Above 0, at most 1: a penalty of their own for lines, the hinges at smallest values of variables, so that a
            curve has to be worth being one. At 1 noise would let in a line as early as any other function, at .1 at
            ten times that lambda, see `sparsekin.hal.linear`. By default lines are functions as any other.

        Returns
        -------
        HALResults

        Raises
        ------
        OptionError
            `lambda_`, `tolerance` or `linear` is no number it can be, or the basis has no line.
        """
        lambda_, tolerance = check_lambda(lambda_), check_tolerance(tolerance)
        problem = self._problem_with(linear)
        with one_blas_thread():
            top = lambda_max(problem)
            way = np.geomspace(top, lambda_, 8)[1:] if 0 < lambda_ < top else np.array([lambda_])
            *_, point = walk(problem, way, tolerance)
        return hal_results_of(self._prepared, problem, self._levels, point, tolerance)
