"""Methods tuned on some rows of several studies, and how well they do on others."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pool_share_separate import FOLDS, baselines
from pooling_sets import Rows
from sparsekin import SparseMTL
from sparsekin.losses.binomial import binomial
from sparsekin.losses.levels import best_levels
from sparsekin.options import Scheme
from sparsekin.tuning.family_metrics import auc, concordance
from sparsekin.tuning.sparse.new_site import centre_of
from sparsekin.tuning.sparse.scoring import Models

DENSE = ("null", "pooled ridge", "ridge per task", "gradient boosting")  # choose nothing


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A method with its settings chosen.

    ======= ================== =================================
    field   type               meaning
    ======= ================== =================================
    name    str
    models  Predictor          of K tasks
    cpu     float              seconds to tune and to fit
    note    str                the verdict
    ======= ================== =================================
    """

    name: str
    models: Any
    cpu: float
    note: str = ""

    @property
    def support(self) -> np.ndarray | None:
        """(p, K), None of methods that choose nothing."""
        return None if self.name in DENSE else self.models.support


def model_of(rows: Rows, family: str) -> SparseMTL:
    """The model that a user makes."""
    keep = rows.keep if rows.keep.shape[1] else None
    return SparseMTL(rows.y, rows.X, rows.task, keep=keep, scale_outcome=rows.task is None, family=family)


def ours(model: SparseMTL, seed: int, scheme: Scheme) -> Iterator[Fitted]:
    """Four ways to read one default cross-validation."""
    started = time.process_time()
    cv = model.cross_validate(**({"folds": FOLDS} if scheme == "within-task" else {}), rng=seed, scheme=scheme)
    tuned = time.process_time() - started
    average: Any = None
    for name in ("best", "1se", "average", "average, cut"):
        started = time.process_time()
        found = average.cut_to() if name == "average, cut" else cv.refit(name)
        average = found if name == "average" else average
        one = found.estimates
        models = Models(one.intercept, one.coef, one.keep_coef)
        yield Fitted(name, models, tuned + time.process_time() - started, cv.judged.chosen)


def fitted(
    rows: Rows, family: str, seed: int, scheme: Scheme = "within-task", only: Collection[str] = (), dial: bool = True
) -> tuple[SparseMTL, list[Fitted]]:
    """The model; tuned on these rows ours, if the `dial` is asked for, and baselines: all, or those that are named."""
    model = model_of(rows, family)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few events, values at an end
        found = list(ours(model, seed, scheme)) if dial else []
        found += [Fitted(*one) for one in baselines(model, seed, scheme=scheme, boosting=True, only=only)]
    return model, found


def errors(fit: Fitted, test: Rows, family: str, units: np.ndarray) -> dict[str, float]:
    """`error`, and of yes/no outcomes and survival times how well rows are ranked.

    RMSE in `units`, or deviance per row, mean over tasks; of survival times the deviance of the partial likelihood per
    event and the concordance, with tasks as strata.
    """
    parts = [test.of_task(k) for k in range(len(units))]
    eta = [fit.models.predict(k, part.X, part.keep) for k, part in enumerate(parts)]
    if family == "cox":
        stratum = np.repeat(np.arange(len(parts)), [len(part.y) for part in parts])
        y, score = np.concatenate([part.y for part in parts]), np.concatenate(eta)
        loss = sum(partial(part.y, one) for part, one in zip(parts, eta, strict=True))
        return {"error": loss / max(y[:, 1].sum(), 1), "rank": concordance(y, score, stratum)}
    if family == "binomial":
        each = [binomial_error(part.y, one) for part, one in zip(parts, eta, strict=True)]
        return {"error": float(np.mean(each)), "rank": mean_auc(parts, eta)}
    each = [np.sqrt(np.mean((part.y - one) ** 2)) / unit for part, one, unit in zip(parts, eta, units, strict=True)]
    return {"error": float(np.mean(each))}


def new_errors(fit: Fitted, model: SparseMTL, test: Rows, family: str) -> dict[str, float]:
    """The same in a study that was not seen, as predicted and with its level free."""
    one = fit.models.ensemble(centre_of(model.blocks))
    eta = one.predict(0, test.X, test.keep)
    if family == "binomial":
        free = eta + best_levels(binomial(test.y), eta[None])[0]
        rank = auc(test.y, eta)
        return {"error": binomial_error(test.y, eta), "level free": binomial_error(test.y, free), "rank": rank}
    left = test.y - eta
    return {"error": float(np.sqrt(np.mean(left**2))), "level free": float(left.std())}


def binomial_error(y: np.ndarray, eta: np.ndarray) -> float:
    """Deviance per row."""
    return float(2 * np.mean(np.logaddexp(0, eta) - y * eta))


def mean_auc(parts: list[Rows], eta: list[np.ndarray]) -> float:
    """Over tasks that have both outcomes."""
    return float(np.nanmean([auc(part.y, one) for part, one in zip(parts, eta, strict=True)]))


def partial(y: np.ndarray, eta: np.ndarray) -> float:
    """-2 log partial likelihood (Breslow) of one stratum."""
    at_risk = y[:, 0] >= y[y[:, 1] > 0, 0][:, None]
    largest = eta.max(initial=0.0)
    sums = np.log((at_risk * np.exp(eta - largest)).sum(axis=1)) + largest
    return float(2 * (sums.sum() - eta[y[:, 1] > 0].sum()))
