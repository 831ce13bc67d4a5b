"""One lasso for all tasks beside the settings of the dial: many weak effects it shrinks, where L0 has to choose."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.l0.grid import Settings, cross
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.baselines import families
from sparsekin.tuning.sparse.baselines.lasso import fit_pooled_lasso, fractions
from sparsekin.tuning.sparse.baselines.methods import Method
from sparsekin.tuning.sparse.baselines.run import run_methods
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import Score, fold_metric, loss_sign

NAME = "lasso"
LEAST_SHARE = 0.05  # of alpha_max: below it a lasso of many columns takes longer than the dial, and has little weight


def shares_of(blocks: TaskBlocks) -> Floats:
    """Shares of alpha_max to try; none for outcomes of one X, of several families, or a sparse X: it fills it."""
    if blocks.shared or len(set(blocks.families_said)) > 1 or not isinstance(blocks.X, np.ndarray):
        return np.empty(0)
    found = fractions(blocks.n_obs.sum(), blocks.n_features)
    return found[found >= LEAST_SHARE]


def judge_lasso(problem: Problem, shares: Floats, folds: Folds, metric: Score) -> tuple[int, Floats]:
    """The share of alpha_max of the least mean loss, and (F,) losses of each fold by that best on the other folds."""
    settings = _settings(problem, shares)
    fitter = fit_pooled_lasso if problem.losses is None else families.fit_pooled_lasso
    method = Method(NAME, "pooling", partial(fitter, problem=problem, settings=settings), settings)
    (run,) = run_methods(problem.blocks, [method], folds, metric)
    assert run.errors is not None
    mean = mean_over(loss_sign(metric) * fold_metric(run.errors, metric), axis=1)
    return int(np.argmin(np.where(np.isnan(mean), np.inf, mean))), loss_sign(metric) * run.per_fold(metric)


def fit_lasso(problem: Problem, share: float) -> Models:
    """The lasso of all rows at a share of alpha_max."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitter = fit_pooled_lasso if problem.losses is None else families.fit_pooled_lasso
        (found,) = fitter(problem.blocks, problem, _settings(problem, np.array([share])))
    assert found is not None
    return found


def _settings(problem: Problem, shares: Floats) -> Settings:
    return cross([problem.n_features], shares, [0.0], [0.0])
