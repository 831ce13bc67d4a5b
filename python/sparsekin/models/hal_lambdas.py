"""Methods of `MTHAL` that try many lambdas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.families import Levels
from sparsekin.data.prepare import Prepared
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.problem import Problem
from sparsekin.hal.undersmooth import undersmoothed
from sparsekin.models.hal_checks import check_lambda, check_tolerance, read_l1_ratios, read_lambdas
from sparsekin.models.hal_results import HALResults, hal_results_of
from sparsekin.models.hal_tuning import HALCV, HALPath
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.hal import cross_validate_hal
from sparsekin.tuning.split import Rng


class HALTuning:
    """Methods of `MTHAL` that try many lambdas."""

    _prepared: Prepared
    _problem: Problem
    _levels: tuple[Levels | None, ...]

    def path(self, lambdas: Sequence[float] | None = None, n_lambda: int = 100, tolerance: float = 1e-6) -> HALPath:
        """Fit along a sequence of lambda.

        Parameters
        ----------
        lambdas : sequence of float, optional
            By default `n_lambda` values, evenly spaced in logarithm, from `lambda_max` to 1e-4 of it (1e-2 when
            there are more functions than rows).
        n_lambda : int
        tolerance : float
            As for `fit`.

        Returns
        -------
        HALPath

        Raises
        ------
        OptionError
            An option has a value it cannot take.
        """
        tolerance, values = check_tolerance(tolerance), _lambdas(self._problem, lambdas, n_lambda)
        blank = np.empty((0, 0))
        points = tuple(replace(one, fitted=blank) for one in walk(self._problem, values, tolerance))
        return HALPath(self._prepared, self._problem, self._levels, points, tolerance)

    def undersmooth(self, lambda_: float, tolerance: float = 1e-6) -> HALResults:
        """Fit at the largest lambda that is small enough for plug-in estimates, see `sparsekin.hal.undersmooth`.

        Parameters
        ----------
        lambda_ : float
            Where to start, usually the choice of cross-validation: the functions selected there must solve their
            score equations.
        tolerance : float
            As for `fit`.

        Returns
        -------
        HALResults

        Raises
        ------
        OptionError
            `lambda_` or `tolerance` is no number it can be.
        SolverError
            No lambda down to a thousandth of `lambda_` qualifies.
        """
        lambda_, tolerance = check_lambda(lambda_), check_tolerance(tolerance)
        way = np.geomspace(max(lambda_max(self._problem), lambda_), lambda_, 8)[1:]
        *_, start = walk(self._problem, way, tolerance)
        point = undersmoothed(self._problem, start, tolerance)
        return hal_results_of(self._prepared, self._problem, self._levels, point, tolerance)

    def cross_validate(
        self,
        lambdas: Sequence[float] | None = None,
        n_lambda: int = 100,
        l1_ratio: float | Sequence[float] | None = None,
        folds: Any = 10,
        groups: Any = None,
        tolerance: float = 1e-6,
        n_jobs: int | None = None,
        rng: Rng = None,
        progress: bool = False,
    ) -> HALCV:
        """Judge a sequence of lambda on rows held out of the fit.

        The error is the RMSE, mean over tasks and folds. In binomial tasks it is the mean deviance of a row; where
        families are mixed, each task's mean deviance over that of its unpenalised columns alone.

        Parameters
        ----------
        lambdas, n_lambda, tolerance
            As for `path`. The default sequence ends early where the least error lies well behind; values given are
            all judged.
        l1_ratio : float or sequence of float, optional
            Shares of the 1-norm in the penalty to judge, each with a sequence of lambda of its own; by default that
            of the model. ``(0, 0.5, 1)`` finds out whether tasks have functions in common: 0 is "l21", 1 "lasso".
        folds : int, scikit-learn splitter or array of shape (n,)
            Number of folds, a splitter, or the fold of each row of the data (-1: never held out). Rows of several
            outcomes are held out of all of them together.
        groups : array of shape (n,), optional
            Rows of one group (one subject) are held out together, in all tasks.
        n_jobs : int, optional
            Folds at a time, in threads; results do not depend on it.
        rng : int, numpy.random.Generator or None
            Shuffles the rows into folds.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        HALCV

        Raises
        ------
        OptionError
            An option has a value it cannot take.
        DataError
            Folds or groups do not fit the rows.
        MissingExtraError
            `progress` without tqdm.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the lambdas that all folds had finished are used.
        """
        tolerance, found = check_tolerance(tolerance), self._prepared
        problems = self._problems(l1_ratio)
        values = [_lambdas(problem, lambdas, n_lambda) for problem in problems]
        made = make_folds(
            found.blocks, folds=folds, groups=groups, rng=rng, positions=found.row_positions, n_given=len(found.index)
        )
        judged = cross_validate_hal(
            problems, values, made, tolerance=tolerance, to_the_end=lambdas is not None, n_jobs=n_jobs,
            progress=progress,
        )  # fmt: skip
        return HALCV(found, problems[: len(judged)], self._levels, judged, tolerance)

    def _problems(self, l1_ratio: float | Sequence[float] | None) -> tuple[Problem, ...]:
        if l1_ratio is None:
            return (self._problem,)
        return tuple(self._problem.with_ratio(one) for one in read_l1_ratios(l1_ratio))


def _lambdas(problem: Problem, lambdas: Sequence[float] | None, n_lambda: int) -> Floats:
    ratio = 1e-2 if problem.design.basis.size > problem.design.n else 1e-4
    return read_lambdas(lambdas, n_lambda, lambda_max(problem), ratio)
