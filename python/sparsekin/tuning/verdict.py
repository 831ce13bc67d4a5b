"""Which of several models to prefer, from their losses on the same folds: one rule, stated once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats

GAIN = 0.5  # corrected standard errors by which a less simple model must be better
ROUNDING = 1e-9  # of the mean loss: smaller differences are none


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which models a comparison speaks for.

    =========== ============== ===========================================================================
    field       shape          meaning
    =========== ============== ===========================================================================
    best        str            least mean loss; of equals the simplest
    chosen      str            the rule's choice, see `verdict`
    differences dict of float  mean loss less that of the best, simplest first
    ses         dict of float  corrected standard errors of these differences; 0 for the best
    indistinct  tuple of str   simplest first: within one corrected standard error of the best, which is among them
    =========== ============== ===========================================================================
    """

    best: str
    chosen: str
    differences: dict[str, float]
    ses: dict[str, float]
    indistinct: tuple[str, ...]


def verdict(fold_losses: Mapping[str, Floats], order: Sequence[str]) -> Verdict:
    """Start at the simplest, and move on only for a gain of more than half a corrected standard error.

    Parameters
    ----------
    fold_losses : dict of (F,)
        Loss of each model on each fold, smaller is better; NaN where a fold is not finished.
    order : sequence of str
        The simplest first. Names without losses are passed over.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        No name of `order` has losses.

    Examples
    --------
    >>> import numpy as np
    >>> found = verdict({"pool": np.array([1.0, 1.2, 1.1]), "share": np.array([0.7, 0.9, 0.9])}, ["pool", "share"])
    >>> found.chosen, round(found.differences["pool"], 3), round(found.ses["pool"], 3)
    ('share', 0.267, 0.053)
    """
    losses = {name: np.asarray(fold_losses[name], float) for name in order if name in fold_losses}
    there = {name: values for name, values in losses.items() if not np.isnan(values).all()}
    if not there:
        raise ValueError("no fold was finished")
    means = {name: float(np.nanmean(values)) for name, values in there.items()}
    chosen, *others = there
    for name in others:
        gain, se = paired(there[chosen], there[name])
        if gain > max(GAIN * se, ROUNDING * abs(means[chosen])):
            chosen = name
    best = min(means, key=lambda name: means[name])
    least = ROUNDING * abs(means[best])
    best = next(name for name in means if means[name] - means[best] <= least)
    pairs = {name: paired(values, there[best]) for name, values in there.items()}
    for name, (gap, se) in pairs.items():
        if abs(gap) <= least and not se > least:
            pairs[name] = 0.0, 0.0
    return Verdict(
        best, chosen, {name: gap for name, (gap, _) in pairs.items()}, {name: se for name, (_, se) in pairs.items()},
        tuple(name for name, (gap, se) in pairs.items() if gap <= max(np.nan_to_num(se), least)),
    )  # fmt: skip


def paired(one: Floats, other: Floats) -> tuple[float, float]:
    """Mean of one - other over the folds, and its corrected standard error."""
    gap = (one - other)[None]
    return float(np.nanmean(gap)), float(corrected_error(gap)[0])


def corrected_error(differences: Floats) -> Floats:
    """(m,) standard errors of means over folds whose training rows overlap: sd sqrt(1 / F + 1 / (F - 1)).

    1 / (F - 1) is the ratio of held-out to training rows (Nadeau and Bengio 2003, Inference for the generalization
    error). NaN with one fold.
    """
    F = np.sum(~np.isnan(differences), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(differences, axis=1) / F
        squares = np.nansum((differences - mean[:, None]) ** 2, axis=1)
        return np.where(F > 1, np.sqrt(squares / (F - 1) * (1.0 / F + 1.0 / (F - 1))), np.nan)
