"""The data of an average of fits: the mean of the best settings of a cross-validation, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import NoReturn, Self

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.standardize import Standardization
from sparsekin.errors import OptionError
from sparsekin.l0.pooled import on_one_scale
from sparsekin.results.sparse.coefficients import fitted_of
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.generalized import GeneralizedFit, refitted_levels
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.unavailable import Unavailable

MEMBERS = ("family", "s", "lambda_1", "lambda_2", "lambda_z", "mean", "weight")  # columns of the table of members
FAMILIES = ("pool", "share", "separate", "lasso")  # of members
_NO_OBJECTIVE = "an average of several settings minimises no objective; `best_member` is a fit that does"
_NO_SEARCH = "an average of several settings is no support that a search could improve; `best_member` is one"


@dataclass(frozen=True, slots=True, eq=False)
class MeanEstimates:
    """The coefficients of an average as `Estimates`; `support` is where they are not small."""

    intercept: Floats
    coef: Floats
    keep_coef: Floats
    coef_standardized: Floats
    support: Bools


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AverageFit(GeneralizedFit):
    """The weighted mean of m linear models of the same rows, which predicts as the mean of their predictions.

    Of yes/no outcomes, counts and survival times that is the mean of their linear predictors: log odds, log means and
    log hazards, of which `predict` makes probabilities, means and risks.

    The fields of `LinearFit`, and:

    =========== ============== ===========================================================================
    field       shape          meaning
    =========== ============== ===========================================================================
    intercept   (K,)           weighted means over the members, user's scale; so are the next two
    coef        (p, K)         slopes, 0 where no member selects the feature
    keep_coef   (q, K)         coefficients of the always-in columns
    inclusion   (p, K)         share of the members, by weight, that select the feature in the task
    members     (m, 7) frame   family ("pool", "share", "separate" or "lasso"), s, lambda_1 (NaN of the lasso),
                               lambda_2 (may be infinite), lambda_z, mean, the error in cross-validation, and
                               weight, sum 1; the family of the verdict first, in each the best first
    verdict     str            a sentence on whether to pool, share or separate
    best_member SparseFit|None the fit at the first of them, to the same rows
    cut         float          share of a task's largest coefficient (standardised) below which others are small
    =========== ============== ===========================================================================

    Small coefficients count in predictions, and are left out where the fit is read: in `support`, `selected`,
    `homogeneity`, the summary and the picture. `cut_to` leaves them out of the predictions too.
    """

    intercept: Floats
    coef: Floats
    keep_coef: Floats
    inclusion: Floats
    members: pd.DataFrame
    verdict: str
    best_member: SparseFit | None = None
    cut: float = 0.05

    honest_way = "; best_member.stability() has those of one fit"
    objective = bound = gap = Unavailable(_NO_OBJECTIVE)
    swap_gain = swap_optimal = certify = bound_root = alternatives = Unavailable(_NO_SEARCH)
    stability = frequency = select = heterogeneity = Unavailable(
        "half-samples search at one setting, and an average has many: best_member.stability()"
    )
    hold_out = Unavailable("an average has many settings; nested() of its cross-validation is the error of the average")
    status = Unavailable("an average of several settings: nothing was searched for; `best_member` has a status")
    fractional = Unavailable(
        "shares of a relaxation are of one setting; `inclusion_weights` are shares of the settings averaged"
    )
    resid_sd = Unavailable(
        "the parameters of an average cannot be counted, so there are no residual degrees of freedom; see `rmse`, and "
        "the errors on held-out rows in `members`"
    )

    def __repr__(self) -> str:
        count = f"{len(self.selected)} of {self.blocks.n_features} candidates above the cut of {self.cut:g}"
        return f"<{self.opening()}, {settings_text(len(self.members))}, {count}>"

    @property
    def estimates(self) -> MeanEstimates:
        """Coefficients as arrays; the support is where they are not small."""
        scaled = self.coef * comparable_scale(self.standard) / self.standard.y_scale
        return MeanEstimates(self.intercept, self.coef, self.keep_coef, scaled, not_small(scaled, self.cut))

    @property
    def inclusion_weights(self) -> pd.DataFrame:
        """(p, K) share of the settings averaged that select the feature in the task."""
        features = pd.Index(self.blocks.feature_names, name="term")
        return pd.DataFrame(self.inclusion.copy(), index=features, columns=self.task_index)

    @property
    def predicts_cut(self) -> bool:
        """Whether predictions are those of the coefficients that are shown: none is left that is small."""
        return not np.any((self.coef != 0) & ~self.estimates.support)

    def at_cut(self, cut: float) -> Self:
        """The same average read at another cut; predictions stay.

        Parameters
        ----------
        cut : float
            From 0 (every coefficient) to 1 (the largest of each task).

        Raises
        ------
        OptionError
            `cut` is not such a number.
        """
        return replace(self, cut=check_cut(cut))

    def cut_to(self, cut: float | None = None, *, features: int | None = None) -> Self:
        """The average without its small coefficients: what is read is what predicts.

        Coefficients below the cut are 0 then, and the intercept of each task is fitted again; the other
        coefficients stay as they are. `inclusion` and `members` stay too.

        Parameters
        ----------
        cut : float, optional
            As in `at_cut`; by default that of the fit.
        features : int, optional
            In place of a cut: so many features are kept, those that are largest over the tasks (root mean square of
            their shares of the largest coefficient of each task), in every task where they are above the cut of the
            fit. The cut is 0 then: all that is left is read.

        Raises
        ------
        OptionError
            `cut` is not such a number, `features` is not a whole number of 1 or more, or both are given.
        """
        if features is None:
            read = self if cut is None else self.at_cut(cut)
            there = read.estimates.support
        else:
            read = self.at_cut(0.0)
            there = self.estimates.support & self._largest(features, cut)[:, None]
        kept = np.where(there, self.coef, 0.0)
        return replace(read, coef=kept, intercept=self._intercepts(kept))

    def _largest(self, features: object, cut: float | None) -> Bools:
        """(p,) so many features; of equals the first."""
        if isinstance(features, bool) or not isinstance(features, Integral) or features < 1:
            raise OptionError(f"features = {features!r} is not a whole number of 1 or more.")
        if cut is not None:
            raise OptionError("cut and features both say what is left out; give one of them.")
        size = np.abs(self.estimates.coef_standardized)
        share = size / np.maximum(size.max(axis=0, initial=0.0), np.finfo(float).tiny)
        found = np.zeros(len(size), bool)
        found[np.argsort(-np.mean(share**2, axis=1), kind="stable")[: int(features)]] = True
        return found

    def _intercepts(self, coef: Floats) -> Floats:
        """(K,) the intercepts that fit best beside slopes (p, K), always-in coefficients as they are."""
        blocks = self.blocks
        if not blocks.intercept:
            return self.intercept
        found = replace(self, coef=coef)
        if blocks.responses is not None:
            return self.intercept + refitted_levels(blocks, found.predictors)
        left = [
            np.average(y - fitted, weights=w)
            for y, fitted, w in zip(blocks.y, fitted_of(blocks, found.estimates), blocks.weights, strict=True)
        ]
        return self.intercept + np.array(left)

    def kept_estimable(self) -> Bools:
        """(q, K) whether an always-in column has a coefficient in a task, if only by a member that pools the tasks."""
        return LinearFit.kept_estimable(self) | (self.keep_coef != 0)

    def _parameters(self) -> list[float | None]:
        return [np.nan] * self.blocks.n_tasks

    def _stacked(self) -> NoReturn:
        raise OptionError(
            "how='stack' needs stacking weights, which an average of several settings does not have: use how='mean'."
        )


def comparable_scale(standard: Standardization) -> Floats:
    """(p, K) divisors of the columns; where one is constant in a task, that of a task where it is not.

    A column that is constant in a task has a coefficient there where all tasks have one coefficient vector.
    """
    return np.where(standard.usable, standard.scale, on_one_scale(standard).scale)


def not_small(scaled: Floats, cut: float) -> Bools:
    """(p, K) where standardised coefficients are not 0 and at least `cut` times the largest of their task.

    Examples
    --------
    >>> import numpy as np
    >>> not_small(np.array([[2.0, 0.0], [-0.2, 1e-9], [0.09, 0.0]]), 0.05).tolist()
    [[True, False], [True, True], [False, False]]
    """
    size = np.abs(scaled)
    return np.asarray((size > 0) & (size >= cut * size.max(axis=0, initial=0.0)))


def check_cut(cut: object) -> float:
    """Return `cut` as a float, or raise `OptionError` unless it is a number from 0 to 1."""
    if isinstance(cut, bool | np.bool_) or not isinstance(cut, Real) or not 0.0 <= float(cut) <= 1.0:
        raise OptionError(
            f"cut = {cut!r} must be a number from 0 (every coefficient) to 1 (the largest of each task); 0.05 leaves "
            "out those below 5 % of the largest."
        )
    return float(cut)


def settings_text(m: int) -> str:
    """What was averaged, in words."""
    return f"mean of {m} setting{'s' * (m != 1)}"
