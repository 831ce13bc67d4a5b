"""Means of the best settings of each family, judged on folds that had no say in the ranking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.grid import cross
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.dial.fit import means_of
from sparsekin.tuning.sparse.dial.lasso import NAME, LassoErrors, cross_validate_lasso, weigh
from sparsekin.tuning.sparse.dial.run import DialErrors
from sparsekin.tuning.sparse.dial.settings import FAMILIES, DialSettings
from sparsekin.tuning.sparse.errors import CvErrors, collect
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import HIGH, Score, fold_metric, loss_sign
from sparsekin.tuning.verdict import Verdict, verdict

FEW, MANY, SHARE = (1, 5, 15), (1, 10), 0.03
WIDTH = 0.03  # a setting whose error is 3 % above that of the best counts e times less in a mean
LEAST = 0.01  # of the weight of the best: settings that count less are left out
_NONE = cross([0], [0.0], [0.0], [0.0])  # the settings of means: they have none


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """The mean of the best settings of one family, weighted by how good they are (`weights_of`).

    ======== ===== ================================================================================
    field    shape meaning
    ======== ===== ================================================================================
    family   str   "pool", "share" or "separate", or "lasso"
    n        int   at most so many
    rows     (m,)  which settings, best first
    weights  (m,)  sum 1
    losses   (F,)  loss of each fold by what is best on the other folds; NaN where a fold was not
                   finished
    ======== ===== ================================================================================
    """

    family: str
    n: int
    rows: Ints
    weights: Floats
    losses: Floats


def averages(found: DialErrors, metric: Score, lasso: LassoErrors | None = None) -> list[Average]:
    """For each family and each number of settings: their mean, ranked on the other folds and judged on this one.

    And, where it is tried, that of one lasso for all tasks, its rows those of ``dial.lasso``.

    Parameters
    ----------
    found : DialErrors
        With the supports of every fold.
    metric : str
        What is averaged over tasks; losses of "r2" are its negative.
    lasso : LassoErrors, optional
        What `try_lasso` found, where that is known.
    """
    lasso = try_lasso(found, metric) if lasso is None else lasso
    return judge(found, metric, lasso, fold_models(found, metric, lasso))


def try_lasso(found: DialErrors, metric: Score) -> LassoErrors | None:
    """The lassos on the folds, where they are tried."""
    folds = found.errors.folds
    if not len(found.dial.lasso) or folds.n_folds < 2 or not found.errors.finished.all():
        return None
    return cross_validate_lasso(found.problem, found.dial.lasso, folds, metric)


def fold_models(found: DialErrors, metric: Score, lasso: LassoErrors | None) -> Iterator[list[Models]]:
    """For each finished fold the models of its training rows, one for each average, by what the other folds say."""
    losses, table = _losses(found, metric), _table(found)
    for f, searched in enumerate(found.searched):
        members = [pair for *_, pair in _means(table, np.delete(losses, f, axis=1), metric)]
        models = [mean for mean, _ in means_of(found.training(f), searched, found.dial, members)]
        if lasso is not None:
            rows, weights = _weighed(np.delete(lasso.losses, f, axis=1), metric)
            models.append(weigh([lasso.models[f][i] for i in rows], weights))
        yield models


def judge(
    found: DialErrors, metric: Score, lasso: LassoErrors | None, models: Iterable[Sequence[Models]]
) -> list[Average]:
    """The averages of all rows, and what the models of each fold (`fold_models`) lose on what it holds out."""
    means = _means(_table(found), _losses(found, metric), metric)
    if lasso is not None:
        means.append((NAME, len(lasso.losses), _weighed(lasso.losses, metric)))
    lost = loss_sign(metric) * fold_metric(errors_of(found, models, len(means)), metric)
    return [Average(name, n, *members, loss) for (name, n, members), loss in zip(means, lost, strict=True)]


def errors_of(found: DialErrors, models: Iterable[Sequence[Models]], m: int) -> CvErrors:
    """Errors of m models of the training rows of each finished fold on what it holds out; they have no settings."""
    blocks, folds = found.problem.blocks, found.errors.folds
    judged = [fold_errors(blocks, training_blocks(blocks, folds, f), folds, f, some) for f, some in enumerate(models)]
    return collect(_NONE.take(np.zeros(m, np.int64)), folds, found.problem.n_tasks, judged)


def no_errors(folds: Folds, n_tasks: int) -> CvErrors:
    """Those of one model, of which no fold was finished."""
    return collect(_NONE, folds, n_tasks, [])


def _losses(found: DialErrors, metric: Score) -> Floats:
    """(m, F) of every setting."""
    return loss_sign(metric) * fold_metric(found.errors, metric)


def _table(found: DialErrors) -> DialSettings:
    assert isinstance(found.errors.settings, DialSettings)
    return found.errors.settings


def _means(table: DialSettings, losses: Floats, metric: Score) -> list[tuple[str, int, tuple[Ints, Floats]]]:
    """The means tried, by losses on folds (m, F): family, most settings, which, the best first, and weights."""
    found: list[tuple[str, int, tuple[Ints, Floats]]] = []
    level = mean_over(losses, axis=1)
    for i, name in enumerate(FAMILIES):
        own = np.flatnonzero(table.family == i)
        rank = own[_rank(level[own])]
        for n in how_many(name, len(own)) if len(own) else ():
            weights = weights_of(level[rank[:n]], metric)
            found.append((name, n, (rank[: len(weights)], weights)))
    return found


def _weighed(losses: Floats, metric: Score) -> tuple[Ints, Floats]:
    """Models with weight, the best first, by losses on folds (m, F)."""
    level = mean_over(losses, axis=1)
    rank = _rank(level)
    weights = weights_of(level[rank], metric)
    return rank[: len(weights)], weights


def weights_of(losses: Floats, metric: Score) -> Floats:
    """(m,) `goodness` as far as that is more than `LEAST`; sum 1.

    Parameters
    ----------
    losses : (n,)
        Mean loss of the best settings, ascending.
    metric : str
    """
    good = goodness(losses, metric, WIDTH)
    good = good[good > LEAST]
    return np.asarray(good / good.sum())


def goodness(losses: Floats, metric: Score, width: float) -> Floats:
    """(n,) exp(-(error / least error - 1) / width) of losses, ascending.

    Errors are of the size of an rmse: sqrt(1 - R2), roots of deviances and of Brier scores; of AUC and concordance what
    is missing to 1.
    """
    error = _as_rmse(losses, metric)
    if np.isnan(error[0]):  # no fold is left to rank by
        return np.ones(len(error))
    if not error[0] > 0:
        return (np.arange(len(error)) == 0).astype(float)
    return np.asarray(np.exp(-(error / error[0] - 1.0) / width))


def as_good(losses: Floats, metric: Score, share: float) -> Ints:
    """Those whose error is at most so much above the least, as a share of it."""
    error = _as_rmse(losses, metric)
    return np.flatnonzero(error <= (1.0 + share) * np.nanmin(error, initial=np.inf))


def _as_rmse(losses: Floats, metric: Score) -> Floats:
    if metric in HIGH:
        missing = np.maximum(1.0 + losses, 0.0)
        return np.sqrt(missing) if metric == "r2" else missing
    return np.sqrt(np.maximum(losses, 0.0)) if metric.endswith(("deviance", "brier")) else losses


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


def _rank(losses: Floats) -> Ints:
    return np.argsort(np.where(np.isnan(losses), np.inf, losses), kind="stable")
