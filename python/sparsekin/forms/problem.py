"""The problem of linear mixed forms, frozen, and its one objective (docs: estimators, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.block import Block, recentre, residual_squares, times, transposed_times

Means = tuple[Floats, Floats, Floats]
# Least residual variance of a standardised block. Of Y it is the bound of factor analysis: a code may follow a column
# that the others hardly speak of until nothing is left of it (a Heywood case).
FLOORS = (5e-3, 1e-4, 1e-4)
# Without a ridge J need not have a minimum: with gaps, or with d above the rank of a block, codes and loadings can grow
# for ever while their products cancel, until nothing can be computed. This much takes 1e-6 off each singular value.
LEAST_RIDGE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Minimise J over codes K, H (n, d), loadings alpha (q, d), beta (p_x, d), u (p_z, d), and means m of all columns.

    J = ||Y - m_Y - (K + H) alpha'||^2 / v_Y + ||X - m_X - K beta'||^2 / v_X + ||Z - m_Z - H u'||^2 / v_Z
        + ridge (||K||^2 + ||H||^2 + ||alpha||^2 + ||beta||^2 + ||u||^2) + l1 (|alpha|_1 + |beta|_1 + |u|_1),
    the squares over the observed cells only. Without gaps the means that minimise J are those of the columns, 0.

    ============ ============== ============================================================================
    field        shape          meaning
    ============ ============== ============================================================================
    Y, X, Z      Block          standardised; a block may have no columns
    d            int            latent dimensions
    noise        (3,)           v_Y, v_X, v_Z
    ridge, l1    float
    orthogonal   bool           alpha'alpha = beta'beta = u'u = I (of the blocks that have columns)
    rank_x       int            dimensions of K: the first min(d, rank X). A K with more would be free to follow
    rank_z       int            Y at no cost in X. Likewise H: the last min(d, rank Z). Both d in the usual case
    ============ ============== ============================================================================
    """

    Y: Block
    X: Block
    Z: Block
    d: int
    noise: Floats
    ridge: float
    l1: float
    orthogonal: bool
    rank_x: int
    rank_z: int

    @property
    def blocks(self) -> tuple[Block, Block, Block]:
        """Y, X, Z."""
        return self.Y, self.X, self.Z

    @property
    def n_rows(self) -> int:
        """n."""
        return self.Y.n_rows

    @property
    def free(self) -> Ints:
        """(m,) which of the 2 d coordinates of a row's codes (k, h) are not 0 by definition."""
        return np.concatenate([np.arange(self.rank_x), np.arange(2 * self.d - self.rank_z, 2 * self.d)])

    @property
    def gaps(self) -> bool:
        """Whether cells are missing, so that means are unknown."""
        return any(block.seen is not None for block in self.blocks)

    def with_noise(self, noise: Floats) -> Problem:
        """The problem with other block weights."""
        return replace(self, noise=np.asarray(noise, float))

    def around(self, means: Means) -> Problem:
        """The problem with its blocks around other means."""
        Y, X, Z = (recentre(block, shift) for block, shift in zip(self.blocks, means, strict=True))
        return replace(self, Y=Y, X=X, Z=Z)

    def split(self, columns: Floats) -> Means:
        """Values of the columns of Y, X, Z, block by block."""
        y, x, z = np.split(columns, np.cumsum([block.width for block in self.blocks])[:-1])
        return y, x, z


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A point of a problem: alpha (q, d), beta (p_x, d), u (p_z, d), K (n, d), H (n, d); means, None: all 0."""

    alpha: Floats
    beta: Floats
    u: Floats
    K: Floats
    H: Floats
    means: Means | None = None

    @property
    def loadings(self) -> tuple[Floats, Floats, Floats]:
        """alpha, beta, u."""
        return self.alpha, self.beta, self.u

    @property
    def codes(self) -> tuple[Floats, Floats, Floats]:
        """The codes of Y, X and Z: K + H, K, H."""
        return self.K + self.H, self.K, self.H


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The answer to one `Problem`.

    =============== ============= ========================================================================
    field           shape         meaning
    =============== ============= ========================================================================
    alpha, beta, u  (q | p_x | p_z, d)  loadings of the standardised columns
    codes_fixed     (n, d)        K
    codes_random    (n, d)        H
    basis           (2 d, m)      the codes (k, h) of a row are basis @ g; the ridge acts on g. Of maximum
                                  likelihood: g ~ N(0, I), so that basis @ basis' is the covariance of (k, h)
    noise           (3,)          v_Y, v_X, v_Z
    objective       float         J; of maximum likelihood -2 log L and a prior (`sparsekin.forms.em`)
    trace           (t,)          J after each sweep of the best start
    run             (t,) int      the weights are fixed within a run, and J falls from sweep to sweep within it
    starts          (s,)          J of each start after its trial sweeps, with the weights of the problem
    status          str           "converged", "sweep limit" or "interrupted"
    seconds         float
    means           (p,)          of the columns of Y, X, Z, on the scale of the blocks; 0 without gaps
    column_noise    (p,) or None  of maximum likelihood: residual variances D of the columns of Y, X, Z
    effects         (K, q) or None  u: what each task adds to Y at equal X (`sparsekin.forms.effects`), standardised
    effect_error    (K, q) or None  the variances of their errors
    slopes          (q, d) or None  of Y on the codes expected given X, at equal tasks
    level           (q,) or None  of Y where these codes and u are 0
    =============== ============= ========================================================================
    """

    alpha: Floats
    beta: Floats
    u: Floats
    codes_fixed: Floats
    codes_random: Floats
    basis: Floats
    noise: Floats
    objective: float
    trace: Floats
    run: Ints
    starts: Floats
    status: str
    seconds: float
    means: Floats
    column_noise: Floats | None = None
    effects: Floats | None = None
    effect_error: Floats | None = None
    slopes: Floats | None = None
    level: Floats | None = None

    @property
    def loadings(self) -> tuple[Floats, Floats, Floats]:
        """alpha, beta, u."""
        return self.alpha, self.beta, self.u

    @property
    def codes(self) -> tuple[Floats, Floats, Floats]:
        """The codes of Y, X and Z: K + H, K, H."""
        return self.codes_fixed + self.codes_random, self.codes_fixed, self.codes_random


def make_problem(
    Y: Block,
    X: Block,
    Z: Block,
    d: int,
    *,
    noise: Floats | None = None,
    ridge: float = 0.0,
    l1: float = 0.0,
    orthogonal: bool = False,
) -> Problem:
    """Assemble a `Problem`; the ranks of X and Z are found here, once, and the ridge is at least `LEAST_RIDGE`."""
    v = np.ones(3) if noise is None else np.asarray(noise, float)
    return Problem(Y, X, Z, d, v, max(ridge, LEAST_RIDGE), l1, orthogonal, rank_up_to(X, d), rank_up_to(Z, d))


def objective(problem: Problem, point: Point) -> float:
    """J."""
    return float(misfit(problem, point) @ (1 / problem.noise) + penalty(problem, point))


def misfit(problem: Problem, point: Point) -> Floats:
    """(3,) residual sums of squares of the blocks."""
    means = (None,) * 3 if point.means is None else point.means
    parts = zip(problem.blocks, point.codes, point.loadings, means, strict=True)
    return np.array([residual_squares(*part) for part in parts])


def penalty(problem: Problem, point: Point) -> float:
    """Ridge and l1 terms."""
    return problem.ridge * squares(point) + problem.l1 * sum(float(np.abs(part).sum()) for part in point.loadings)


def squares(point: Point) -> float:
    """||K||^2 + ||H||^2 + ||alpha||^2 + ||beta||^2 + ||u||^2."""
    return sum(float(np.vdot(part, part)) for part in (*point.loadings, point.K, point.H))


def rank_up_to(block: Block, d: int) -> int:
    """min(d, rank B), from a random sketch of the columns: never more than an (n, d + 5) matrix."""
    if block.width == 0:
        return 0
    m = min(d + 5, block.width)
    sketch = transposed_times(block, times(block, np.random.default_rng(0).standard_normal((block.width, m))))
    values = np.linalg.svd(sketch, compute_uv=False)
    return int(min(d, np.sum(values > 1e-10 * max(values[0], 1e-300))))
