"""Pretraining: each task's lasso starts from the lasso of all tasks together (Craig et al. 2024, ptLasso).

Of pooled slopes b, the task's outcome is fitted less (1 - alpha) X b, and columns that b does not select are penalised
1 / alpha times as much. alpha = 1 is the lasso of the task by itself; alpha = 0 selects among the columns of b.
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.baselines.lasso import fit_pooled_lasso, lasso
from sparsekin.tuning.sparse.baselines.rows import standard_of, whitened, with_intercepts
from sparsekin.tuning.sparse.scoring import Models

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def fit_pretrained(training: TaskBlocks, problem: Problem, settings: Settings, start: Settings) -> list[Models | None]:
    """Models at every fraction of alpha_max (column lambda_1) and alpha (column lambda_2).

    Parameters
    ----------
    training : TaskBlocks
    problem : Problem
    settings : Settings
    start : Settings
        The one setting of the pooled lasso to start from.
    """
    (pooled,) = fit_pooled_lasso(training, problem, start)
    assert pooled is not None
    standard = standard_of(training, problem)
    first = standard.to_standardized(pooled.coef)
    coef = np.empty((len(settings), training.n_features, training.n_tasks))
    for k in range(training.n_tasks):
        A, y = whitened(training, standard, k)
        for alpha in np.unique(settings.lambda_2):
            at = settings.lambda_2 == alpha
            factors = np.where(first[:, k] != 0, 1.0, 1.0 / alpha if alpha > 0 else np.inf)
            left = y - (1.0 - alpha) * (A @ first[:, k])
            own = lasso(A, left, training.weight_sums[k], settings.lambda_1[at], factors)
            coef[at, :, k] = own + (1.0 - alpha) * first[:, k]
    return [*with_intercepts(training, standard.to_original(coef))]
