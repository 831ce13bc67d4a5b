"""What a loss is: half the mean unit deviance of one task, f(eta) = sum_i omega_i dev(y_i, eta_i) / 2, and its pieces.

eta (n,) is the whole linear predictor, offset included. omega_i = factor w_i / sum w, so weights may be scaled at will;
rows of weight 0 count for nothing. Every f is convex and at least 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats

_MOST = 700.0
_WIDE, _HALVED = 40.0, 40  # how far levels are looked for, and how often halved


class Curvature(Protocol):
    """H, the second derivatives of a loss by eta, never formed.

    ======= ====== ==================================================================
    name    shape  meaning
    ======= ====== ==================================================================
    weights (n,)   H is their diagonal matrix, for Cox less one of the rank of events
    ======= ====== ==================================================================
    """

    @property
    def weights(self) -> Floats: ...  # noqa: D102

    def times(self, A: Floats) -> Floats:
        """H A of (n,) or (n, m)."""

    def gram(self, A: Floats) -> Floats:
        """(m, m) A'H A."""

    def squares(self, A: Floats) -> Floats:
        """(m,) its diagonal."""

    def less(self, A: Floats) -> Floats:
        """R (events, m) with A'H A = A' diag(weights) A - R'R; without rows where H is diagonal."""


@dataclass(frozen=True, slots=True, eq=False)
class RowCurvature:
    """Rows that do not know each other: H is diagonal."""

    weights: Floats

    def times(self, A: Floats) -> Floats:
        """H A."""
        return (self.weights * A.T).T

    def gram(self, A: Floats) -> Floats:
        """A'H A."""
        return np.asarray((A.T * self.weights) @ A)

    def squares(self, A: Floats) -> Floats:
        """Its diagonal."""
        return np.asarray(np.einsum("ij,ij,i->j", A, A, self.weights))

    def less(self, A: Floats) -> Floats:
        """Nothing."""
        return np.empty((0, A.shape[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Quadratic:
    """A loss at some eta: its value, r = -df/deta (n,) and H."""

    value: float
    residual: Floats
    curvature: Curvature


class Loss(Protocol):
    """The loss of one task.

    ========= ====== ========================================================================
    name      shape  meaning
    ========= ====== ========================================================================
    family    str    "gaussian", "binomial", "poisson" or "cox"
    omega     (n,)   weights of the rows
    offset    (n,)   known part of eta
    scale     float  f of one mean for all: the size that numbers which decide are measured by
    constants bool   whether a constant in eta changes f, so that there can be an intercept
    ========= ====== ========================================================================
    """

    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def omega(self) -> Floats: ...  # noqa: D102
    @property
    def offset(self) -> Floats: ...  # noqa: D102
    @property
    def scale(self) -> float: ...  # noqa: D102
    @property
    def constants(self) -> bool: ...  # noqa: D102
    @property
    def native(self) -> Any:
        """The same to Newton's method: value, -gradient and curvature in one pass, offset not included."""

    def value(self, eta: Floats) -> float:
        """f."""

    def residual(self, eta: Floats) -> Floats:
        """(n,) -df/deta."""

    def error(self, eta: Floats) -> Floats:
        """(n,) the same over omega: y - mean; of Cox, martingale residuals."""

    def scores(self, eta: Floats, A: Floats) -> Floats:
        """(n, m) what each row adds to -df/db of columns A (n, m)."""

    def curvature(self, eta: Floats) -> Curvature:
        """H."""

    def quadratic_at(self, eta: Floats) -> Quadratic:
        """All three."""

    def unit_deviance(self, eta: Floats) -> Floats:
        """(n,) dev(y_i, eta_i), whose mean with weights omega is 2 f."""

    def link(self, mean: Floats) -> Floats:
        """Eta of a mean."""

    def inverse_link(self, eta: Floats) -> Floats:
        """The mean at eta; for Cox the risk, exp(eta)."""

    def centred(self, A: Floats) -> Floats:
        """(n, m) columns A less their origins, where these change nothing: for Cox, means of strata."""

    def level(self, rows: Bools) -> float:
        """A constant that, added to the offset of some rows (n,), makes their means right on average."""


@dataclass(frozen=True, eq=False)
class RowLoss:
    """What losses have in common that are sums over rows and have the canonical link, so that r = omega (y - mean).

    Families say what `half_deviance`, `error` = y - mean and `variance` are at eta.
    """

    y: Floats
    omega: Floats
    offset: Floats
    scale: float
    family = ""
    constants = True

    @cached_property
    def native(self) -> Any:
        """See `Loss`."""
        return _native.row_loss(self.family, np.ascontiguousarray(self.y), np.ascontiguousarray(self.omega))

    def half_deviance(self, eta: Floats) -> Floats:
        """(n,) dev(y_i, eta_i) / 2."""
        raise NotImplementedError

    def error(self, eta: Floats) -> Floats:
        """(n,) y - mean."""
        raise NotImplementedError

    def variance(self, eta: Floats) -> Floats:
        """(n,) of y, up to dispersion: the derivative of the mean by eta."""
        raise NotImplementedError

    def link(self, mean: Floats) -> Floats:
        """Eta of a mean."""
        raise NotImplementedError

    def inverse_link(self, eta: Floats) -> Floats:
        """The mean at eta."""
        raise NotImplementedError

    def centred(self, A: Floats) -> Floats:
        """A: an origin changes the intercept."""
        return A

    def level(self, rows: Bools) -> float:
        """Where the sum of means, which grows with the constant, is that of outcomes; 0 where none is."""
        rows = rows & (self.omega > 0)
        w, eta, asked = self.omega[rows], self.offset[rows], float(self.omega[rows] @ self.y[rows])
        low, high = -float(eta.max(initial=0.0)) - _WIDE, -float(eta.min(initial=0.0)) + _WIDE
        if not w @ self.inverse_link(eta + low) < asked < w @ self.inverse_link(eta + high):
            return 0.0
        for _ in range(_HALVED):
            middle = (low + high) / 2
            low, high = (middle, high) if w @ self.inverse_link(eta + middle) < asked else (low, middle)
        return (low + high) / 2

    def dual(self, error: Floats) -> float:
        """min over eta of f(eta) + sum_i omega_i error_i eta_i: -f* at minus the residuals omega error."""
        raise NotImplementedError

    def value(self, eta: Floats) -> float:
        """sum_i omega_i dev(y_i, eta_i) / 2."""
        return float(self.omega @ self.half_deviance(eta))

    def residual(self, eta: Floats) -> Floats:
        """(n,) -df/deta."""
        return self.omega * self.error(eta)

    def scores(self, eta: Floats, A: Floats) -> Floats:
        """(n, m) the residual times A."""
        return self.residual(eta)[:, None] * A

    def curvature(self, eta: Floats) -> RowCurvature:
        """H, which is diagonal."""
        return RowCurvature(self.omega * self.variance(eta))

    def quadratic_at(self, eta: Floats) -> Quadratic:
        """Value, -gradient and curvature."""
        return Quadratic(self.value(eta), self.residual(eta), self.curvature(eta))

    def unit_deviance(self, eta: Floats) -> Floats:
        """(n,) dev(y_i, eta_i)."""
        return 2 * self.half_deviance(eta)


def exp(eta: Floats) -> Floats:
    """Exp, of more than 700 as of that: a mean like it is no model, but must not end a search."""
    return np.asarray(np.exp(np.minimum(eta, _MOST)))


def row_weights(n: int, weights: Floats | None, factor: float) -> Floats:
    """(n,) omega."""
    return np.full(n, factor / n) if weights is None else factor * weights / weights.sum()


def counted(n: int, weights: Floats | None) -> Bools:
    """(n,) rows of positive weight."""
    return np.ones(n, bool) if weights is None else weights > 0


def zeros_if_none(n: int, offset: Floats | None) -> Floats:
    """(n,) the offset."""
    return np.zeros(n) if offset is None else offset
