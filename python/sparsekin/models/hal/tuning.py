"""Methods of `MTHAL` that try many lambdas, or follow a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np

from sparsekin.data.families import Levels
from sparsekin.errors import OptionError, SolverError
from sparsekin.hal.basis import Term
from sparsekin.hal.linear import with_linear
from sparsekin.hal.path import Point, lambda_max, walk
from sparsekin.hal.problem import Problem
from sparsekin.hal.undersmooth import undersmoothed
from sparsekin.models.hal.checks import (
    check_lambda,
    check_linear,
    check_metric,
    check_tolerance,
    default_lambdas,
    read_l1_ratios,
    read_linears,
)
from sparsekin.models.hal.cv import HALCV
from sparsekin.models.hal.data import with_factors
from sparsekin.models.hal.path import HALPath
from sparsekin.models.hal.results import HALResults, hal_results_of
from sparsekin.models.task_model import TaskModel
from sparsekin.options import FamilyMetric
from sparsekin.results.hal.names import section_name
from sparsekin.results.unavailable import NO_CRITERION, Unavailable
from sparsekin.tuning.folds import check_training_rows
from sparsekin.tuning.hal.cross_validate import cross_validate_hal
from sparsekin.tuning.parallel import warn_of_interrupt
from sparsekin.tuning.split import Rng

_LEAST_SHARE = 0.02


class HALTuning(TaskModel):
    """Methods of `MTHAL` that try many lambdas, or follow a fit."""

    select = Unavailable(NO_CRITERION.format("a MTHAL", "lambda"))
    validate = Unavailable(
        "of SparseMTL only so far; fit the other studies, and res.validate(new, how='mean') judges the fit on the one "
        "left out"
    )
    _problem: Problem
    _terms: list[Term]
    _levels: tuple[Levels | None, ...]

    def adapt(self, fit: HALResults) -> Self:
        """The same model with penalties that follow a fit: the adaptive lasso (Zou 2006), by sets of variables.

        The penalty factor of a set is divided by the share of the variation that it carries in the fit, mean over
        tasks, plus .02; one that carries everything keeps its factor. What mattered is then shrunk less and what did
        not is harder to take in, which predicts better where few variables matter. The errors of a cross-validation of
        the new model flatter it a little, since its factors have seen all rows.

        Parameters
        ----------
        fit : HALResults
            Of a model of the same variables, usually ``cross_validate(...).refit()``.

        Returns
        -------
        MTHAL

        Raises
        ------
        OptionError
            The fit is one of other variables, or has no function.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import MTHAL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.uniform(-2, 2, (200, 4))
        >>> model = MTHAL(np.sin(2 * X[:, 0]) + 0.3 * rng.standard_normal(200), X, max_degree=1)
        >>> first = model.cross_validate(folds=5, rng=0).refit()
        >>> second = model.adapt(first).cross_validate(folds=5, rng=0).refit()
        >>> len(first.selected), len(second.selected)
        (4, 1)
        """
        shares = dict(fit.sections.iloc[:, 1:].mean(axis=1))
        return self._adapted(shares, fit.blocks.feature_names, self._problem.blocks.feature_names)

    def _adapted(self, shares: Mapping[str, float], theirs: Sequence[str], names: Sequence[str]) -> Self:
        if list(theirs) != list(names):
            raise OptionError(
                f"The fit has the variables {', '.join(theirs)} and this model {', '.join(names)}; adapt it to a fit "
                "of its own variables."
            )
        if not any(shares.values()):
            raise OptionError("The fit has no function, so there is nothing to adapt to; fit at a smaller lambda.")

        def factor(columns: tuple[int, ...], before: float) -> float:
            share = shares.get(section_name(names, columns), 0.0)
            return before * (1 + _LEAST_SHARE) / (share + _LEAST_SHARE)

        model, basis = copy(self), self._problem.design.basis
        model._terms = [replace(one, factor=factor(one.columns, one.factor)) for one in self._terms]
        factors = [factor(basis.columns_of(i), one.factor) for i, one in enumerate(basis.sections)]
        model._problem = with_factors(self._problem, factors)
        return model

    def path(
        self,
        lambdas: Sequence[float] | None = None,
        n_lambda: int = 100,
        tolerance: float = 1e-6,
        linear: float | None = None,
    ) -> HALPath:
        """Fit along a sequence of lambda.

        Parameters
        ----------
        lambdas : sequence of float, optional
            By default `n_lambda` values, evenly spaced in logarithm, from `lambda_max` to 1e-4 of it (1e-2 when
            there are more functions than rows).
        n_lambda : int
        tolerance, linear
            As for `fit`.

        Returns
        -------
        HALPath

        Raises
        ------
        OptionError
            An option has a value it cannot take.
        SolverError
            Ctrl-C came before any lambda was finished.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the path ends with the lambdas that were finished.
        """
        tolerance, problem = check_tolerance(tolerance), self._problem_with(linear)
        values = default_lambdas(problem, lambdas, n_lambda, to_the_end=True)
        blank, points = np.empty((0, 0)), list[Point]()
        try:
            for one in walk(problem, values, tolerance):
                points.append(replace(one, fitted=blank))
        except KeyboardInterrupt:
            if not points:
                raise SolverError("Ctrl-C came before any lambda was finished; run path again.") from None
            warn_of_interrupt("The path", len(points), len(values), "lambdas")
        return HALPath(self._prepared, problem, self._levels, tuple(points), tolerance)

    def undersmooth(self, lambda_: float, tolerance: float = 1e-6, linear: float | None = None) -> HALResults:
        """Fit at the largest lambda that is small enough for plug-in estimates, see `sparsekin.hal.undersmooth`.

        Parameters
        ----------
        lambda_ : float
            Where to start, usually the choice of cross-validation: the functions selected there must solve their
            score equations.
        tolerance, linear
            As for `fit`.

        Returns
        -------
        HALResults

        Raises
        ------
        OptionError
            `lambda_`, `tolerance` or `linear` is no number it can be.
        SolverError
            No lambda down to a thousandth of `lambda_` qualifies.
        """
        lambda_, tolerance = check_lambda(lambda_), check_tolerance(tolerance)
        problem = self._problem_with(linear)
        way = np.geomspace(max(lambda_max(problem), lambda_), lambda_, 8)[1:]
        *_, start = walk(problem, way, tolerance)
        point = undersmoothed(problem, start, tolerance)
        return hal_results_of(self._prepared, problem, self._levels, point, tolerance)

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
        linear: float | Sequence[float | None] | Literal["auto"] | None = "auto",
        metric: FamilyMetric | None = None,
    ) -> HALCV:
        """Judge a sequence of lambda on rows held out of the fit.

        The error is the RMSE, mean over tasks and folds. In tasks that are not gaussian it is the mean deviance of a
        row (of cox tasks what held-out rows add to the deviance of the others, over their number); where
        families are mixed, each task's mean deviance over that of its unpenalised columns alone; and so, as a root,
        where tasks are outcomes of one X or are scaled, for these may have units of their own.

        Parameters
        ----------
        lambdas, n_lambda, tolerance
            As for `path`. The default sequence goes down to 1e-4 of `lambda_max` and ends early where the least error
            lies well behind; values given are all judged.
        l1_ratio : float or sequence of float, optional
            Shares of the 1-norm in the penalty to judge, each with a sequence of lambda of its own; by default that
            of the model. ``(0, 0.5, 1)`` finds out whether tasks have functions in common: 0 is "l21", 1 "lasso".
        folds : int, scikit-learn splitter, array of shape (n,) or str
            Number of folds, a splitter, the fold of each row of the data (-1: never held out), or the column with it.
            Rows of several outcomes are held out of all of them together.
        groups : array of shape (n,) or str, optional
            Rows of one group (one subject) are held out together, in all tasks: values, or a column of the data that is
            no variable; by default that of `from_formula`.
        n_jobs : int, optional
            Folds at a time, in threads; results do not depend on it.
        rng : int, numpy.random.Generator or None
            Shuffles the rows into folds.
        progress : bool
            Show a bar (needs tqdm).
        linear : "auto", float, None or sequence of them
            Penalties of lines to judge, as for `fit`, each with a sequence of lambda of its own; the choice is the
            least error. "auto": None, .3 and .1, where the basis has lines and `lambdas` are not given; else None.
        metric : {"deviance", "auc", "brier", "c_index"}, optional
            Another than the above: where all tasks are binomial "auc" or "brier", where all are cox "c_index", pairs of
            one stratum.

        Returns
        -------
        HALCV

        Raises
        ------
        OptionError
            An option has a value it cannot take.
        DataError
            Folds or groups do not fit the rows, or a fold takes all rows of a task.
        MissingExtraError
            `progress` without tqdm.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the lambdas that all folds had finished are used.
        DataWarning
            The training rows of a fold have one outcome only, or do at some level of a binomial task's plain terms,
            where a weak ridge holds these finite.
        """
        tolerance, found, own = check_tolerance(tolerance), self._prepared, self._problem.families
        check_metric(metric, own)
        if lambdas is not None and isinstance(linear, str) and linear == "auto":
            linear = None
        problems = self._problems(l1_ratio, linear)
        values = [default_lambdas(problem, lambdas, n_lambda) for problem in problems]
        made = self._make_folds(folds, groups, rng)
        check_training_rows(found.blocks, made)
        judged = cross_validate_hal(
            problems, values, made, tolerance=tolerance, to_the_end=lambdas is not None, n_jobs=n_jobs,
            progress=progress, metric=check_metric(metric, own),
        )  # fmt: skip
        return HALCV(found, problems[: len(judged)], self._levels, judged, tolerance)

    def _problem_with(self, linear: float | None) -> Problem:
        return with_linear(self._problem, check_linear(linear, self._problem))

    def _problems(self, l1_ratio: float | Sequence[float] | None, linear: object) -> tuple[Problem, ...]:
        own = self._problem
        ratios = [own.penalty.ratio] if l1_ratio is None else read_l1_ratios(l1_ratio)
        return tuple(with_linear(own.with_ratio(ratio), one) for ratio in ratios for one in read_linears(linear, own))
