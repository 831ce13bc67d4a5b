"""How many features with a low chance of being chosen may pass a cut: the r-concave bound for complementary pairs.

Shah and Samworth (2013, JRSS B 75, section 3.4 and appendix): if the share of pairs in which both halves choose a
feature is -1/2-concave, and the share of halves -1/4-concave, the expected number of features of selection probability
at most theta whose frequency reaches tau is at most D(theta, tau) times their number,

    D = min{ D(theta^2, 2 tau - 1, B, -1/2), D(theta, tau, 2 B, -1/4) },

D(eta, t, B, r) the largest P(V >= t) over r-concave distributions of V on {0, 1/B, ..., 1} with mean at most eta.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from sparsekin.data.blocks import Floats

# theta is rounded up to one of these
THETAS = (
    0.002, 0.004, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12,
    0.15, 0.2, 0.25, 0.3, 0.4, 0.5,
)  # fmt: skip
STORED = 50  # pairs for which the bound is in bound50.npy
_LEAST, _MOST = 1e-4, 1e5


def share_that_may_pass(theta: float, pairs: int) -> Floats:
    """(2 B,) D at tau = 1 / 2B, 2 / 2B, ..., 1; 1 where nothing is promised."""
    at = int(np.searchsorted(THETAS, theta - 1e-12))
    if at == len(THETAS):
        return np.ones(2 * pairs)
    return stored()[at] if pairs == STORED else computed(THETAS[at], pairs)


@lru_cache(maxsize=1)
def stored() -> Floats:
    """(24, 100) what `computed` gives for 50 pairs, a row for each of `THETAS`."""
    with (files("sparsekin.inference") / "bound50.npy").open("rb") as file:
        return np.asarray(np.load(file))


@lru_cache(maxsize=64)
def computed(theta: float, pairs: int) -> Floats:
    """(2 B,) D at one theta."""
    if theta >= 0.5:
        return np.ones(2 * pairs)
    simultaneous = np.concatenate([np.ones(pairs), _tail(theta**2, pairs, 2.0)])
    return np.minimum(simultaneous, _tail(theta, 2 * pairs, 4.0))


def _tail(eta: float, B: int, power: float) -> Floats:
    """(B,) the largest P(V >= t / B), t = 1..B, over distributions proportional to (a + i)^-power up to some end.

    Extreme distributions are such a curve up to k, a linear share of it at k + 1 (the weights below), with mean eta.
    """
    out, mean = np.ones(B), eta * B
    first = int(np.ceil(2 * mean)) + 1
    if first > B:
        return out
    i = np.arange(B + 1)

    def curve(a: float, k: int) -> Floats:
        return np.asarray((a + i[: k + 1]) ** -power)

    def excess(a: float, k: int) -> float:
        weights = curve(a, k)
        return float(i[: k + 1] @ weights / weights.sum() - mean)

    def above(a: float, k: int, t: int) -> float:
        weights = curve(a, k)
        return float(1 - (k + 1 - mean) * weights[:t].sum() / ((k + 1 - i[: k + 1]) @ weights))

    ends = np.full(B + 1, _MOST)
    for k in range(first, B + 1):
        ends[k] = brentq(excess, _LEAST, _MOST, args=(k,), xtol=1e-10)
    start = first
    for t in range(first, B + 1):
        best, where = above(ends[B], B, t), B
        for k in range(start, B):
            options = {"xatol": 1e-8}
            found = minimize_scalar(
                lambda a, k=k, t=t: -above(a, k, t), bounds=(ends[k + 1], ends[k]), method="bounded", options=options
            )
            if -found.fun > best:
                best, where = -found.fun, k
        out[t - 1], start = best, where
    return out
