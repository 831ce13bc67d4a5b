"""Survival outcomes in order: event times, their deaths, the terms of the partial likelihood, and who is at risk.

Times count as tied when they differ by less than the square root of machine epsilon of their mean size, as R's
survival has it; rows of weight 0 are neither deaths nor at risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.errors import DataError
from sparsekin.losses.base import counted
from sparsekin.losses.risk_sets import RiskSets

_TIE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Outcomes as the partial likelihood sees them: T event times, D deaths, m terms.

    ============== ======== ===================================================
    field          shape    meaning
    ============== ======== ===================================================
    times          (T,)     event times, stratum by stratum in order
    stratum        (T,)     of each
    n_strata       int      also of strata without events
    deaths         (D,)     rows, by event time
    event_of_death (D,)     its event time
    death_w        (D,)     weights
    starts         (T,)     where in `deaths` those of an event time begin
    event_w        (T,)     W, weights of deaths together
    event          (m,)     event time of each term
    frac           (m,)     share of the deaths that are out of the risk set
    wbar           (m,)     weight of each term
    term_starts    (T,)     where the terms of an event time begin
    unit_saturated (T,)     what the saturated model says per unit of W
    log_w          (n,)     log weights of rows
    risk_sets      RiskSets
    ============== ======== ===================================================
    """

    times: Floats
    stratum: Ints
    n_strata: int
    deaths: Ints
    event_of_death: Ints
    death_w: Floats
    starts: Ints
    event_w: Floats
    event: Ints
    frac: Floats
    wbar: Floats
    term_starts: Ints
    unit_saturated: Floats
    log_w: Floats
    risk_sets: RiskSets

    @property
    def tied(self) -> bool:
        """Whether there is more than one term anywhere."""
        return len(self.event) > len(self.times)

    @property
    def saturated(self) -> float:
        """The log partial likelihood of the saturated model."""
        return float(self.unit_saturated @ self.event_w)

    def sum_deaths(self, values: Floats) -> Floats:
        """(T, ...) sums of (D, ...) over the deaths of each event time."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0)) if len(self.starts) else values

    def by_event(self, terms: Floats) -> Floats:
        """(T, ...) sums of (m, ...) over the terms of each event time."""
        return np.asarray(np.add.reduceat(terms, self.term_starts, axis=0)) if self.tied else terms


def events_of(y: Floats, w: Floats, strata: Ints | None, ties: str) -> Events:
    """Put outcomes (n, 2) or (n, 3), with weights (n,) and strata (n,) from 0 on, in order."""
    n = len(y)
    strata = np.zeros(n, np.int64) if strata is None else strata
    ranks, values = ranked(y[:, :-1])
    start, stop = (None, ranks[:, 0]) if ranks.shape[1] == 1 else (ranks[:, 0], ranks[:, 1])
    dead = (y[:, -1] > 0) & (w > 0)
    width = len(values) + 1
    keys, event_of = np.unique(strata[dead] * width + stop[dead], return_inverse=True)
    T = len(keys)
    order = np.argsort(event_of, kind="stable")
    deaths = np.flatnonzero(dead)[order]
    event_of_death = event_of[order]
    starts = np.searchsorted(event_of_death, np.arange(T))
    d = np.bincount(event_of_death, minlength=T)
    W = np.bincount(event_of_death, w[deaths], minlength=T).astype(float)
    terms = d if ties == "efron" else np.minimum(d, 1)
    event = np.repeat(np.arange(T), terms)
    term_starts = np.cumsum(terms) - terms
    frac = (np.arange(len(event)) - term_starts[event]) / d[event]
    divided: Floats = W / d if ties == "efron" else W
    unit = -np.log(divided) - (gammaln(d + 1.0) / d if ties == "efron" else 0.0)
    last = np.searchsorted(keys, strata * width + stop, side="right")
    begin = strata * width - 1 if start is None else strata * width + start
    first = np.searchsorted(keys, begin, side="right")
    with np.errstate(divide="ignore"):
        log_w = np.log(w)
    there = w > 0
    risk = RiskSets(np.where(there, first, 0), np.where(there, last, 0), T)
    stratum = keys // width
    n_strata = int(strata.max(initial=-1)) + 1
    return Events(
        values[keys - stratum * width], stratum, n_strata, deaths, event_of_death, w[deaths], starts, W, event, frac,
        divided[event], term_starts, unit, log_w, risk,
    )  # fmt: skip


def ranked(times: Floats) -> tuple[Ints, Floats]:
    """Ranks (n, c) of times, equal where they are tied, and the time of each rank."""
    values, at = np.unique(times, return_inverse=True)
    gaps = np.diff(values)
    apart = gaps > _TIE * max(float(np.abs(values).mean()), np.finfo(float).tiny)
    group = np.concatenate([[0], np.cumsum(apart)]).astype(np.int64)
    firsts = values[np.concatenate([[True], apart])]
    return group[at].reshape(times.shape), firsts


def check_cox(y: Floats, weights: Floats | None, task: object) -> None:
    """Refuse outcomes that are not times and whether they ended in an event.

    Raises
    ------
    DataError
    """
    if y.ndim != 2 or y.shape[1] not in (2, 3):
        given = 1 if y.ndim == 1 else y.shape[1]
        raise DataError(
            f"Task '{task}' is cox, but its outcome has {given} column{'s' * (given != 1)}; give time and status, or "
            "start, stop and status: Surv(time, status) on the left of the formula."
        )
    seen = y[counted(len(y), weights)]
    bad = int(np.count_nonzero(~np.isfinite(seen).all(axis=1)))
    if bad:
        raise DataError(f"The outcome of task '{task}' is missing or infinite in {bad} row{'s' * (bad != 1)}.")
    _check_status(seen[:, -1], task)
    early = seen[:, 0] <= 0
    if y.shape[1] == 2 and early.any():
        least = seen[:, 0].min()
        raise DataError(f"Task '{task}' has the survival time {least:g} in {_rows(early)}; times must be above 0.")
    if y.shape[1] == 3:
        ranks, _ = ranked(seen[:, :2])
        late = ranks[:, 0] >= ranks[:, 1]
        if late.any():
            a, b = seen[late][0, :2]
            raise DataError(
                f"Task '{task}' starts at {a:g} and stops at {b:g} in {_rows(late)}; every row must stop after it "
                "starts."
            )


def _check_status(status: Floats, task: object) -> None:
    values = np.unique(status)
    if not np.isin(values, (0.0, 1.0)).all():
        shown = ", ".join(f"{value:g}" for value in values[:4]) + (", ..." if len(values) > 4 else "")
        raise DataError(f"The status of task '{task}' holds {shown}; code it as 1 (event) and 0 (censored).")


def _rows(bad: Bools) -> str:
    count = int(np.count_nonzero(bad))
    return f"{count} row{'s' * (count != 1)}"
