"""The L0 problem of the quadratic model at some coefficients: the search is that of squared errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.moments import Moments
from sparsekin.data.pseudo_rows import blocks_from_moments
from sparsekin.data.standardize import Standardization
from sparsekin.data.task_moments import TaskMoments
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.models.sites.newton import Penalties, Sums
from sparsekin.options import SupportMode


def quadratic_problem(
    sums: Sums, theta: Floats, rows: Ints, usable: Bools, s: Ints, penalties: Penalties, support: SupportMode
) -> Problem:
    """Minimise sum_k f_k + g_k'd + d'H_k d / 2 with the penalties, over the columns of which the Gram is known.

    The weighted moments of these columns and of the working response, as pseudo-rows; its sum of squares is not known
    and changes F by a constant only.
    """
    q, K = penalties.q, len(rows)
    features = sums.columns[q:] - q
    parts, scale = [], np.zeros(K)
    for k in range(K):
        G, at = sums.gram[k], np.concatenate([[0], 1 + sums.columns])
        t, g = theta[k, at], sums.gradient[k, at]
        weight = float(G[0, 0])
        scale[k] = weight
        moved = np.linalg.lstsq(G, g, rcond=1e-12)[0]
        cross_y = G @ t + g
        rest = float(t @ G @ t + 2 * t @ g + 1.01 * max(g @ moved, 0.0) + 2 * sums.value[k])
        full = np.block([[G, cross_y[:, None]], [cross_y[None, :], np.array([[rest]])]])
        mean = full[0, 1:] / weight
        cross = full[1:, 1:] - weight * np.multiply.outer(mean, mean)
        parts.append(TaskMoments(int(rows[k]), float(rows[k]), np.zeros(len(mean)), mean, cross * rows[k] / weight))
    names = tuple(f"x{j}" for j in features), tuple(f"z{j}" for j in range(q))
    blocks = blocks_from_moments(Moments(tuple(range(K)), tuple(parts), *names, ("y",), "task" if K > 1 else None))
    ones = np.ones((len(features), K))
    standard = Standardization(np.zeros((len(features), K)), ones, usable[features], np.ones(K), False)
    return make_problem(
        blocks, standard, np.minimum(s, len(features)), lambda_1=penalties.lambda_1, lambda_2=penalties.lambda_2,
        lambda_z=penalties.lambda_z, task_weights=scale, support=support,
    )  # fmt: skip


def moves(
    sums: Sums, theta: Floats, support: Bools, usable: Bools, s: Ints, penalties: Penalties, common: bool, most: int
) -> list[Bools]:
    """The `most` adds, drops and exchanges, of one task or of all, after which the quadratic model is lowest."""
    tasks: Sequence[tuple[int, ...]] = [(k,) for k in range(len(s))]
    if len(s) > 1:
        tasks = [tuple(range(len(s)))] if common else [*tasks, tuple(range(len(s)))]
    known = sums.columns[penalties.q :] - penalties.q
    cache: dict[tuple[int, bytes], float] = {}
    ranked: dict[bytes, tuple[float, Bools]] = {}
    for group in tasks:
        held = np.flatnonzero(support[:, list(group)].any(axis=1))
        for leaves in [-1, *held.tolist()]:
            for enters in [-1, *known.tolist()]:
                new = _moved(support, usable, group, leaves, enters)
                if new is None or (new.sum(axis=0) > s).any():
                    continue
                value = penalties.supports(new) + sum(
                    _value(sums, theta, k, new[:, k], penalties, cache) for k in range(len(s))
                )
                ranked.setdefault(new.tobytes(), (value, new))
    return [new for _, new in sorted(ranked.values(), key=lambda pair: pair[0])[:most]]


def _moved(support: Bools, usable: Bools, group: tuple[int, ...], leaves: int, enters: int) -> Bools | None:
    new = support.copy()
    for k in group:
        if leaves >= 0 and not support[leaves, k] and len(group) == 1:
            return None
        if enters >= 0 and (leaves < 0 or support[leaves, k]) and usable[enters, k]:
            new[enters, k] = True
        if leaves >= 0:
            new[leaves, k] = False
    return None if np.array_equal(new, support) else new


def _value(
    sums: Sums, theta: Floats, k: int, S: Bools, penalties: Penalties, cache: dict[tuple[int, bytes], float]
) -> float:
    """Quadratic model of task k at its best for a support, lambda_2 as if the other tasks stayed."""
    key = (k, S.tobytes())
    if key not in cache:
        q, known = penalties.q, np.concatenate([[0], 1 + sums.columns])
        slope = known > q
        keep = ~slope
        keep[slope] = S[known[slope] - 1 - q]
        G = sums.gram[k]
        target = G @ theta[k, known] + sums.gradient[k, known]
        at = np.flatnonzero(keep)
        A, right = G[np.ix_(at, at)].copy(), target[at].copy()
        A[np.diag_indices_from(A)] += (penalties.lambda_1 + penalties.lambda_2) * slope[at]
        if penalties.lambda_2 > 0:
            right += np.where(slope[at], penalties.lambda_2 * theta[:, known[at]].mean(axis=0), 0.0)
        cache[key] = float(-right @ np.linalg.lstsq(A, right, rcond=1e-12)[0] / 2)
    return cache[key]
