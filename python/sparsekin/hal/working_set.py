"""The functions a path works with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.curved import Settled
from sparsekin.hal.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What coefficients leave of the outcomes.

    ======== ============ ===============================================================
    field    shape        meaning
    ======== ============ ===============================================================
    fitted   (K, N)       Phi W at all rows of the design
    residual K of (n_k,)  y - mean, at the best unpenalised coefficients
    losses   (K,)         L_k
    settled  K            how curved tasks were settled, None for gaussian ones; empty where all are
    ======== ============ ===============================================================
    """

    fitted: Floats
    residual: list[Floats]
    losses: Floats
    settled: tuple[Settled | None, ...] = ()

    @property
    def loss(self) -> float:
        """Sum over tasks."""
        return float(self.losses.sum())


class WorkingSet(ABC):
    """Grows along a path; what has long been idle leaves it.

    ==== ====== =====================================
    name shape  meaning
    ==== ====== =====================================
    ids  (a,)   functions, in the order they came
    W    (K, a) their coefficients
    ==== ====== =====================================
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.ids: Ints = np.empty(0, np.int64)
        self.W: Floats = np.empty((problem.n_tasks, 0))

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, functions: Ints) -> None:
        """Take functions in, with coefficients 0."""
        self.ids = np.concatenate([self.ids, functions])
        self.W = np.pad(self.W, ((0, 0), (0, len(functions))))

    def keep(self, places: Ints) -> None:
        """Let all but some places go."""
        self.ids, self.W = self.ids[places], self.W[:, places]

    @abstractmethod
    def descend(self, places: Ints, lambda_: float, aim: float) -> None:
        """Solve for the coefficients at some places, the others being 0, to a duality gap of `aim` on them."""

    @abstractmethod
    def look(self, functions: Ints, coef: Floats) -> Look:
        """What coefficients (a, K) of some functions leave."""

    @abstractmethod
    def unpenalised(self, fitted: Floats) -> tuple[Floats, Floats]:
        """Intercepts (K,) and always-in coefficients (q, K) for the `fitted` last looked at, in the user's units."""
