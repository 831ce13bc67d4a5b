"""f = (saturated - log partial likelihood) / sum w: survival times, whose baseline hazards are left free.

With shares pi_ti of the risk set at event t (`sparsekin.losses.risk_sets`), e_t those of its d_t deaths together, and
terms (t, l), l = 0..d_t - 1 with frac = l / d_t and weight wbar = W_t / d_t (Efron), or one with frac = 0, wbar = W_t
(Breslow), W_t = sum of the deaths' weights,

    sum w f = sum_terms wbar (log S_t + log(1 - frac e_t)) - sum_deaths w eta + saturated
    saturated = -sum_t W log W (Breslow),  -sum_t (W log(W / d) + (W / d) log d!) (Efron)
    -gradient = w death - D,    D = pi'a - [death] own'b,    a_t = sum_l wbar / (1 - frac e_t),  b_t the same times frac
    H x = D x - (pi'c - [death] own'c'),  c_t = sum_l wbar m / (1 - frac e_t),  c' the same times frac
    x'H x = sum D x^2 - sum_terms wbar m^2,  m = (pi x - frac own x)_t / (1 - frac e_t)

own the part of pi that belongs to deaths at t itself. H 1 = 0: there is no intercept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.profile import stratum_means
from sparsekin.losses.base import Quadratic, exp, zeros_if_none
from sparsekin.losses.event_times import Events, events_of
from sparsekin.losses.risk_sets import Shares


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """Shares at some eta, and what the terms make of them."""

    events: Events
    shares: Shares
    own: Floats
    left: Floats

    def weighed(self, terms: Floats) -> Floats:
        """(n, ...) what terms (m, ...) say to the rows: pi'c - [death] own'c'."""
        events = self.events
        ratio = (terms.T * (events.wbar / self.left)).T
        out = self.shares.back(events.by_event(ratio))
        if events.tied:
            dead = events.by_event((ratio.T * events.frac).T)[events.event_of_death]
            out[events.deaths] -= (dead.T * self.own).T
        return out

    def means(self, A: Floats) -> Floats:
        """(m, ...) m of each term: means of A (n, ...) over risk sets."""
        events = self.events
        over = self.shares.over(A)[events.event]
        if not events.tied:
            return over
        dead = events.sum_deaths((A[events.deaths].T * self.own).T)[events.event]
        return np.asarray(((over.T - events.frac * dead.T) / self.left).T)


@dataclass(frozen=True, slots=True, eq=False)
class CoxCurvature:
    """H = diag(weights) less one of the rank of events."""

    weights: Floats
    factor: float
    at: _At

    def times(self, A: Floats) -> Floats:
        """H A."""
        return np.asarray((self.weights * A.T).T - self.factor * self.at.weighed(self.at.means(A)))

    def gram(self, A: Floats) -> Floats:
        """A'H A."""
        R = self.less(A)
        return np.asarray((A.T * self.weights) @ A - R.T @ R)

    def squares(self, A: Floats) -> Floats:
        """Its diagonal."""
        found = np.einsum("ij,ij,i->j", A, A, self.weights)
        return np.asarray(np.maximum(found - np.sum(self.less(A) ** 2, axis=0), 0.0))

    def less(self, A: Floats) -> Floats:
        """Means of A over the risk sets of terms, times roots of their weights."""
        return (np.sqrt(self.factor * self.at.events.wbar) * self.at.means(A).T).T


@dataclass(frozen=True, eq=False)
class Cox:
    """The partial likelihood of right-censored, perhaps left-truncated times in strata."""

    events: Events
    omega: Floats
    offset: Floats
    factor: float
    scale: float
    strata: Ints | None = None
    family = "cox"
    constants = False

    @property
    def native(self) -> Any:
        """See `Loss`. Not kept where it holds this object."""
        return _native.python_loss(len(self.omega), self._pieces) if self._compiled is None else self._compiled

    @cached_property
    def _compiled(self) -> Any:
        """What is below in native code; None where rows enter after the first event of their stratum."""
        events, risk = self.events, self.events.risk_sets
        edges = np.flatnonzero(np.diff(events.stratum, prepend=-1))
        first = np.repeat(edges, np.diff(np.append(edges, len(events.times))))
        ever = risk.last > risk.first
        if not np.array_equal(risk.first[ever], first[risk.first[ever]]):
            return None
        last, D, m = np.where(ever, risk.last - 1, -1), len(events.deaths), len(events.event)
        ids = [last, events.deaths, np.append(events.starts, D), np.append(events.term_starts, m), first]
        return _native.cox_loss(
            *(one.astype(np.int32) for one in ids), events.frac, events.wbar, events.death_w, events.log_w,
            events.saturated, self.factor,
        )  # fmt: skip

    def _pieces(self, eta: Floats) -> tuple[float, Floats, Floats, Any]:
        local = self.quadratic_at(eta)
        return local.value, local.residual, local.curvature.weights, local.curvature.gram

    def _at(self, eta: Floats) -> _At:
        events = self.events
        shares = events.risk_sets.shares(eta, events.log_w)
        logs = eta[events.deaths] + events.log_w[events.deaths] - shares.log_sums[events.event_of_death]
        own = np.exp(np.minimum(logs, 0.0))
        together = np.minimum(events.sum_deaths(own), 1.0)
        return _At(events, shares, own, 1.0 - events.frac * together[events.event])

    def _log_risk(self, at: _At) -> Floats:
        """(m,) log of the risk sets of terms."""
        return np.asarray(at.shares.log_sums[self.events.event] + np.log(at.left))

    def _value(self, eta: Floats, at: _At) -> float:
        events = self.events
        lost = events.wbar @ self._log_risk(at) - events.death_w @ eta[events.deaths] + events.saturated
        return max(float(self.factor * lost), 0.0)

    def value(self, eta: Floats) -> float:
        """f."""
        return self._value(eta, self._at(eta))

    def residual(self, eta: Floats) -> Floats:
        """(n,) -df/deta."""
        return self.quadratic_at(eta).residual

    def error(self, eta: Floats) -> Floats:
        """(n,) martingale residuals: death less the hazard it had been exposed to."""
        return np.divide(self.residual(eta), self.omega, out=np.zeros(len(eta)), where=self.omega > 0)

    def scores(self, eta: Floats, A: Floats) -> Floats:
        """(n, m) score residuals (Lin and Wei 1989): of deaths A less its mean over the risk set, of all less H A."""
        events, H = self.events, self.curvature(eta)
        means = events.by_event((H.at.means(A).T * events.wbar).T) / events.event_w[:, None]
        out = -H.times(A)
        dead = A[events.deaths] - means[events.event_of_death]
        out[events.deaths] += self.factor * events.death_w[:, None] * dead
        return out

    def curvature(self, eta: Floats) -> CoxCurvature:
        """H."""
        at = self._at(eta)
        return CoxCurvature(self.factor * at.weighed(np.ones(len(self.events.event))), self.factor, at)

    def quadratic_at(self, eta: Floats) -> Quadratic:
        """Value, -gradient and curvature."""
        at = self._at(eta)
        D = self.factor * at.weighed(np.ones(len(self.events.event)))
        residual = -D
        residual[self.events.deaths] += self.factor * self.events.death_w
        return Quadratic(self._value(eta, at), residual, CoxCurvature(D, self.factor, at))

    def unit_deviance(self, eta: Floats) -> Floats:
        """(n,) what deaths say against eta, 0 for other rows; the mean with weights omega is 2 f."""
        events = self.events
        risk = events.by_event(self._log_risk(self._at(eta)) * events.wbar) / events.event_w
        of_death = (risk + events.unit_saturated)[events.event_of_death] - eta[events.deaths]
        out = np.zeros(len(eta))
        out[events.deaths] = 2 * of_death
        return out

    def link(self, mean: Floats) -> Floats:
        """Log of the risk."""
        return np.asarray(np.log(mean))

    def inverse_link(self, eta: Floats) -> Floats:
        """The risk, beside that of eta = 0."""
        return exp(eta)

    def centred(self, A: Floats) -> Floats:
        """A (n, m) less the means of strata: a constant in a stratum's eta changes nothing but digits."""
        return np.asarray(A - stratum_means(A, self.strata)) if len(A) else A

    def level(self, rows: Bools) -> float:
        """0: constants change nothing."""
        return 0.0

    def baseline(self, eta: Floats) -> list[tuple[Floats, Floats]]:
        """Of each stratum, its event times and the cumulative hazard of eta = 0 there (Breslow; with ties, Efron's)."""
        events, at = self.events, self._at(eta)
        jumps = events.by_event(events.wbar / at.left) * np.exp(-at.shares.log_sums)
        return [
            (events.times[events.stratum == g], np.cumsum(jumps[events.stratum == g])) for g in range(events.n_strata)
        ]


def cox(
    y: Floats,
    weights: Floats | None = None,
    offset: Floats | None = None,
    factor: float = 1.0,
    strata: Ints | None = None,
    ties: str = "efron",
) -> Cox:
    """The loss of outcomes y: (n, 2) time and status, or (n, 3) start, stop and status."""
    n = len(y)
    w = np.ones(n) if weights is None else weights
    share = factor / w.sum()
    known = zeros_if_none(n, offset)
    raw = Cox(events_of(y, w, strata, ties), share * w, known, share, 1.0, strata)
    scale = raw.value(np.zeros(n))
    return Cox(raw.events, raw.omega, known, share, scale if scale > 1e-12 * factor else factor, strata)
