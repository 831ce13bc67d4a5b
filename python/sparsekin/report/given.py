"""Notes on what a fit was given: its formula and weights."""

from __future__ import annotations

import numpy as np

from sparsekin.results.base import TaskFit


def formula_line(formula: str | None) -> list[str]:
    """The formula as it was written; nothing for arrays."""
    return [] if formula is None else [f"Formula: {' '.join(formula.split())}"]


def weights_notes(fit: TaskFit) -> list[str]:
    """The weights and how many rows have weight 0; nothing where all are 1."""
    blocks, given = fit.blocks, [w for w in fit.blocks.weights if w is not None]
    positive = np.concatenate([w[w > 0] for w in given]) if given else np.ones(1)
    gone = 0 if blocks.origin is not None else fit.ledger.n_kept - fit.nobs
    if blocks.origin is not None or (np.all(positive == 1) and not gone):
        return []
    name = "given by row" if fit.design.weights is None else f"column {fit.design.weights}"
    zero = f"; {gone} row{'s' * (gone != 1)} of weight 0 {'do' if gone != 1 else 'does'} not count" if gone else ""
    return [f"Weights: {name}, {positive.min():.4g} to {positive.max():.4g}{zero}."]
