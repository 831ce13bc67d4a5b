"""Means of the best settings of each family, judged on folds that had no say in the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.dial.fit import means_of
from sparsekin.tuning.sparse.dial.run import DialErrors
from sparsekin.tuning.sparse.dial.settings import FAMILIES, DialSettings
from sparsekin.tuning.sparse.errors import CvErrors, collect
from sparsekin.tuning.sparse.scoring import score
from sparsekin.tuning.sparse.table import Score, fold_metric, loss_sign
from sparsekin.tuning.verdict import Verdict, verdict

FEW, MANY, SHARE = (1, 5, 15), (1, 10), 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """The mean of the n best settings of one family.

    ======== ===== ================================================================================
    field    shape meaning
    ======== ===== ================================================================================
    family   str   "pool", "share" or "separate"
    n        int
    rows     (n,)  which settings, best first
    losses   (F,)  loss of each fold by the n settings that are best on the other folds; NaN where a
                   fold was not finished
    ======== ===== ================================================================================
    """

    family: str
    n: int
    rows: Ints
    losses: Floats


def averages(found: DialErrors, metric: Score) -> list[Average]:
    """For each family and each number of settings: their mean, ranked on the other folds and judged on this one.

    Parameters
    ----------
    found : DialErrors
        With the supports of every fold.
    metric : str
        What is averaged over tasks; losses of "r2" are its negative.
    """
    return judged_averages(found, metric)[0]


def judged_averages(found: DialErrors, metric: Score) -> tuple[list[Average], CvErrors, Floats]:
    """The same with their errors, a row for each, and the number of features that any task selects (m, F)."""
    sign = loss_sign(metric)
    losses = sign * fold_metric(found.errors, metric)
    table, folds = found.errors.settings, found.errors.folds
    assert isinstance(table, DialSettings)
    tried, rank = _tried(table), _ranks(table, losses)
    cases = [(name, n) for name, counts in tried.items() for n in counts]
    judged, union = [], np.full((len(cases), folds.n_folds), np.nan)
    for f, searched in enumerate(found.searched):
        training, others = found.training(f), _ranks(table, np.delete(losses, f, axis=1))
        models = [
            mean
            for name, counts in tried.items()
            for mean, _ in means_of(training, searched, found.dial, others[name][: max(counts)], counts)
        ]
        judged.append(score(found.problem.blocks, training.blocks, folds, f, models))
        union[:, f] = [one.support.any(axis=1).sum() for one in models]
    first = table.take(np.array([rank[name][0] for name, _ in cases]))
    errors = collect(first, folds, found.problem.n_tasks, judged)
    means = sign * fold_metric(errors, metric)
    return [Average(name, n, rank[name][:n], means[i]) for i, (name, n) in enumerate(cases)], errors, union


def _tried(table: DialSettings) -> dict[str, list[int]]:
    """Numbers of settings of each family that is there."""
    sizes = {name: int(np.sum(table.family == i)) for i, name in enumerate(FAMILIES)}
    return {name: how_many(name, m) for name, m in sizes.items() if m}


def _ranks(table: DialSettings, losses: Floats) -> dict[str, Ints]:
    """The settings of each family, the best first."""
    found = {name: np.flatnonzero(table.family == i) for i, name in enumerate(FAMILIES)}
    return {name: own[_rank(losses[own])] for name, own in found.items()}


def how_many(family: str, m: int) -> list[int]:
    """Numbers of settings whose mean is tried: 1, 10 and 3 % of those to share; 1, 5 and 15 of the small families."""
    tried = (*MANY, round(SHARE * m)) if family == "share" else FEW
    return sorted({min(max(n, 1), m) for n in tried})


def chosen_averages(found: Sequence[Average]) -> dict[str, Average]:
    """By family: the most settings, unless fewer are better by more than half a corrected standard error."""
    out: dict[str, Average] = {}
    for family in FAMILIES:
        own = {str(one.n): one for one in found if one.family == family}
        if own:
            largest_first = sorted(own, key=int, reverse=True)
            out[family] = own[verdict({n: one.losses for n, one in own.items()}, largest_first).chosen]
    return out


def judge_families(found: Sequence[Average]) -> Verdict:
    """From pool to share to separate only for a gain of more than half a corrected standard error."""
    return verdict({name: one.losses for name, one in chosen_averages(found).items()}, FAMILIES)


def preferred(found: Sequence[Average]) -> Average:
    """The mean of settings that the verdict speaks for."""
    return chosen_averages(found)[judge_families(found).chosen]


def _rank(losses: Floats) -> Ints:
    mean = mean_over(losses, axis=1)
    return np.argsort(np.where(np.isnan(mean), np.inf, mean), kind="stable")
