"""Means of the best settings of each family, judged on folds that had no say in the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.dial.fit import mean_of
from sparsekin.tuning.sparse.dial.run import DialErrors
from sparsekin.tuning.sparse.dial.settings import FAMILIES, DialSettings
from sparsekin.tuning.sparse.errors import collect
from sparsekin.tuning.sparse.scoring import score
from sparsekin.tuning.sparse.table import LARGER_IS_BETTER, Score, fold_metric
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
    sign = -1.0 if metric in LARGER_IS_BETTER else 1.0
    losses = sign * fold_metric(found.errors, metric)
    table = found.errors.settings
    assert isinstance(table, DialSettings)
    out = []
    for family, name in enumerate(FAMILIES):
        own = np.flatnonzero(table.family == family)
        if len(own) == 0:
            continue
        rank = [_rank(np.delete(losses[own], f, axis=1)) for f in range(len(found.searched))]
        for n in how_many(name, len(own)):
            judged = _judge(found, [own[one[:n]] for one in rank], metric)
            out.append(Average(name, n, own[_rank(losses[own])[:n]], sign * judged))
    return out


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


def _judge(found: DialErrors, rows: list[Ints], metric: Score) -> Floats:
    """(F,) metric of each fold for the mean of some models of that fold."""
    folds, blocks, kept = found.errors.folds, found.problem.blocks, []
    for f, (searched, chosen) in enumerate(zip(found.searched, rows, strict=True)):
        training = found.training(f)
        model, _ = mean_of(training, searched, found.dial, chosen)
        kept.append(score(blocks, training.blocks, folds, f, [model]))
    errors = collect(found.errors.settings.take(rows[0][:1]), folds, blocks.n_tasks, kept)
    return np.asarray(fold_metric(errors, metric)[0])
