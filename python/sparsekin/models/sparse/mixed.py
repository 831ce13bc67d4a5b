"""Tasks of several families in one fit: what makes a squared error worth a deviance.

A lone feature must earn lambda_z (K - 1) / (2 K) of the loss; of a binomial, poisson or cox task a feature of
likelihood ratio chi-square X2 earns w_k X2 / (2 n_k), of a gaussian one too if w_k is one over its residual variance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.data.standardize import Standardization, standardize
from sparsekin.l0.problem import make_problem, objective
from sparsekin.l0.solve import solve

MOST, PER_ROWS = 10, 10  # features of the fits that residual variances are from: one per so many rows


def with_variances(weights: Floats, blocks: TaskBlocks, standard: Standardization) -> tuple[Floats, Standardization]:
    """Weights of tasks (K,), those of gaussian ones over their residual variances where other families are there.

    Then their slopes are penalised in units of the residual standard deviation, so that no unit of the outcome matters.
    """
    if not blocks.mixed:
        return weights, standard
    refuse_on_disk(blocks, "A fit of tasks of several families", "Fit each family's tasks, or X.columns(names).")
    gaussian = [k for k, family in enumerate(blocks.families_said) if family == "gaussian"]
    out, units = weights.copy(), standard.y_scale.copy()
    for k in gaussian:
        variance = residual_variance(blocks, standard, k)
        out[k] /= variance
        units[k] = np.sqrt(variance)
    return out, replace(standard, y_scale=units)


def residual_variance(blocks: TaskBlocks, standard: Standardization, k: int) -> float:
    """RSS / (n - s - 1) of gaussian task k fitted alone with few features."""
    given, n = blocks.responses, int(blocks.n_obs[k])
    assert given is not None
    known = given.offset[k]
    alone = replace(
        blocks, y=(blocks.y[k] if known is None else blocks.y[k] - known,), rows=(blocks.rows[k],),
        weights=(blocks.weights[k],), task_names=(blocks.task_names[k],), shared=False, responses=None,
    )  # fmt: skip
    s = max(min(blocks.n_features, n // PER_ROWS, MOST), 0)
    problem = make_problem(alone, standardize(alone, standard.mode), np.array([s]))
    found = solve(problem)
    squares = 2 * float(blocks.weight_sums[k]) * objective(problem, found.coef_standardized)
    spare = max(n - int(found.support.sum()) - 1, 1)
    whole = float(np.var(alone.y[0]))
    return max(squares / spare, 1e-10 * whole) or 1.0
