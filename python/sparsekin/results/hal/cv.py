"""The data of the cross-validation of a HAL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.families import Levels
from sparsekin.data.prepare import Prepared
from sparsekin.hal.problem import Problem
from sparsekin.results.naming import counted
from sparsekin.tuning.hal.errors import HalErrors


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALCVFit:
    """A cross-validation on F folds of sequences of lambda, one for each l1_ratio and linear.

    ========= =========== ==================================================
    field     shape       meaning
    ========= =========== ==================================================
    prepared  Prepared    the data, and the way back to the user's rows
    problems  R Problem   all rows
    levels    K           levels of binomial outcomes that were text, else None
    judged    R HalErrors sums of errors on held-out rows
    tolerance float       gap that was asked for
    ========= =========== ==================================================
    """

    prepared: Prepared
    problems: tuple[Problem, ...]
    levels: tuple[Levels | None, ...]
    judged: tuple[HalErrors, ...]
    tolerance: float

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {counted(len(self.table), 'lambda')}, {self.errors.folds.n_folds} folds>"

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self.prepared.blocks.nobs

    @property
    def table(self) -> pd.DataFrame:
        """One row per l1_ratio, linear and lambda: mean and std_error of the `metric` over folds, selected (mean).

        l1_ratio is the share of the 1-norm in the penalty: 0 is "l21", 1 is "lasso". linear is the penalty of lines,
        NaN where it is that of other functions; selected counts functions.
        """
        return pd.concat([_table_of(one) for one in self.judged], ignore_index=True)

    @property
    def _chosen(self) -> int:
        return int(np.argmin([np.nanmin(one.loss_and_error[0]) for one in self.judged]))

    @property
    def errors(self) -> HalErrors:
        """Sums of errors at the l1_ratio and linear chosen."""
        return self.judged[self._chosen]

    @property
    def problem(self) -> Problem:
        """All rows, with the penalty chosen."""
        return self.problems[self._chosen]

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of `table` with the two choices: the best, and that of the one-standard-error rule."""
        before = sum(len(one.lambdas) for one in self.judged[: self._chosen])
        return before + self.errors.best, before + self.errors.best_1se

    @property
    def best_l1_ratio(self) -> float:
        """Share of the 1-norm in the penalty with the least mean error."""
        return self.errors.l1_ratio

    @property
    def best_linear(self) -> float | None:
        """Penalty of lines with the least mean error; None: as that of other functions."""
        return self.errors.linear

    @property
    def metric(self) -> str:
        """What `table` averages over tasks, see `HalErrors.metric`.

        "rmse" or "deviance"; "relative rmse" where outcomes may have units of their own, "relative deviance" where
        families are mixed: over that of the terms without a penalty. Or what was asked for.
        """
        return self.errors.metric

    @property
    def per_task(self) -> pd.DataFrame:
        """(rows of `table`, K) RMSE of each task, mean deviance of others, or the metric asked for; mean over folds."""
        names = pd.Index(list(self.problem.blocks.task_names), name=self.prepared.design.task, tupleize_cols=False)
        return pd.DataFrame(np.vstack([one.per_task for one in self.judged]), columns=names)

    @property
    def per_fold(self) -> pd.DataFrame:
        """(rows of `table`, F) metric of each fold, mean over its tasks."""
        return pd.DataFrame(np.vstack([one.per_fold for one in self.judged]))

    @property
    def best(self) -> dict[str, float]:
        """Lambda and penalty of lines with the least mean error, as `MTHAL.fit` takes them."""
        return self._setting(self.errors.best)

    @property
    def best_1se(self) -> dict[str, float]:
        """Largest lambda, at the best l1_ratio and linear, with a mean error within one standard error of the least."""
        return self._setting(self.errors.best_1se)

    def _setting(self, i: int) -> dict[str, float]:
        linear = self.errors.linear
        return {"lambda_": float(self.errors.lambdas[i])} | ({} if linear is None else {"linear": linear})

    @property
    def folds(self) -> pd.Series:
        """(n_given,) fold that holds out each row of the user's data, -1: none. Give it to the next run as `folds`."""
        values = np.full(len(self.prepared.index), -1)
        values[self.prepared.row_positions] = self.errors.folds.of_row
        return pd.Series(values, index=self.prepared.index, name="fold")


def _table_of(errors: HalErrors) -> pd.DataFrame:
    mean, error = errors.mean_and_error
    selected = np.nanmean(errors.sizes, axis=1)
    return pd.DataFrame({
        "l1_ratio": errors.l1_ratio, "linear": np.nan if errors.linear is None else errors.linear,
        "lambda": errors.lambdas, "mean": mean, "std_error": error, "selected": selected,
    })  # fmt: skip
