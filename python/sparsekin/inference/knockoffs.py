"""Gaussian model-X knockoffs of several tasks (Candes, Fan, Janson and Lv 2018) and what they select.

Every column of every task gets a copy that goes with the other columns as it does, and knows nothing of the outcome. A
cell (column, task) has a statistic whose sign is a fair coin where the column is null there: by how many sizes the
column entered the supports of its task before its copy. One knockoff+ filter looks at all cells of all tasks; means of
e-values over draws take the luck of one draw out (Ren and Barber 2024).

Tasks are walked apart, columns in an order of their own in each. Shared supports over columns and copies that stand at
the same places in all tasks would break the coins: a column that is null in one task would beat its copy there because
others need it.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.blas import one_blas_thread
from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.data.profile import residualize, unpenalised_basis
from sparsekin.data.random import make_generator
from sparsekin.data.standardize import standardize
from sparsekin.l0.path import path_over_s
from sparsekin.l0.problem import make_problem
from sparsekin.tuning.parallel import in_order

RIDGE = 1e-3  # lambda_1 of the walks, columns of variance 1
_FEW = 500  # columns up to which threads of linear algebra cost more than they bring
DISTANCE = 0.999  # share of the largest diagonal that leaves the joint covariance positive


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Draws copies of the columns of one task: Z (n, p) of variance 1, given Z they are normal around Z @ pull."""

    Z: Floats
    pull: Floats
    root: Floats
    usable: Bools

    @classmethod
    def of(cls, X: Floats, basis: Floats) -> Copies:
        """Equicorrelated copies of what the unpenalised columns leave of X, covariance shrunken."""
        Z = residualize(X, basis, None)
        scale, whole = np.sqrt(np.mean(Z**2, axis=0)), np.sqrt(np.mean(X**2, axis=0))
        usable = scale > 1e-9 * np.where(whole > 0, whole, 1.0)
        Z = np.where(usable, Z / np.where(usable, scale, 1.0), 0.0)
        values, U = np.linalg.eigh(shrunken_covariance(Z[:, usable]))
        apart = DISTANCE * min(1.0, 2.0 * float(values.min(initial=0.5)))
        pull = (U * (1.0 - apart / values)) @ U.T
        root = U * np.sqrt(np.maximum(2.0 * apart - apart**2 / values, 0.0))
        return cls(Z, pull, root, usable)

    def draw(self, rng: np.random.Generator) -> Floats:
        """(n, p) copies; 0 where a column is constant."""
        out = np.zeros_like(self.Z)
        out[:, self.usable] = self.Z[:, self.usable] @ self.pull
        out[:, self.usable] += rng.standard_normal((len(out), len(self.root))) @ self.root.T
        return out


def shrunken_covariance(Z: Floats) -> Floats:
    """(p, p) covariance of centred columns, drawn towards its mean variance (Ledoit and Wolf 2004)."""
    n, p = Z.shape
    C = Z.T @ Z / n
    mean = np.trace(C) / max(p, 1)
    spread = np.sum((C - mean * np.eye(p)) ** 2)
    noise = (np.sum((Z**2).sum(axis=1) ** 2) / n - np.sum(C**2)) / n
    share = min(max(noise / spread, 0.0), 1.0) if spread > 0 else 0.0
    return np.asarray((1.0 - share) * C + share * mean * np.eye(p))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """e-values of cells, means over draws, and the share of draws whose filter passed a cell; draws made."""

    evalue: Floats
    share: Floats
    draws: int


def draw_knockoffs(
    blocks: TaskBlocks, *, size: int, alpha: float, draws: int, rng: object = None, n_jobs: int | None = None,
    progress: bool = False,
) -> Drawn:  # fmt: skip
    """Filter all cells at `alpha` in each of a number of draws.

    Parameters
    ----------
    blocks : TaskBlocks
        Gaussian tasks with rows of their own, without weights.
    size : int
        Sizes each task walks up, over columns and copies.
    rng : int, numpy.random.Generator or None
        The same seed gives the same draws whatever `n_jobs`.
    n_jobs, progress
        As for cross-validation. Ctrl-C keeps the draws that are finished.
    """
    with one_blas_thread() if blocks.n_features <= _FEW else nullcontext():  # threads would wait for each other
        copies = [Copies.of(_dense(blocks, k), unpenalised_basis(blocks, k)) for k in range(blocks.n_tasks)]
    seeds = make_generator(rng).integers(2**63, size=draws)
    pieces = [(blocks, copies, size, int(seed)) for seed in seeds]
    found = in_order(statistics, pieces, n_jobs=n_jobs, progress=progress, what="draws of knockoffs")
    shape = (len(found), blocks.n_features, blocks.n_tasks)
    e = np.array([evalues(W, alpha) for W in found]).reshape(shape)
    if not len(found):
        return Drawn(np.zeros(shape[1:]), np.zeros(shape[1:]), 0)
    return Drawn(e.mean(axis=0), (e > 0).mean(axis=0), len(found))


def _dense(blocks: TaskBlocks, k: int) -> Floats:
    X = blocks.X_of(k)
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X, float)


def statistics(blocks: TaskBlocks, copies: list[Copies], size: int, seed: int) -> Floats:
    """(p, K) statistics of one draw."""
    rng, p = np.random.default_rng(seed), blocks.n_features
    X = np.empty((blocks.X.shape[0], 2 * p), order="F")
    order = []
    for rows, task in zip(blocks.rows, copies, strict=True):
        order.append(rng.permutation(2 * p))
        X[rows] = np.hstack([task.Z, task.draw(rng)])[:, order[-1]]
    both = replace(blocks, X=X, feature_names=tuple(f"x{j}" for j in range(2 * p)))
    entered = np.zeros((2 * p, blocks.n_tasks))
    for k, sizes in enumerate(_sizes_with(both, size).T):
        entered[order[k], k] = sizes
    return lifted(entered[:p] - entered[p:])


def _sizes_with(blocks: TaskBlocks, size: int) -> Floats:
    """(p, K) at how many of the sizes 1, ..., `size` each column is in the support of each task."""
    s = np.full(blocks.n_tasks, size)
    problem = make_problem(blocks, standardize(blocks), s, lambda_1=RIDGE, support="independent")
    found = np.zeros((blocks.n_features, blocks.n_tasks))
    for supports in path_over_s(problem, range(1, size + 1)).supports:
        for k, S in enumerate(supports):
            found[S, k] += 1.0
    return found


def lifted(W: Floats) -> Floats:
    """What other tasks say of a column goes into the size of its statistics, never into their signs."""
    size = np.abs(W) / np.maximum(np.abs(W).max(axis=0, initial=0.0), 1e-12)
    others = (size.sum(axis=1, keepdims=True) - size) / max(W.shape[1] - 1, 1)
    return np.where(W == 0, 0.0, np.sign(W) * (size + others))


def threshold(W: Floats, alpha: float) -> float:
    """The least t with (1 + #{W <= -t}) / #{W >= t} <= alpha (knockoff+); inf where there is none."""
    sizes = np.unique(np.abs(W[W != 0]))
    flat = np.sort(W, axis=None)
    above = flat.size - np.searchsorted(flat, sizes, side="left")
    below = np.searchsorted(flat, -sizes, side="right")
    kept = np.flatnonzero((1.0 + below) / np.maximum(above, 1) <= alpha)
    return float(sizes[kept[0]]) if len(kept) else float("inf")


def evalues(W: Floats, alpha: float) -> Floats:
    """m 1{W >= t} / (1 + #{W <= -t}) of m cells, t the threshold at `alpha`; null cells add up to m at most."""
    least = threshold(W, alpha)
    return np.asarray(W.size * (least <= W) / (1.0 + np.sum(least <= -W)))


def in_at_least(evalue: Floats, r: int) -> Floats:
    """(m,) e-values of "in fewer than r tasks": the K - r + 1 smallest of K, added up and divided by K."""
    K = evalue.shape[1]
    return np.asarray(np.sort(evalue, axis=1)[:, : K - r + 1].sum(axis=1) / K)


def reject(evalue: Floats, fdr: float) -> Bools:
    """Benjamini and Hochberg on e-values of any shape (Wang and Ramdas 2022)."""
    m = evalue.size
    ordered = np.sort(evalue, axis=None)[::-1]
    passed = np.flatnonzero(ordered * fdr * np.arange(1, m + 1) >= m * (1.0 - 1e-12))
    return np.asarray(evalue >= ordered[passed[-1]]) if len(passed) else np.zeros(evalue.shape, bool)
