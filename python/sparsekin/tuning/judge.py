"""How good given predictors of one task are, whatever its family: fit, ranking, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.losses.base import Loss
from sparsekin.losses.binomial import shares_of
from sparsekin.losses.families import inverse_link
from sparsekin.losses.occurrences import events_of
from sparsekin.losses.recalibrate import recalibrate
from sparsekin.losses.tasks import loss_of
from sparsekin.tuning.family_metrics import (
    auc,
    brier,
    concordance,
    dispersion,
    null_predictor,
    scaled_brier,
)

OF_FAMILY = {
    "gaussian": ("rmse",),
    "binomial": ("auc", "brier", "brier_scaled"),
    "poisson": ("dispersion",),
    "cox": ("concordance",),
}
_ALONE = {"binomial": "only one outcome", "poisson": "no events", "cox": "no events"}
_OTHERWISE = {
    "explained": "nothing varies beyond the unpenalised columns",
    "dispersion": "no degrees of freedom are left",
    "concordance": "no comparable pairs",
}
NOTHING = 1e-12  # of the size of the loss, a null deviance that is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one task that are judged.

    ======== ============ =====================================================================
    field    shape        meaning
    ======== ============ =====================================================================
    family   str
    y        (m, ...)     outcomes as the loss takes them
    eta      (m,)         linear predictors, offsets included
    weights  (m,) or None
    strata   (m,) or None
    at       (m,) int     positions among the rows of the task
    ======== ============ =====================================================================
    """

    family: str
    y: Floats
    eta: Floats
    weights: Floats | None
    strata: Ints | None
    at: Ints

    @property
    def shares(self) -> Floats:
        """(m,) outcomes as numbers: of successes and failures the share of successes."""
        return shares_of(self.y) if self.family == "binomial" else self.y

    @property
    def sizes(self) -> Floats:
        """(m,) what a row weighs: its weight, times its trials."""
        w = np.ones(len(self.y)) if self.weights is None else self.weights
        return w * self.y.sum(axis=1) if self.family == "binomial" and self.y.ndim == 2 else w

    @property
    def events(self) -> float:
        """The rarer outcome of binomial rows, counts, deaths; NaN of gaussian ones."""
        return events_of(self.family, self.y)


def rows_judged(blocks: TaskBlocks, k: int, eta: Floats) -> Rows:
    """Rows of task k that count and have a predictor: eta (n_k,) may be NaN."""
    w, strata = blocks.weights[k], blocks.strata_of(k)
    at = np.flatnonzero(np.isfinite(eta) if w is None else np.isfinite(eta) & (w > 0))
    return Rows(
        blocks.families_said[k], blocks.outcome_of(k)[at], eta[at], None if w is None else w[at],
        None if strata is None else strata[at], at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is said of the rows of a task.

    ======= ==== =====================================================================
    field   shape meaning
    ======= ==== =====================================================================
    values  dict n, events, explained, those of the family, cal_intercept (none of cox)
                 and cal_slope; NaN where not defined
    reasons dict of each value that is not defined, why
    ======= ==== =====================================================================
    """

    values: dict[str, float]
    reasons: dict[str, str]


def judge(blocks: TaskBlocks, k: int, eta: Floats, parameters: float = 0.0) -> Judged:
    """Judge linear predictors eta (n_k,) of task k, offsets included, NaN for rows that are not judged.

    `explained` is one less the ratio of the deviance to that of the unpenalised columns alone, fitted to the same rows;
    `parameters` were fitted to them, and the dispersion has so many degrees of freedom fewer.
    """
    rows = rows_judged(blocks, k, eta)
    calibration = ("cal_slope",) if rows.family == "cox" else ("cal_intercept", "cal_slope")
    names = ("explained", *OF_FAMILY[rows.family], *calibration)
    values = {"n": float(len(rows.at)), "events": rows.events, **dict.fromkeys(names, np.nan)}
    if not len(rows.at):
        return Judged(values, dict.fromkeys(names, "no rows"))
    values |= {"explained": _explained(blocks, k, rows), **measures(rows, parameters)}
    why = _OTHERWISE
    if rows.events == 0:
        why = dict.fromkeys(names, _ALONE[rows.family])
    else:
        found = recalibrate(rows.family, rows.y, rows.eta, rows.weights, rows.strata, blocks.ties)
        values |= {"cal_intercept": found.intercept, "cal_slope": found.slope}
        why = why | {"cal_slope": found.reason}
    values = {name: values[name] for name in ("n", "events", *names)}
    return Judged(values, {name: why[name] for name in names if np.isnan(values[name])})


def _explained(blocks: TaskBlocks, k: int, rows: Rows) -> float:
    loss, eta, null = beside_null(blocks, k, rows)
    around = loss.value(null)
    return 1.0 - loss.value(eta) / around if around > NOTHING * loss.scale else float("nan")


def beside_null(blocks: TaskBlocks, k: int, rows: Rows) -> tuple[Loss, Floats, Floats]:
    """The loss of the rows judged, their predictors (n_k,), and those of the unpenalised columns fitted to them."""
    w, eta = np.zeros(len(blocks.y[k])), np.zeros(len(blocks.y[k]))
    w[rows.at] = 1.0 if rows.weights is None else rows.weights
    eta[rows.at] = rows.eta
    loss = loss_of(blocks, k, weights=w)
    return loss, eta, null_predictor(blocks, k, loss)


def measures(rows: Rows, parameters: float = 0.0) -> dict[str, float]:
    """What `OF_FAMILY` names of the family; NaN where not defined."""
    y, eta, w = rows.shares, rows.eta, rows.weights
    if rows.family == "cox":
        return {"concordance": concordance(rows.y, eta, rows.strata, w)}
    mean = inverse_link(rows.family, eta)
    if rows.family == "gaussian":
        return {"rmse": float(np.sqrt(np.average((y - mean) ** 2, weights=w)))}
    if rows.family == "poisson":
        return {"dispersion": dispersion(y, mean, parameters, w)}
    size = None if w is None and rows.y.ndim == 1 else rows.sizes
    return {"auc": auc(y, eta, size), "brier": brier(y, mean, size), "brier_scaled": scaled_brier(y, mean, size)}
