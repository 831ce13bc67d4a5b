"""How well the tasks of a fit are predicted: on the rows of the fit, and on rows that were held out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.errors import OptionError
from sparsekin.losses.cox import Cox
from sparsekin.losses.survival import survival
from sparsekin.losses.tasks import loss_of
from sparsekin.results.base import TaskFit
from sparsekin.results.unavailable import FROM_MOMENTS, Unavailable
from sparsekin.tuning.held_out import HeldOut
from sparsekin.tuning.judge import OF_FAMILY, Judged, Rows, judge, rows_judged

APPARENT = "apparent"
NONE_HELD = "no rows were held out: cross_validate(...).refit() keeps what its folds say where not all are gaussian"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Performing(TaskFit):
    """A fit whose predictions can be judged.

    The fields of `TaskFit`, and:

    ======== ======= ==========================================================================
    field    shape   meaning
    ======== ======= ==========================================================================
    held_out HeldOut linear predictors by models without each fold; None where none were held out
    ======== ======= ==========================================================================
    """

    held_out: HeldOut | None = field(default=None, kw_only=True)

    @property
    def predictors(self) -> list[Floats]:
        """K of (n_k,) linear predictors of the rows of the fit, offsets included."""
        raise NotImplementedError

    @property
    def performance(self) -> pd.DataFrame | Unavailable:
        """One row per task for the rows of the fit ("apparent", too good) and, where the fit has them, held-out ones.

        "out-of-fold": predicted by the model, at the settings of this fit, without their fold; "task left out": by
        the mean of the models of the other tasks. Settings were chosen on the same folds, which flatters a little.

        Columns n; events (the rarer outcome, counts, deaths); explained (deviance beyond intercept and always-in
        terms); rmse of gaussian tasks; auc, brier and brier_scaled (1 less its ratio to that of the share of ones) of
        binomial; dispersion (Pearson) of poisson; concordance (within strata) of cox; cal_intercept, what is to be
        added to linear predictors to be right on average, ideally 0 (not of cox), and cal_slope, what they are to be
        multiplied by, ideally 1; undefined: which of these are NaN, and why. Others are NaN where the family has none.
        """
        if self.blocks.origin is not None:
            return Unavailable(FROM_MOMENTS)
        return performance_table(self)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which rows can be judged: "apparent", and what held-out ones are called where there are any."""
        return (APPARENT,) if self.held_out is None else (APPARENT, self.held_out.kind)

    def rows_of(self, kind: str | None = None) -> tuple[str, list[Rows]]:
        """K sets of rows with their predictors, and what they are called: held-out ones where there are any.

        Raises
        ------
        OptionError
            There are none of that kind.
        """
        if self.blocks.origin is not None:
            raise OptionError(f"There are no rows to judge: {FROM_MOMENTS}.")
        kind = self.kinds[-1] if kind is None else kind
        if kind not in self.kinds:
            listed, why = " or ".join(map(repr, self.kinds)), "" if self.held_out else f" ({NONE_HELD})"
            raise OptionError(f"rows={kind!r} is not there; this fit has {listed}{why}.")
        return kind, [rows_judged(self.blocks, k, eta) for k, eta in enumerate(self._predictors_of(kind))]

    def knows_baseline(self, kind: str) -> bool:
        """Whether rows of cox tasks have a baseline hazard: that of the fit, unless their task was left out."""
        return kind == APPARENT or (self.held_out is not None and self.held_out.scheme == "within-task")

    def survival_of(self, k: int, kind: str, times: Floats) -> Floats:
        """(m, t) probabilities that rows of cox task k, as `rows_of`, are free of the event at t times.

        Raises
        ------
        OptionError
            The task was left out, and with it its baseline hazard.
        """
        if not self.knows_baseline(kind):
            raise OptionError(
                "A task that was left out has no baseline hazard, so that risks are relative only; use "
                "rows='apparent', or plot_survival()."
            )
        blocks, fitted, rows = self.blocks, self.predictors[k], self.rows_of(kind)[1][k]
        if kind != APPARENT:
            w, offset = blocks.weights[k], blocks.offset_of(k)
            fitted = fitted - np.average(fitted if offset is None else fitted - offset, weights=w)
        loss = loss_of(blocks, k)
        assert isinstance(loss, Cox)
        return survival(loss, fitted, rows.eta, times, rows.strata)

    def _predictors_of(self, kind: str) -> list[Floats]:
        return self.predictors if kind == APPARENT or self.held_out is None else list(self.held_out.eta)

    def _parameters_of(self, k: int) -> float:
        """How many coefficients task k has, unpenalised ones too."""
        raise NotImplementedError


def performance_table(fit: Performing) -> pd.DataFrame:
    """The table of `Performing.performance`."""
    blocks, labels = fit.blocks, list(fit.task_index)
    lines: list[Judged] = []
    for k in range(blocks.n_tasks):
        for kind in fit.kinds:
            own = fit._parameters_of(k) if kind == APPARENT else 0.0
            lines.append(judge(blocks, k, fit._predictors_of(kind)[k], own))
    named = [name for family, names in OF_FAMILY.items() if family in blocks.families_said for name in names]
    columns = ["n", "events", "explained", *named, "cal_intercept", "cal_slope"]
    if set(blocks.families_said) == {"gaussian"}:
        columns.remove("events")
    if set(blocks.families_said) == {"cox"}:
        columns.remove("cal_intercept")
    table = pd.DataFrame([[one.values.get(name, np.nan) for name in columns] for one in lines], columns=columns)
    table["n"] = table["n"].astype(int)
    table["undefined"] = [reasons_text(one.reasons) for one in lines]
    tasks = pd.Index([label for label in labels for _ in fit.kinds], tupleize_cols=False)
    table.index = pd.MultiIndex.from_arrays([tasks, [*fit.kinds] * len(labels)], names=[fit.design.task, "rows"])
    return table


def reasons_text(reasons: dict[str, str]) -> str:
    """``auc, brier_scaled: only one outcome``."""
    by_reason: dict[str, list[str]] = {}
    for name, why in reasons.items():
        by_reason.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in by_reason.items())
