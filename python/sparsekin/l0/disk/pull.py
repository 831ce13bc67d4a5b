"""What a fit leaves of each outcome: vectors whose products with columns are the gradients of F without penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.glm.fit import Fit, columns, free_columns, losses_of
from sparsekin.l0.glm.fit import refit as refit_losses
from sparsekin.l0.problem import Problem, factor
from sparsekin.l0.screen import residuals
from sparsekin.l0.search import Supports


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """Of the K tasks at one fit.

    ========= ============= =====================================================================
    field     shape         meaning
    ========= ============= =====================================================================
    vectors   K of (n_k,)   x_j' v_k / divisor_jk is the gradient of -F along column j, standardised scale
    curvature (K,)          the second derivative is about this times the variance of the column, standardised scale
    ========= ============= =====================================================================
    """

    vectors: tuple[Floats, ...]
    curvature: Floats


def pull_of(problem: Problem, supports: Supports) -> Pull:
    """At the exact refit of supports; squared errors."""
    found = residuals(problem, supports)
    weights = problem.blocks.weights
    vectors = tuple(
        factor(problem, k) * (r if w is None else w * r) for k, (r, w) in enumerate(zip(found, weights, strict=True))
    )
    return Pull(vectors, np.asarray(problem.task_weights, float))


def pull_of_fit(problem: Problem, fit: Fit) -> Pull:
    """At a fit of tasks with losses."""
    vectors, curvature = [], []
    for k, (loss, S) in enumerate(zip(losses_of(problem), fit.supports, strict=True)):
        eta = loss.offset + columns(problem, k, S) @ fit.b[k] + free_columns(problem, k) @ fit.free[k]
        vectors.append(loss.residual(eta))
        curvature.append(float(loss.curvature(eta).weights.sum()))
    return Pull(tuple(vectors), np.array(curvature))


def pull_at(problem: Problem, supports: Supports) -> Pull:
    """At the exact refit of supports, whatever the losses."""
    if problem.losses is None:
        return pull_of(problem, supports)
    fit = refit_losses(problem, supports)
    assert fit is not None
    return pull_of_fit(problem, fit)
