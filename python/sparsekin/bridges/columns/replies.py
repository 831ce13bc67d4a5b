"""What R is told about a result: names, numbers and tables, from which it builds an object of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.bridges.columns.judging import held_out, performance
from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.inference.bound import share_that_may_pass
from sparsekin.inference.estimates import Estimates, estimates_of, of_one_split
from sparsekin.l0.grid import GridFit
from sparsekin.l0.problem import Problem
from sparsekin.losses.cox import Cox
from sparsekin.losses.tasks import loss_of
from sparsekin.models.hal.compare import HALComparison
from sparsekin.models.hal.results import HALResults
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.compare import Comparison
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.dial import DialResults
from sparsekin.models.sparse.path import PathResults
from sparsekin.models.sparse.results import SparseResults
from sparsekin.report.sparse.average import reading_order
from sparsekin.report.sparse.given import name_of_weights
from sparsekin.results.homogeneity import Homogeneity
from sparsekin.results.sparse.path import settings_table
from sparsekin.results.sparse.ranking import rank_features
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.sparse.errors import PER_FOLD, PER_SETTING, RANKS, CvErrors

Reply = dict[str, Any]


def fit(found: SparseResults) -> Reply:
    """Everything an R fit holds besides what R itself sent."""
    solution, stacking, proof = found.solution, found.stacking, found.certificate
    return linear(found) | {
        "s": found.s,
        "iterations": solution.iterations,
        "stacking": None if stacking is None else {"weights": stacking.weights, "intercept": stacking.intercept},
        "certificate": None if proof is None else asdict(proof),
        "fractional": solution.fractional,
        "task_weights": found.task_weights,
        "separated": [str(task) for task, there in zip(found.task_index, found.separated, strict=True) if there],
        "performance": performance(found),
        "held_out": held_out(found),
    }


def stability(found: SparseResults) -> Reply:
    """What half-samples say, with the bound of false features at each cut."""
    assert found.halves is not None
    told, split = estimates_of(found.halves), of_one_split(found.halves)
    p = found.blocks.n_features
    return {
        "frequency": told.frequency,
        "frequency_any": told.frequency_any,
        **slopes(told),
        "split": slopes(split),
        "se_kind": found.se_kind,
        "may_pass": share_that_may_pass(max(told.mean_number, 0.5) / p, found.halves.pairs) * p,
        "pairs": found.halves.pairs,
        "asked": found.halves.asked,
    }


def slopes(told: Estimates) -> Reply:
    """Held-out slopes of m features (from 1) in K tasks."""
    return {
        "features": told.features + 1, "slope": told.slope, "se": told.se, "df": told.df, "p": told.pvalue,
    }  # fmt: skip


def average(found: AverageResults) -> Reply:
    """Everything an R average holds besides what R itself sent; `best` is a fit with the options that give it."""
    best = found.best_member
    options = ("lambda_1", "lambda_2", "lambda_z", "effort")
    return linear(found) | {
        "inclusion": found.inclusion,
        "order": reading_order(found) + 1,
        "members": found.members,
        "verdict": found.verdict,
        "cut": found.cut,
        "predicts_cut": found.predicts_cut,
        "performance": performance(found),
        "best": None
        if best is None
        else {
            "fit": fit(best),
            "options": {name: getattr(best, name) for name in options}
            | {"s": best.s, "support": best.support_mode, "task_weights": name_of_weights(best.task_weights)},
        },
    }


def linear(found: SparseResults | AverageResults) -> Reply:
    """What every linear model of several tasks tells."""
    estimates = found.estimates
    return {
        "tasks": task_names(found.blocks),
        "intercept": estimates.intercept,
        "coef": estimates.coef,
        "coef_standardized": estimates.coef_standardized,
        "keep_coef": found.estimated(estimates.keep_coef),
        "support": estimates.support.astype(float),
        "ranked": rank_features(estimates.support, estimates.coef_standardized) + 1,
        "families": list(found.blocks.families_said),
        "fitted": fitted(found),
        "resid": np.asarray(found.resid, float).reshape(found.blocks.X.shape[0], -1),
        "task_fit": found.task_fit.reset_index(drop=True),
        "homogeneity": homogeneity(found.homogeneity),
        "constant": {str(task): columns for task, columns in found.constant_columns.items()},
        "glance": found.glance(),
        "new_site": new_site(found),
        "deviance": float(found.deviance.sum()),
        "baseline": baseline(found.blocks, found.predictors),
        "strata": found.strata_of_rows(),
    }


def baseline(blocks: TaskBlocks, predictors: list[Floats]) -> pd.DataFrame | None:
    """One row per cox task (from 1), stratum (from 0) and event time, with the cumulative hazard at a linear predictor.

    That, the `origin`, lies among those of the rows: where columns are far from 0 the hazard of X = 0 is no number.
    """
    rows = []
    for k in range(blocks.n_tasks):
        loss = loss_of(blocks, k)
        if not isinstance(loss, Cox):
            continue
        origin = float(np.median(predictors[k]))
        for g, (time, hazard) in enumerate(loss.baseline(predictors[k] - origin)):
            rows.append(pd.DataFrame({"task": k + 1, "stratum": g, "time": time, "hazard": hazard, "origin": origin}))
    return pd.concat(rows, ignore_index=True) if rows else None


def new_site(found: SparseResults | AverageResults) -> Reply | None:
    """Standard deviations of levels between tasks and of rows within them, where there are such."""
    spread = found.new_site
    if isinstance(spread, Unavailable) or np.isnan(spread.sd_within):
        return None
    return {"sd_between": spread.sd_between, "sd_within": spread.sd_within}


def fitted(found: SparseResults | AverageResults | HALResults) -> Floats:
    """(N, 1), or (N, K) in the multi-label case, in the order of the rows R sent."""
    values = np.asarray(found.predict(), float)
    return values.reshape(len(values), -1)


def homogeneity(alike: Homogeneity) -> Reply:
    """Sizes, similarities and what they would be by chance."""
    squares = ("shared", "jaccard", "overlap", "chance_shared")
    means = ("mean_jaccard", "mean_overlap", "chance_jaccard", "chance_overlap")
    return {
        "sizes": alike.sizes,
        "core": list(alike.core),
        "union": list(alike.union),
        **{name: getattr(alike, name).to_numpy(float) for name in squares},
        **{name: getattr(alike, name) for name in means},
    }


def path(found: PathResults) -> Reply:
    """A table of settings, and the coefficients at each: intercepts (m, K), always-in (m, q, K), the selected ones."""
    blocks = found.grid.problem.blocks
    return {
        "tasks": task_names(blocks),
        "families": list(blocks.families_said),
        "used": used(found.grid.problem),
        "table": found.table.assign(ebic=found.criterion()),
        "finished": pd.Series(found.grid.finished),
        **unpenalised(found.grid),
        "selected": found.coef_table()[["setting", "task", "term", "estimate", "estimate_standardized"]].assign(
            task=lambda table: table["task"].map(str), setting=lambda table: table["setting"] + 1
        ),
    }


def used(problem: Problem) -> Reply:
    """Scale and weights of tasks, which are pooled where lambda_2 = inf was among the values asked for."""
    return {"standardize": problem.standard.mode, "task_weights": name_of_weights(problem.task_weights)}


def unpenalised(grid: GridFit) -> Reply:
    """Intercepts (m, K) and always-in coefficients (m, q, K); NaN where Ctrl-C came first."""
    blocks, m = grid.problem.blocks, len(grid)
    intercept = np.full((m, blocks.n_tasks), np.nan)
    keep = np.full((m, len(blocks.keep_names), blocks.n_tasks), np.nan)
    for i in np.flatnonzero(grid.finished):
        found = grid.solution(int(i))
        intercept[i], keep[i] = found.intercept, found.keep_coef
    return {"intercept": intercept, "keep_coef": keep}


def cv(found: CVResults) -> Reply:
    """Tables of errors, the two choices, and the state `refit` starts from."""
    per_task = found.per_task
    return {
        "tasks": task_names(found.problem.blocks),
        "used": used(found.problem),
        "table": found.table,
        "per_task": per_task.to_numpy(float),
        "per_fold": found.per_fold.to_numpy(float),
        "folds": found.folds.reset_index(drop=True),
        "best": found.best_index + 1,
        "best_1se": found.best_1se_index + 1,
        "tidy": found.tidy(),
        "glance": found.glance(),
        "metric": found.score,
        "state": {**cv_state(found.errors), "with_zero": found.with_zero, "metric": found.metric},
        **(dial(found) if isinstance(found, DialResults) else {}),
    }


def dial(found: DialResults) -> Reply:
    """The verdict, the three families, and what `refit` needs besides the errors."""
    families, averages = found.families, found.averages
    searches = {name: settings_table(getattr(found.dial, name)) for name in ("shared", "pooled", "separate")}
    return {
        "verdict": found.verdict,
        "families": families.reset_index(),
        "dial": {
            **searches,
            "ridges": pd.Series(found.dial.ridges),
            "links": pd.Series(found.dial.links),
            "pools": found.dial.pools,
            "lasso": pd.Series(found.dial.lasso),
            **({} if found.dial.walked is None else {"searched": pd.Series(found.dial.walked)}),
            "family": [one.family for one in averages],
            "n": pd.Series([one.n for one in averages]),
            "lengths": pd.Series([len(one.rows) for one in averages]),
            "rows": pd.Series(np.concatenate([one.rows for one in averages])),
            "weights": pd.Series(np.concatenate([one.weights for one in averages])),
            "losses": np.array([one.losses for one in averages]),
            **({} if found.apart is None else {"apart": pd.Series(found.apart)}),
        },
    }


def cv_state(errors: CvErrors) -> Reply:
    """The fields of `CvErrors`."""
    return {
        "settings": settings_table(errors.settings),
        "of_row": pd.Series(errors.folds.of_row),
        "n_folds": errors.folds.n_folds,
        "scheme": errors.folds.scheme,
        "finished": errors.finished.astype(float),
        **{name: getattr(errors, name) for name in (*PER_FOLD, *PER_SETTING, *RANKS) if name != "finished"},
    }


def comparison(found: Comparison | HALComparison) -> Reply:
    """One row per method, the folds, what they say, and why methods are not available."""
    return {
        "table": found.table.reset_index(),
        "tidy": found.tidy(),
        "glance": found.glance(),
        "verdict": found.verdict,
        "indistinct": list(found.methods.indistinct),
        "per_fold": found.per_fold,
        "unavailable": {} if isinstance(found, HALComparison) else found.unavailable,
        "metric": found.metric,
        "scheme": "within-task" if isinstance(found, HALComparison) else found.scheme,
    }


def task_names(blocks: TaskBlocks) -> list[str]:
    """Labels of the tasks as text."""
    return [str(task) for task in blocks.task_names]
