"""Does each statistic agree with those of the columns it is correlated with? NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints

MOST = 20  # neighbours that predict a statistic
STRONG = 0.3  # squared correlation from which on a column is a neighbour
RIDGE = 1e-3  # of the neighbours' correlations: no inverse of near-duplicates
CUT = 29.7168  # chi-square of 1 degree of freedom with p = 5e-8, as in DENTIST
SIGNALS = 10  # signals that are taken out first, at most
_OWN = 0.01  # of its variance a column must have for itself beside the signals to be one
_SHARE = 0.2  # most columns that are set aside as wrong
_PASSES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Statistics beside what signals and neighbours predict.

    ========== ==== ====================================================================================
    field      shape meaning
    ========== ==== ====================================================================================
    predicted  (p,) expected statistic, given those of the signals and of the neighbours
    share      (p,) share of the variance of the statistic that the neighbours explain
    chi2       (p,) squared distance over its variance; NaN without neighbours
    neighbours (p,) number of neighbours
    wrong      (p,) bool: too far
    ========== ==== ====================================================================================
    """

    predicted: Floats
    share: Floats
    chi2: Floats
    neighbours: Ints
    wrong: Bools


def agreement(z: Floats, R: Floats) -> Agreement:
    """Predict each z (p,) from those of its strongest neighbours under correlations R (p, p).

    Where R is that of the rows, z given its neighbours' is normal with variance 1 - 2 a'R_Sj + a'R_SS a around a'z_S
    (Chen et al. 2021, eq. 1, there from half of all variants and truncated eigenvectors), if column j has no signal of
    its own. So signals are taken out first, by forward selection. The worst is set aside, so that it predicts no
    other, until none is left; then those set aside are judged again by those that are not, and the signals chosen anew
    among these.
    """
    wrong = np.zeros(len(z), bool)
    for _ in range(_PASSES):
        before, explained = wrong, _signals(z, R, wrong)
        predicted, found, wrong = _judge(z - explained, R)
        if np.array_equal(wrong, before):
            break
    return Agreement(explained + predicted, found[:, 0], found[:, 1], found[:, 2].astype(np.int64), wrong)


def _signals(z: Floats, R: Floats, wrong: Bools) -> Floats:
    """(p,) what a few signals explain of z; each leaves less of its neighbours, where a wrong sign would leave more."""
    chosen: list[int] = []
    tried, explained = wrong.copy(), np.zeros(len(z))
    while len(chosen) < SIGNALS:
        gain = np.where(tried, 0.0, _gains(z, R, chosen, explained))
        j = int(np.argmax(gain))
        if gain[j] <= CUT:
            break
        tried[j] = True
        near = np.flatnonzero((R[j] ** 2 >= STRONG) & ~wrong & (np.arange(len(z)) != j))
        new = _explained(z, R, [*chosen, j])
        if np.sum((z - new)[near] ** 2) <= np.sum((z - explained)[near] ** 2):
            chosen.append(j)
            explained, tried = new, wrong.copy()
            tried[chosen] = True
    return explained


def _explained(z: Floats, R: Floats, chosen: list[int]) -> Floats:
    """(p,) expected statistics given those of some columns, without a signal elsewhere."""
    return np.asarray(R[:, chosen] @ np.linalg.solve(R[np.ix_(chosen, chosen)], z[chosen]))


def _gains(z: Floats, R: Floats, chosen: list[int], explained: Floats) -> Floats:
    """(p,) chi-square of each column beside those chosen; 0 where these leave nothing of it."""
    if not chosen:
        return z**2
    weights = np.linalg.solve(R[np.ix_(chosen, chosen)], R[chosen])
    left = 1 - np.sum(weights * R[chosen], axis=0)
    return np.where(left > _OWN, (z - explained) ** 2 / np.maximum(left, _OWN), 0.0)


def _judge(z: Floats, R: Floats) -> tuple[Floats, Floats, Bools]:
    """(p,) predictions, (p, 3) share explained, chi-square and number of neighbours, and (p,) which are too far."""
    p = len(z)
    wrong = np.zeros(p, bool)
    near = [_strongest(R, j, wrong) for j in range(p)]
    found = np.array([_predict(z, R, j, S) for j, S in enumerate(near)]).reshape(p, 3)
    for _ in range(int(_SHARE * p)):
        j = int(np.argmax(np.where(wrong, 0.0, found[:, 2])))
        if not found[j, 2] > CUT or wrong[j]:
            break
        wrong[j] = True
        for i in np.flatnonzero([j in S for S in near]).tolist():
            near[i] = _strongest(R, i, wrong)
            found[i] = _predict(z, R, i, near[i])
    for j in np.flatnonzero(wrong).tolist():
        near[j] = _strongest(R, j, wrong)
        found[j] = _predict(z, R, j, near[j])
    wrong &= found[:, 2] > CUT
    counts = np.array([len(S) for S in near], float)
    chi2 = np.where(counts > 0, found[:, 2], np.nan)
    return found[:, 0], np.column_stack([found[:, 1], chi2, counts]), wrong


def _strongest(R: Floats, j: int, wrong: Bools) -> Ints:
    """(<= MOST,) neighbours of column j, the strongest first."""
    strength = np.where(wrong, 0.0, R[j] ** 2)
    strength[j] = 0.0
    order = np.argsort(-strength, kind="stable")[:MOST]
    return order[strength[order] >= STRONG]


def _predict(z: Floats, R: Floats, j: int, S: Ints) -> tuple[float, float, float]:
    """Predicted statistic, share explained and chi-square; 0 without neighbours."""
    if not len(S):
        return 0.0, 0.0, 0.0
    RSS, r = R[np.ix_(S, S)], R[S, j]
    a = np.linalg.solve(RSS + RIDGE * np.eye(len(S)), r)
    left = max(1 - 2 * a @ r + a @ RSS @ a, RIDGE)
    predicted = float(a @ z[S])
    return predicted, float(1 - left), float((z[j] - predicted) ** 2 / left)
