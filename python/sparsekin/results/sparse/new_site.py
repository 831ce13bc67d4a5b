"""A study a fit has not seen: the level expected of it, and the labelled rows that say more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd
from formulaic.parser.types import Factor, Term
from scipy import stats

from sparsekin.data.blocks import Floats, Matrix
from sparsekin.data.design import Design, NewRows
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.outcomes import outcome_array, outcomes_of
from sparsekin.data.reader import common_index
from sparsekin.errors import DataError, OptionError
from sparsekin.tuning.sparse.new_site import Spread, shrinkage


@dataclass(frozen=True, slots=True, eq=False)
class NewSite:
    """What is expected of a study the fit has not seen, at the means of the columns over all rows.

    ========== ====== ==============================================================================
    field      shape  meaning
    ========== ====== ==============================================================================
    level      float  mean of `levels`, weighted by rows
    sd_between float  standard deviation of the levels between tasks, beyond what rows explain
    sd_within  float  standard deviation of a row around the model of its task
    levels     (K,)   what the model of each task predicts there
    n          (K,)   rows of each task, by its share in the sum of the weights
    ========== ====== ==============================================================================

    The standard deviations are NaN where the fit has no residual degrees of freedom.
    """

    level: float
    sd_between: float
    sd_within: float
    levels: pd.Series
    n: pd.Series

    def interval(self, predicted: pd.Series, level: float = 0.95, labelled: int = 0) -> pd.DataFrame:
        """Prediction interval of rows of a new study: how far sites differ enters, the uncertainty of slopes does not.

        Parameters
        ----------
        predicted : Series (n,)
            What ``predict(new, how="mean")`` or ``"pooled"`` gave.
        level : float
        labelled : int
            Complete labelled rows the prediction was given.

        Returns
        -------
        DataFrame (n, 3)
            predicted, lower, upper. Of a study without labelled rows the level has variance
            ``sd_between ** 2 * (1 + 1 / K)``, one labelled rows make smaller; a row has ``sd_within ** 2`` beside it.
            Quantiles are of t, degrees of freedom by Satterthwaite: K - 1 where rows do not vary, many where sites
            are alike.

        Raises
        ------
        OptionError
            `level` is not between 0 and 1, or `labelled` no whole number >= 0.
        """
        _check_interval(level, labelled)
        K, within = len(self.levels), self.sd_within**2
        of_level = self.sd_between**2 * (1.0 + 1.0 / K)
        of_level *= 1.0 - shrinkage(of_level, within, int(labelled))
        total = of_level + within
        freedom = (K - 1) * (total / of_level) ** 2 if of_level > 0 else np.inf
        half = stats.t.ppf(0.5 + float(level) / 2, freedom) * np.sqrt(total)
        return pd.DataFrame({"predicted": predicted, "lower": predicted - half, "upper": predicted + half})


def new_site_of(spread: Spread, index: pd.Index) -> NewSite:
    """The spread as the user sees it."""
    levels, n = (pd.Series(values, index, name=name) for values, name in ((spread.levels, "level"), (spread.rows, "n")))
    return NewSite(spread.level, float(np.sqrt(spread.between)), float(np.sqrt(spread.within)), levels, n)


def _check_interval(level: object, labelled: object) -> None:
    if isinstance(level, bool) or not isinstance(level, Real) or not 0.0 < float(level) < 1.0:
        raise OptionError(f"level = {level!r} must be a number between 0 and 1, such as 0.95.")
    if isinstance(labelled, bool) or not isinstance(labelled, Integral) or int(labelled) < 0:
        raise OptionError(f"labelled = {labelled!r} must be the number of labelled rows, 0 or more.")


def labelled_rows(design: Design, labelled: object) -> tuple[Floats, Matrix, Floats, object]:
    """Outcomes (m,), columns (m, p) and (m, q) of the complete rows of one new study, and its label or None.

    Raises
    ------
    DataError
        The outcome is not there, no row is complete, or the rows are of several studies.
    """
    try:
        y, rows = _from_arrays(design, labelled) if design.recipe is None else _from_frame(design, labelled)
    except DataError as error:
        raise DataError(f"Of the labelled rows: {error}") from error
    if len(labels := labels_of(rows)) > 1:
        raise DataError(f"The labelled rows are of tasks {list_names(labels)}; give those of one study at a time.")
    there = np.flatnonzero(rows.complete & ~np.isnan(y))
    if not len(there):
        raise DataError(
            f"None of the {len(y)} labelled rows has '{design.outcomes[0]}' and all columns of the fit; leave labelled "
            "out to predict without."
        )
    return y[there], rows.X[there], rows.keep[there], labels[0] if labels else None


def labels_of(rows: NewRows) -> Sequence[object]:
    """The different task labels of new rows, as given."""
    return list(dict.fromkeys(label for label in rows.task_labels if label is not None))


def _from_frame(design: Design, labelled: object) -> tuple[Floats, NewRows]:
    if isinstance(labelled, tuple):
        raise DataError(
            f"labelled is a tuple, and the model was fitted to a frame: give a frame with '{design.outcomes[0]}' and "
            "the columns of the fit."
        )
    frame, outcome = to_pandas(labelled), design.outcomes[0]
    plain = outcome in frame.columns
    term = Term([Factor(outcome, eval_method=Factor.EvalMethod.LOOKUP if plain else Factor.EvalMethod.PYTHON)])
    if not plain and outcome.isidentifier():
        raise DataError(f"The outcome '{outcome}' is not there.")
    return outcomes_of(frame, [term])[0][:, 0], design.apply(frame)


def _from_arrays(design: Design, labelled: object) -> tuple[Floats, NewRows]:
    if not isinstance(labelled, tuple) or len(labelled) not in (2, 3):
        raise DataError(
            "The model was fitted to arrays: give labelled=(y, X), or (y, X, keep) where it was given keep."
        )
    y, X, *keep = labelled
    common_index(dict(zip(("y", "X", "keep"), labelled, strict=False)))
    rows = design.apply(X, keep=keep[0] if keep else None)
    values = outcome_array(y, len(rows.index))[0]
    if values.shape[1] > 1:
        raise DataError(f"y has {values.shape[1]} columns; the model has one outcome.")
    return values[:, 0], rows
