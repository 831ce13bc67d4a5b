"""How F with one cell decided is bounded: the tasks in one piece, or each alone at prices for what they share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.l0.exact.coupling import safe_excess
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.exact.relaxator import Piece, Relaxator
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.exact.subproblem import search, solve_root
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.search import Supports
from sparsekin.l0.state import Ids

FINE = 2e-5  # of F: how near the tasks' own bounds come to their values


@dataclass(frozen=True, slots=True, eq=False)
class Barred:
    """A piece in which one column of a unit is out (0) or in (1)."""

    piece: Piece[Relaxator]
    unit: int
    column: int
    mark: int

    @property
    def tasks(self) -> tuple[int, ...]:
        """Those of the piece."""
        return self.piece.tasks

    @property
    def n_features(self) -> int:
        """p."""
        return self.piece.n_features

    def relax(self, candidates: Ids, marks: Marks | None, deadline: float) -> tuple[Relaxator, Marks]:
        """The relaxation of the piece, with the column decided."""
        relaxation, found = self.piece.relax(candidates, marks, deadline)
        at = np.flatnonzero(candidates == self.column)
        if len(at) and found[self.unit, at[0]] != 0:
            found[self.unit, at[0]] = self.mark
        return relaxation, found

    def evaluate(self, supports: Supports) -> tuple[float, float]:
        """As the piece does."""
        return self.piece.evaluate(supports)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Pieces, and what must be added to a bound of one of them for a bound of F.

    ====== ============= ===========================================================
    field  type          meaning
    ====== ============= ===========================================================
    pieces K or 1 Piece  one per task, or all tasks together
    rests  floats        for each: what everything else adds to F, at least
    apart  bool          whether each is a task
    priced bool          whether values in a piece have prices, and are not those of F
    ====== ============= ===========================================================
    """

    pieces: Sequence[Piece[Relaxator]]
    rests: Sequence[float]
    apart: bool
    priced: bool = False

    def of(self, unit: int) -> tuple[int, int]:
        """The piece of a unit, and which of its units that is."""
        return (unit, 0) if self.apart else (0, unit)

    def own(self, supports: Supports, unit: int) -> Supports:
        """What a piece is about."""
        return [supports[unit]] if self.apart else supports

    def whole(self, found: Supports, fit: Supports, unit: int) -> Supports:
        """Supports of all tasks; those of `fit` where the piece has none."""
        return [*fit[:unit], *found, *fit[unit + 1 :]] if self.apart else found


def ways_of(proof: Standing, deadline: float) -> list[Way]:
    """Tasks that share nothing are judged each alone; else all together, and at prices where only supports tie them."""
    problem = proof.problem
    K, heterogeneous = problem.n_tasks, problem.support == "heterogeneous"
    linked = problem.support == "common" or problem.lambda_2 > 0
    if K > 1 and not linked and not (heterogeneous and problem.lambda_z > 0):
        pieces = proof.apart(np.zeros((K, problem.n_features)))
        own = [piece.evaluate([S])[0] for piece, S in zip(pieces, proof.supports, strict=True)]
        return [Way(pieces, [proof.objective - value for value in own], True)]
    together = Way([proof.joint()], [0.0], False)
    return [together] if K == 1 or linked else [together, *_at_prices(proof, deadline)]


def _at_prices(proof: Standing, deadline: float) -> list[Way]:
    """The tasks alone at the prices of the root, with a bound for each; nothing where the time does not reach."""
    problem, K = proof.problem, proof.problem.n_tasks
    tolerance, prices = FINE * proof.objective, np.zeros((K, problem.n_features))
    root = solve_root(proof.joint(), proof.objective, tolerance, deadline=_half(deadline))
    prices[:, root.relaxation.candidates] = root.relaxation.prices()
    pieces = proof.apart(prices)
    bounds = np.array([_least(piece, S, tolerance / K, deadline, K - k)
                       for k, (piece, S) in enumerate(zip(pieces, proof.supports, strict=True))])  # fmt: skip
    excess = safe_excess(prices, problem.lambda_z)
    if not np.isfinite(bounds).all():
        return []
    return [Way(pieces, (bounds.sum() - bounds - excess).tolist(), True, True)]


def _least(piece: Piece[Relaxator], S: Ids, tolerance: float, deadline: float, left: int) -> float:
    """A bound of one task at its prices."""
    value, now = piece.evaluate([S])[0], time.perf_counter()
    until = now + (deadline - now) / left
    root = solve_root(piece, value, tolerance, deadline=until)
    tree, _ = search(piece, root, tolerance, Limits(until))
    if tree.status == "interrupted":
        raise KeyboardInterrupt
    return max(min(tree.bound, root.excluded), min(root.bound, root.excluded, value))


def _half(deadline: float) -> float:
    now = time.perf_counter()
    return now + (deadline - now) / 2
