"""A fit without the penalty on the functions that were selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_basis, unpenalised_coef
from sparsekin.errors import SolverError
from sparsekin.hal.design import Design
from sparsekin.hal.logistic import logistic_of
from sparsekin.options import Family

_FAR = 30.0  # log odds that only perfect separation reaches


def relaxed(
    blocks: TaskBlocks, design: Design, functions: Ints, families: Sequence[Family]
) -> tuple[Floats, Floats, Floats]:
    """Least squares, or maximum likelihood, per task on some functions: coefficients (a, K), intercepts, keep (q, K).

    The minimum-norm answer where columns are constant or collinear in a task.

    Raises
    ------
    SolverError
        The functions tell some outcomes of a binomial task for certain, so there is no finite answer.
    """
    q = blocks.keep.shape[1]
    wide = replace(blocks, keep=np.asfortranarray(np.hstack([blocks.keep, design.columns(functions)])))
    linear = [y if families[k] == "gaussian" else _log_odds(wide, k) for k, y in enumerate(blocks.y)]
    found = [unpenalised_coef(wide, k, one, least_norm=True) for k, one in enumerate(linear)]
    intercept = np.array([float(c) if blocks.intercept else 0.0 for c, _ in found])
    slopes = np.column_stack([g for _, g in found])
    return slopes[q:], intercept, slopes[:q]


def _log_odds(wide: TaskBlocks, k: int) -> Floats:
    """(n_k,) those of the best logistic fit on intercept and always-in columns."""
    w, y = wide.weights[k], wide.y[k]
    omega = np.full(len(y), 1 / len(y)) if w is None else w / w.sum()
    task = logistic_of(y, omega, unpenalised_basis(wide, k))
    eta = task.settle(np.zeros(len(y)), task.start).eta
    if np.abs(eta[omega > 0]).max(initial=0.0) > _FAR:
        raise SolverError(
            f"The functions selected tell some outcomes of task '{wide.task_names[k]}' for certain, so a relaxed fit "
            "has no finite coefficients; relax a fit at a larger lambda."
        )
    return np.asarray(eta)
