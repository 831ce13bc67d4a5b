"""The quadratic model of F at an exact refit, and the search on it: the native one, at working weights.

G = X'(H - H U (U'HU)^-1 U'H) X,   c = X'r + G b:   what the gaussian search needs, from H and r = -df/deta there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from sparsekin import _native
from sparsekin.data.blocks import Floats
from sparsekin.l0.glm.fit import Fit, columns, free_columns, losses_of
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Search, is_coupled, open_search, open_separable
from sparsekin.l0.state import Ids, Workspace, open_diags
from sparsekin.losses.cox import CoxCurvature

CLOSED = 1e-10  # a column that keeps less than this share of its curvature at the null model may not enter
FAR = 100.0  # standard deviations from 0 at which columns lose digits that a centred copy keeps
TINY = 1e-300
FLOOR = 1e-12  # of F without columns: no predicted gain below it is looked at


@dataclass(frozen=True, slots=True, eq=False)
class TaskModel:
    """The quadratic of one task: a native view on its Gram rows, its diagonal (p,), and c (p,)."""

    view: Any
    diag: Floats
    c: Floats


@dataclass(slots=True, eq=False)
class Freezer:
    """Makes models, and remembers the last of every task: most moves leave most tasks as they were.

    ======= ========= =======================================================
    field   shape     meaning
    ======= ========= =======================================================
    problem Problem
    nulls   (K,)      F of each task without columns
    least   K of (p,) curvature below which a column is closed
    known   dict      by task: what it was made for, and the model
    ======= ========= =======================================================
    """

    problem: Problem
    nulls: Floats
    least: tuple[Floats, ...]
    known: dict[int, tuple[bytes, TaskModel]]

    @classmethod
    def at_null(cls, problem: Problem, null: Fit, deadline: float = np.inf) -> Freezer:
        """Models for a problem whose fit without columns is `null`. `TimeoutError` at the deadline."""
        first = []
        for k in range(problem.n_tasks):
            if time.perf_counter() > deadline:
                raise TimeoutError
            first.append(_task_model(problem, k, null, None))
        opened = open_diags(problem, [one.diag for one in first])
        least = tuple(np.where(diag > 0, CLOSED * diag, np.inf) for diag in opened)
        same = [np.array_equal(diag > 0, one.diag > 0) for diag, one in zip(opened, first, strict=True)]
        known = {k: (_stamp(null, k), one) for k, one in enumerate(first) if same[k]}
        return cls(problem, null.values, least, known)

    def search(self, problem: Problem, fit: Fit) -> Search:
        """The native search of the problem's regime, loaded with the supports of `fit`."""
        search = open_search(*self._workspace(problem, fit))
        search.load(fit.supports)
        return search

    def gains(self, problem: Problem, fit: Fit) -> list[tuple[Ids, Floats, Floats]]:
        """Per task: columns held, gains (s + 1, p) of exchanges and entries, costs (s,) of leaving; no Zbar term.

        With lambda_2 > 0 the other tasks stay as they are.
        """
        K, tau = problem.n_tasks, problem.lambda_1
        workspace, views = self._workspace(problem, fit)
        if is_coupled(problem):
            B = np.zeros((problem.n_features, K))
            for k, S in enumerate(fit.supports):
                B[S, k] = fit.b[k]
            pull = problem.lambda_2 / K * (B.sum(axis=1, keepdims=True) - B)
            workspace = replace(workspace, c=tuple(c + pull[:, k] for k, c in enumerate(workspace.c)))
            tau += problem.lambda_2 * (1 - 1 / K)
        apart = replace(problem, lambda_1=tau, lambda_2=0.0, support="heterogeneous")
        search = open_separable(replace(workspace, problem=apart), views)
        search.load(fit.supports)
        return [_native.move_gains(search.native, k) for k in range(K)]

    def _workspace(self, problem: Problem, fit: Fit) -> tuple[Workspace, list[Any]]:
        models = [self.model(problem, fit, k) for k in range(problem.n_tasks)]
        diags = [model.diag for model in models]
        workspace = Workspace(
            problem, (), tuple(diags), tuple(model.c for model in models), self.nulls, FLOOR * self.nulls + 1e-300
        )
        return workspace, [model.view for model in models]

    def model(self, problem: Problem, fit: Fit, k: int) -> TaskModel:
        """The quadratic of task k at a fit."""
        stamp = _stamp(fit, k)
        found = self.known.get(k)
        if found is None or found[0] != stamp:
            found = self.known[k] = (stamp, _task_model(problem, k, fit, self.least[k]))
        return found[1]


def _stamp(fit: Fit, k: int) -> bytes:
    """What the model of task k depends on."""
    return fit.supports[k].tobytes() + fit.b[k].tobytes()


def _task_model(problem: Problem, k: int, fit: Fit, least: Floats | None) -> TaskModel:
    loss, U, S = losses_of(problem)[k], free_columns(problem, k), fit.supports[k]
    slopes = columns(problem, k, S) @ fit.b[k]
    eta = loss.offset + slopes + U @ fit.free[k]
    local = loss.quadratic_at(eta)
    H = local.curvature
    U = _orthonormal(U, H.gram(U))
    curved = H.times(slopes)
    curved = curved - H.times(U @ (U.T @ curved))
    source = _source(problem, k, H, U, eta)
    diag, c = source.profile(np.asfortranarray((local.residual + curved)[:, None]), known=True)
    if least is not None:
        diag = np.where(diag > least, diag, 0.0)
    candidates = np.arange(problem.n_features, dtype=np.int32)
    return TaskModel(_native.View(source, candidates, len(candidates), diag), diag, c[0])


def _orthonormal(U: Floats, gram: Floats) -> Floats:
    """(n, r) basis Q of the same columns with Q'HQ = I; directions without curvature are left out."""
    if U.shape[1] == 0:
        return np.asfortranarray(U)
    size, V = np.linalg.eigh(gram)
    on = size > 1e-12 * max(float(size.max()), 1e-300)
    return np.asfortranarray(U @ (V[:, on] / np.sqrt(size[on])))


def _source(problem: Problem, k: int, H: Any, Q: Floats, eta: Floats) -> Any:
    standard, X = problem.standard, problem.blocks.X_of(k)
    inverse = np.where(standard.usable[:, k], 1.0 / standard.divisors[:, k], 0.0)
    native = cox_curvature(H, eta) if isinstance(H, CoxCurvature) else None
    weights = None if native is not None else H.weights
    if sparse.issparse(X):
        X = sparse.csc_array(X)
        return _native.sparse_source(
            X.data, X.indices.astype(np.int32), X.indptr.astype(np.int64), X.shape[0], weights, Q, inverse, 1.0, native
        )
    if native is not None and np.any(np.abs(standard.center[:, k]) > FAR * standard.scale[:, k]):
        X = np.asfortranarray(losses_of(problem)[k].centred(X))
    return _native.dense_source(X, weights, Q, inverse, 1.0, native)


def cox_curvature(H: CoxCurvature, eta: Floats) -> Any:
    """H for the native search: sums over risk sets in one unit per stratum."""
    at, events = H.at, H.at.events
    T, rows = len(events.times), events.risk_sets
    logs = at.shares.log_sums
    edges = np.flatnonzero(np.diff(events.stratum, prepend=-1))
    first = np.repeat(edges, np.diff(np.append(edges, T)))
    unit = np.maximum.reduceat(logs, edges)[np.searchsorted(edges, np.arange(T), side="right") - 1]
    ever = rows.last > rows.first
    of_row = unit[np.where(ever, rows.first, 0)]
    q = np.where(ever, np.exp(np.where(ever, eta + events.log_w - of_row, -np.inf)), 0.0)
    own = np.full(len(q), -1, np.int32)
    own[events.deaths] = events.event_of_death
    phi = np.maximum(np.exp((logs - unit)[events.event]) * at.left, TINY)
    counts = np.append(events.term_starts, len(events.event))
    return _native.cox_curvature(
        H.factor * q, H.weights, rows.first.astype(np.int32), np.maximum(rows.last, rows.first).astype(np.int32), own,
        counts.astype(np.int32), first.astype(np.int32), events.frac, events.wbar / H.factor, phi,
    )  # fmt: skip


def swapped(supports: Sequence[Ids], moves: Sequence[tuple[int, int, int]]) -> list[Ids]:
    """Supports after moves (task, column that leaves or -1, column that enters or -1)."""
    out = list(supports)
    for k, leaves, enters in moves:
        S = out[k]
        if leaves >= 0:
            S = S[leaves != S]
        if enters >= 0:
            S = np.append(S, np.int32(enters))
        out[k] = np.sort(S)
    return out
