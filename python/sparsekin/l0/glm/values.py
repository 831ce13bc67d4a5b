"""Values of given supports at many ridges and links at once, of tasks with losses of their own: as `l0.values`.

For one support, minimise over intercepts a, always-in coefficients g and slopes b

    sum_k f_k(offset_k + a_k + W_k g_k + X_k b_k) + (lambda_1 / 2) sum_k ||b_k||^2
        + (lambda_2 / 2) sum_k (||b_k - b_bar||^2 + ||g_k - g_bar||^2)

by Newton's method, all pairs of penalties together. lambda_2 = inf is one regression with an intercept per task.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.glm.fit import losses_of
from sparsekin.l0.pooled import on_one_scale
from sparsekin.l0.problem import Problem
from sparsekin.l0.values import LEAST, LEAST_KEEP, Batch, keep_scale
from sparsekin.losses.base import Loss
from sparsekin.losses.many import Quadratics, quadratics_at, values_at
from sparsekin.losses.refit import null_model

STEPS, HALVINGS = 60, 40
FAR = 8.0  # most that a step changes a linear predictor that is not in units of the outcome
DONE = 1e-9  # of the scale of the losses, the decrement at which the last step is taken


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Always-in columns and u candidates, means of each task out, standardised scale.

    ======= ============== ==========================================================
    field   shape          meaning
    ======= ============== ==========================================================
    columns (u,)           candidates, ascending
    Z       K of (n_k, q+u)  always-in columns come first
    scale   (q+u, K)       divisors
    mean    (q+u, K)       weighted means, user's scale; 0 without intercepts
    losses  K of Loss
    free    (K,) bool      tasks with an intercept
    null    (K,)           intercepts without any column
    n_keep  int            q
    ======= ============== ==========================================================
    """

    columns: Ints
    Z: tuple[Floats, ...]
    scale: Floats
    mean: Floats
    losses: tuple[Loss, ...]
    free: Bools
    null: Floats
    n_keep: int


def read_columns(problem: Problem, columns: Ints) -> Columns:
    """Read some columns once; the penalties of the problem are not used."""
    blocks, losses, K = problem.blocks, losses_of(problem), problem.n_tasks
    standard, q = on_one_scale(problem.standard), blocks.keep.shape[1]
    mean, spread = np.zeros((q + len(columns), K)), np.zeros((q, K))
    parts = []
    for k in range(K):
        Z, w = np.column_stack([blocks.keep_of(k), blocks.columns_of(k, columns)]), blocks.weights[k]
        share = np.full(len(Z), 1.0 / len(Z)) if w is None else w / w.sum()
        center = share @ Z
        Z = Z - center
        mean[:, k] = center
        if not blocks.intercept and losses[k].constants:
            Z, mean[:, k] = Z + center, 0.0
        Z[:, q:] *= problem.standard.usable[columns, k]
        spread[:, k] = share @ Z[:, :q] ** 2
        parts.append(Z)
    kept = keep_scale(spread @ problem.task_weights, problem.task_weights.sum())
    scale = np.vstack([np.repeat(kept[:, None], K, axis=1), standard.divisors[columns]])
    free = np.array([blocks.intercept and loss.constants for loss in losses])
    null = np.array([
        null_model(loss, np.ones((len(Z), 1))).keep[0] if own else 0.0
        for loss, Z, own in zip(losses, parts, free, strict=True)
    ])  # fmt: skip
    scaled = tuple(Z / scale[:, k] for k, Z in enumerate(parts))
    return Columns(columns, scaled, scale, mean, losses, free, null, q)


def values_of(read: Columns, support: Bools, ridges: Floats, links: Floats) -> Batch:
    """As `sparsekin.l0.values.values`: the models of one support at every ridge and link, links running fastest."""
    q, K = read.n_keep, support.shape[1]
    union = np.flatnonzero(support.any(axis=1))
    at = np.concatenate([np.arange(q), q + np.searchsorted(read.columns, union)])
    held = [np.concatenate([np.arange(q), q + np.flatnonzero(support[union, k])]) for k in range(K)]
    penalty = np.repeat(np.maximum(ridges, LEAST)[:, None], len(at), axis=1)
    penalty[:, :q] = LEAST_KEEP
    finite = np.isfinite(links)
    level, out = np.zeros((len(ridges), len(links), K)), np.zeros((len(ridges), len(links), len(at), K))
    if finite.any():
        tied = Tasks([Part(read, k, at, S) for k, S in enumerate(held)], len(at), np.repeat(penalty, finite.sum(), 0))
        found = tied.solve(np.tile(links[finite], len(ridges)))
        level[:, finite], out[:, finite] = (one.reshape(len(ridges), -1, *one.shape[1:]) for one in found)
    if not finite.all():
        common = np.flatnonzero(np.bincount(np.concatenate(held), minlength=len(at)) == K)
        pooled = Tasks([Part(read, k, at, common) for k in range(K)], len(at), penalty)
        found = pooled.solve(np.full(len(ridges), np.inf))
        level[:, ~finite], out[:, ~finite] = (one[:, None] for one in found)
    m = len(ridges) * len(links)
    coef = out.reshape(m, len(at), K) / read.scale[at]
    intercept = (level.reshape(m, K) - np.einsum("mjk,jk->mk", coef, read.mean[at])) * read.free
    return Batch(union, intercept, coef[:, q:], coef[:, :q])


class Part:
    """One task of a support: its loss and the columns it holds, numbered by their place in the union."""

    def __init__(self, read: Columns, k: int, at: Ints, held: Ints) -> None:
        self.loss, self.free, self.null, self.held = read.losses[k], bool(read.free[k]), read.null[k], held
        self.Z = read.Z[k][:, at[held]]

    def move(self, level: Floats, slopes: Floats) -> Floats:
        """(m, n) what intercepts (m,) and slopes (m, z) add to the linear predictor."""
        return np.asarray(slopes @ self.Z.T + level[:, None])


@dataclass(slots=True, eq=False)
class _State:
    """M models on their way: intercepts (m, K), slopes K of (m, z_k), predictors K of (m, n_k), F (m,)."""

    level: Floats
    slopes: list[Floats]
    eta: list[Floats]
    F: Floats


class Tasks:
    """Newton's method for m models of the same columns, with penalties (m, z) and links (m,) of their own."""

    def __init__(self, parts: list[Part], width: int, penalty: Floats) -> None:
        self.parts, self.width, self.penalty, self.K = parts, width, penalty, len(parts)
        self.scale = sum(part.loss.scale for part in parts)

    def solve(self, links: Floats) -> tuple[Floats, Floats]:
        """Intercepts (m, K) and slopes (m, z, K), standardised scale; links are all finite or all infinite."""
        m = len(links)
        level = np.tile(np.array([part.null for part in self.parts]), (m, 1))
        slopes = [np.zeros((m, len(part.held))) for part in self.parts]
        active = np.arange(m)
        for _ in range(STEPS):
            now = self._at(level[active], [one[active] for one in slopes], active, links)
            step, last = self._step(now, active, links)
            moved, still = self._moved(now, step, last, active, links)
            level[active] = moved.level
            for whole, part in zip(slopes, moved.slopes, strict=True):
                whole[active] = part
            active = active[still & ~last]
            if not len(active):
                break
        out = np.zeros((m, self.width, self.K))
        for k, one in enumerate(self.parts):
            out[:, one.held, k] = slopes[k]
        return level, out

    def _at(self, level: Floats, slopes: list[Floats], active: Ints, links: Floats) -> _State:
        eta = [
            part.loss.offset + part.move(level[:, k], slopes[k]) for k, part in enumerate(self.parts)
        ]  # fmt: skip
        return _State(level, slopes, eta, self._value(slopes, eta, active, links))

    def _value(self, slopes: list[Floats], eta: list[Floats], active: Ints, links: Floats) -> Floats:
        """(m,) losses and penalties."""
        total = np.zeros(len(active))
        squares = np.zeros((len(active), self.width))
        for part, b, one in zip(self.parts, slopes, eta, strict=True):
            total += values_at(part.loss, one)
            squares[:, part.held] += b**2
        total += np.sum(self.penalty[active] * squares, axis=1) / 2
        if np.isfinite(links).all():
            spread = squares.sum(axis=1) - self.K * np.sum(self._means(slopes) ** 2, axis=1)
            total += links[active] / 2 * spread
        return total

    def _means(self, slopes: list[Floats]) -> Floats:
        """(m, z) means over all tasks, of which those that do not hold a column have 0."""
        out = np.zeros((len(slopes[0]), self.width))
        for part, b in zip(self.parts, slopes, strict=True):
            out[:, part.held] += b
        return out / self.K

    def _step(self, now: _State, active: Ints, links: Floats) -> tuple[_State, Bools]:
        """The Newton step as changes, and which models it finishes."""
        local = [
            quadratics_at(part.loss, eta, part.Z) for part, eta in zip(self.parts, now.eta, strict=True)
        ]  # fmt: skip
        pooled = not np.isfinite(links).all()
        link = np.zeros(len(active)) if pooled else links[active]
        means, right, whole, H = self._means(now.slopes), [], [], []
        for part, b, one in zip(self.parts, now.slopes, local, strict=True):
            held = part.held
            pull = self.penalty[active][:, held] * b + link[:, None] * (b - means[:, held])
            whole.append(one.slope - pull)
            reduced, gram = _without_level(one, part.free)
            right.append(reduced - pull)
            gram[:, np.arange(len(held)), np.arange(len(held))] += self.penalty[active][:, held] + link[:, None]
            H.append(gram)
        slopes = self._pooled_steps(H, right) if pooled else self._linked_steps(H, right, link)
        level, decrement = np.zeros((len(active), self.K)), np.zeros(len(active))
        for k, (part, one, d) in enumerate(zip(self.parts, local, slopes, strict=True)):
            if part.free:
                level[:, k] = (one.level - np.sum(one.cross * d, axis=1)) / np.maximum(one.curved, 1e-300)
                decrement += one.level * level[:, k]
            decrement += np.sum(whole[k] * d, axis=1)
        moves = [part.move(level[:, k], slopes[k]) for k, part in enumerate(self.parts)]
        return _State(level, slopes, moves, decrement), decrement <= DONE * self.scale

    def _pooled_steps(self, H: list[Floats], right: list[Floats]) -> list[Floats]:
        """One step for all tasks, which hold the same columns."""
        if right[0].shape[1] == 0:
            return right
        step = np.linalg.solve(np.sum(H, axis=0), np.sum(right, axis=0)[..., None])[..., 0]
        return [step] * self.K

    def _linked_steps(self, H: list[Floats], right: list[Floats], link: Floats) -> list[Floats]:
        """P_k (r_k + lambda_2 m) with P_k the inverse of H_k; that m is the mean of these leaves z equations in m."""
        inverses = [np.linalg.inv(one) for one in H]
        own = [(P @ r[..., None])[..., 0] for P, r in zip(inverses, right, strict=True)]
        if not (link > 0).any() or self.width == 0:
            return own
        A = np.zeros((len(link), self.width, self.width))
        for part, P in zip(self.parts, inverses, strict=True):
            A[:, part.held[:, None], part.held] -= (link / self.K)[:, None, None] * P
        A[:, np.arange(self.width), np.arange(self.width)] += 1.0
        m = np.linalg.solve(A, self._means(own)[..., None])[..., 0]
        return [
            d + link[:, None] * (P @ m[:, part.held, None])[..., 0]
            for part, P, d in zip(self.parts, inverses, own, strict=True)
        ]

    def _moved(self, now: _State, step: _State, last: Bools, active: Ints, links: Floats) -> tuple[_State, Bools]:
        """The states after the first of 1, 1/2, ... of each step that lowers F as it should, and which there are."""
        far = np.full(len(active), 1e-300)
        for part, move in zip(self.parts, step.eta, strict=True):
            if part.loss.family != "gaussian":
                far = np.maximum(far, np.abs(move).max(axis=1, initial=0.0))
        length = np.minimum(1.0, FAR / far)
        wanting = ~last
        for _ in range(HALVINGS):
            if not wanting.any():
                break
            at = np.flatnonzero(wanting)
            t = length[at, None]
            slopes = [b[at] + t * d[at] for b, d in zip(now.slopes, step.slopes, strict=True)]
            eta = [e[at] + t * d[at] for e, d in zip(now.eta, step.eta, strict=True)]
            F = self._value(slopes, eta, active[at], links)
            good = now.F[at] - 1e-4 * length[at] * step.F[at] >= F
            wanting[at[good]] = False
            length[at[~good]] /= 2
        length[wanting] = 0.0
        t = length[:, None]
        slopes = [b + t * d for b, d in zip(now.slopes, step.slopes, strict=True)]
        return _State(now.level + t * step.level, slopes, [], np.empty(0)), ~wanting


def _without_level(one: Quadratics, free: bool) -> tuple[Floats, Floats]:
    """Slope (m, z) and a copy of the Gram matrices once the intercept follows."""
    if not free:
        return one.slope, one.gram.copy()
    share = one.cross / np.maximum(one.curved, 1e-300)[:, None]
    return one.slope - one.level[:, None] * share, one.gram - one.cross[:, :, None] * share[:, None, :]
