"""A fit without the penalty on the functions that were selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import RANK, residualize, stratum_means, unpenalised_basis, unpenalised_coef
from sparsekin.errors import SolverError
from sparsekin.hal.curved import curved
from sparsekin.hal.design import Design
from sparsekin.losses.tasks import loss_of
from sparsekin.options import LossFamily

_FAR = 30.0  # log odds that only perfect separation reaches


def relaxed(
    blocks: TaskBlocks, design: Design, functions: Ints, families: Sequence[LossFamily]
) -> tuple[Floats, Floats, Floats]:
    """Least squares, or maximum likelihood, per task on some functions: coefficients (a, K), intercepts, keep (q, K).

    Always-in columns come first and follow `lm`: what they and functions could both say is theirs. Of the functions,
    the coefficients of least norm where they are collinear in a task, 0 where they add nothing to always-in columns.

    Raises
    ------
    SolverError
        The functions tell some outcomes of a binomial task for certain, so there is no finite answer.
    """
    phi = np.asfortranarray(design.columns(functions))
    wide = replace(blocks, keep=np.asfortranarray(np.hstack([blocks.keep, phi])))
    linear = [y if families[k] == "gaussian" else _linear(wide, k, families[k]) for k, y in enumerate(blocks.y)]
    levelled = [replace(blocks, intercept=blocks.intercept or family == "cox") for family in families]
    own = [wide.keep_of(k)[:, blocks.keep.shape[1] :] for k in range(blocks.n_tasks)]
    # the linear predictor of a cox task has no origin in a stratum, and so must its columns
    own = [A - stratum_means(A, blocks.strata_of(k)) if families[k] == "cox" else A for k, A in enumerate(own)]
    coef = np.column_stack([_least_norm(levelled[k], k, A, linear[k]) for k, A in enumerate(own)])
    found = [unpenalised_coef(blocks, k, linear[k] - A @ coef[:, k]) for k, A in enumerate(own)]
    there = [blocks.intercept and family != "cox" for family in families]
    intercept = np.array([float(c) if has else 0.0 for has, (c, _) in zip(there, found, strict=True)])
    return coef, intercept, np.column_stack([g for _, g in found])


def _least_norm(blocks: TaskBlocks, k: int, phi: Floats, linear: Floats) -> Floats:
    """(a,) least squares of `linear` (n_k,) on functions (n_k, a) beside the unpenalised columns, these scaled to 1."""
    Q, w = unpenalised_basis(blocks, k), blocks.weights[k]
    root = np.ones((len(linear), 1)) if w is None else np.sqrt(w)[:, None]
    sizes = np.linalg.norm(root * phi, axis=0)
    left = root * residualize(phi, Q, w)
    norms = np.linalg.norm(left, axis=0)
    there = norms > RANK * sizes
    coef = np.zeros(phi.shape[1])
    if there.any():
        target = root[:, 0] * residualize(linear, Q, w)
        coef[there] = np.linalg.lstsq(left[:, there] / norms[there], target, rcond=RANK)[0] / norms[there]
    return coef


def _linear(wide: TaskBlocks, k: int, family: LossFamily) -> Floats:
    """(n_k,) that of the best fit on intercept and always-in columns, without the offset."""
    loss = loss_of(wide, k, family)
    task = curved(loss, wide.weights[k], unpenalised_basis(wide, k))
    eta = task.settle(np.zeros(len(loss.omega)), task.start).eta - loss.offset
    if np.abs(eta[loss.omega > 0]).max(initial=0.0) > _FAR:
        raise SolverError(
            f"The functions selected tell some outcomes of task '{wide.task_names[k]}' for certain, so a relaxed fit "
            "has no finite coefficients; relax a fit at a larger lambda."
        )
    return np.asarray(eta)
