"""Average treatment effects per site by AIPW with cross-fitting, from several pairs of nuisance regressions.

The outcome is regressed on the treatment and the covariates, the treatment on the covariates. A nuisance learner is
given rows and new covariates and returns, by name, what it says of these: probabilities of the treatment, and expected
outcomes without and with it.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparsekin.errors import SolverError
from sparsekin.sklearn import MTHALClassifierCV, MTHALRegressorCV

FOLDS, TRIM = 3, 0.025
SMALL = {"max_degree": 2, "n_lambda": 20, "cv": 3, "tolerance": 1e-4, "linear": (None, 0.1)}
TREES = {"max_depth": 2, "n_estimators": 300, "n_iter_no_change": 10, "validation_fraction": 0.2, "random_state": 0}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Patients of several sites.

    ===== ============= ==================
    field shape         meaning
    ===== ============= ==================
    W     (n, d) frame  covariates
    site  (n,)          labels
    a     (n,)          treatment, 0 or 1
    y     (n,)          outcome
    ===== ============= ==================
    """

    W: pd.DataFrame
    site: np.ndarray
    a: np.ndarray
    y: np.ndarray

    def take(self, rows: np.ndarray) -> Rows:
        """Some of them."""
        return Rows(self.W.iloc[rows], self.site[rows], self.a[rows], self.y[rows])

    def tasks(self) -> pd.DataFrame:
        """Covariates and site."""
        return self.W.assign(site=self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Nuisance:
    """(m,) probabilities of the treatment; (2, m) expected outcomes without and with it."""

    e: np.ndarray
    m: np.ndarray


Learner: TypeAlias = Callable[[Rows, Rows], dict[str, Nuisance]]


def mthal(train: Rows, new: Rows) -> dict[str, Nuisance]:
    """One outcome and one treatment model for all sites, at the penalty of cross-validation and undersmoothed."""
    outcome = MTHALRegressorCV("site", random_state=0, **SMALL).fit(train.tasks().assign(a=train.a), train.y)
    treatment = MTHALClassifierCV("site", random_state=0, **SMALL).fit(train.tasks(), train.a)

    def said(outcome: MTHALRegressorCV, treatment: MTHALClassifierCV) -> Nuisance:
        m = [outcome.predict(new.tasks().assign(a=arm)) for arm in (0, 1)]
        return Nuisance(treatment.predict_proba(new.tasks())[:, 1], np.array(m))

    return {"MTHAL": said(outcome, treatment), "MTHAL undersmoothed": said(*map(undersmoothed, (outcome, treatment)))}


def undersmoothed(fit: MTHALRegressorCV | MTHALClassifierCV) -> MTHALRegressorCV | MTHALClassifierCV:
    """The same with `choose="undersmooth"`, from the same cross-validation; as it is where no lambda qualifies."""
    other = copy(fit)
    try:
        other.result_ = fit.cv_.refit("undersmooth")
    except SolverError:
        return fit
    return other


def columns(rows: Rows, a: np.ndarray | int | None, sites: np.ndarray | None) -> np.ndarray:
    """Covariates, the treatment if it is given, and with `sites` levels and effects of their own."""
    parts = [rows.W.to_numpy(float)]
    arm = None if a is None else np.broadcast_to(np.asarray(a, float), len(rows.a))
    levels = np.empty((len(rows.a), 0)) if sites is None else (rows.site[:, None] == sites).astype(float)
    parts.append(levels)
    if arm is not None:
        parts += [arm[:, None], levels * arm[:, None]]
    return np.hstack(parts)


def learner(name: str, outcome: Callable[[], object], treatment: Callable[[], object]) -> Learner:
    """Two scikit-learn estimators, for all rows with the site as covariates, and for each site alone."""

    def pair(train: Rows, new: Rows, sites: np.ndarray | None) -> Nuisance:
        fit = outcome().fit(columns(train, train.a, sites), train.y)
        m = [fit.predict(columns(new, arm, sites)) for arm in (0, 1)]
        chance = treatment().fit(columns(train, None, sites), train.a)
        return Nuisance(chance.predict_proba(columns(new, None, sites))[:, 1], np.array(m))

    def learn(train: Rows, new: Rows) -> dict[str, Nuisance]:
        sites = np.unique(train.site)
        apart = Nuisance(np.empty(len(new.a)), np.empty((2, len(new.a))))
        for one in sites:
            here = np.flatnonzero(new.site == one)
            found = pair(train.take(np.flatnonzero(train.site == one)), new.take(here), None)
            apart.e[here], apart.m[:, here] = found.e, found.m
        return {f"{name}, pooled": pair(train, new, sites), f"{name} per site": apart}

    return learn


def ridge() -> object:
    """Lines, the penalty by leave-one-out."""
    return make_pipeline(StandardScaler(), RidgeCV(np.geomspace(1e-2, 1e3, 20)))


def logistic() -> object:
    """Log odds that are lines, the penalty by cross-validation."""
    model = LogisticRegressionCV(
        Cs=np.geomspace(1e-3, 1e2, 6), cv=3, scoring="neg_log_loss", l1_ratios=(0.0,), use_legacy_attributes=False
    )
    return make_pipeline(StandardScaler(), model)


LEARNERS: tuple[Learner, ...] = (
    mthal,
    learner("boosting", lambda: GradientBoostingRegressor(**TREES), lambda: GradientBoostingClassifier(**TREES)),
    learner("glm", ridge, logistic),
)


def aipw(rows: Rows, found: Nuisance) -> np.ndarray:
    """(n,) scores, whose mean in a site is its estimate; probabilities are kept TRIM away from 0 and 1."""
    e = np.clip(found.e, TRIM, 1 - TRIM)
    m0, m1 = found.m
    return np.asarray(m1 - m0 + rows.a * (rows.y - m1) / e - (1 - rows.a) * (rows.y - m0) / (1 - e))


def cross_fitted(rows: Rows, learn: Learner, seed: int) -> dict[str, Nuisance]:
    """What models of the other folds say of each row; folds have their share of both arms of every site."""
    out: dict[str, Nuisance] = {}
    strata = pd.factorize(pd.Series(rows.site).astype(str) + rows.a.astype(int).astype(str))[0]
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(strata, strata):
        for name, found in learn(rows.take(train), rows.take(test)).items():
            whole = out.setdefault(name, Nuisance(np.empty(len(rows.a)), np.empty((2, len(rows.a)))))
            whole.e[test], whole.m[:, test] = found.e, found.m
    return out


def per_site(rows: Rows, scores: np.ndarray) -> pd.DataFrame:
    """Estimate and standard error of every site."""
    groups = pd.Series(scores).groupby(rows.site)
    return pd.DataFrame({"estimate": groups.mean(), "se": groups.std() / np.sqrt(groups.size())})


def difference(rows: Rows) -> pd.DataFrame:
    """Of the means of the two arms, and its standard error."""
    found = {}
    for site in np.unique(rows.site):
        arms = [rows.y[(rows.site == site) & (rows.a == arm)] for arm in (0, 1)]
        error = np.sqrt(sum(one.var(ddof=1) / len(one) for one in arms))
        found[site] = {"estimate": arms[1].mean() - arms[0].mean(), "se": error}
    return pd.DataFrame(found).T


def estimates(rows: Rows, seed: int) -> pd.DataFrame:
    """Estimates of every site by every learner: method, site, estimate, se, cpu."""
    parts = [difference(rows).assign(method="difference of means", cpu=0.0)]
    for learn in LEARNERS:
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = cross_fitted(rows, learn, seed)
        spent = time.process_time() - start
        parts += [per_site(rows, aipw(rows, one)).assign(method=name, cpu=spent) for name, one in found.items()]
    return pd.concat(parts).rename_axis("site").reset_index()
