"""Proven bounds along a path, from the root alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.glm.relaxation import prove_root
from sparsekin.l0.grid import GridFit


def root_bounds(grid: GridFit, step: Callable[[int], object] = lambda n: None) -> Floats:
    """(m,) lower bound of F at each setting; NaN where Ctrl-C came first. `step(1)` is called after each."""
    bounds = np.full(len(grid), np.nan)
    try:
        for i in [] if grid.stopped else np.flatnonzero(grid.finished):
            at = grid.settings.at(grid.problem, int(i))
            if at.losses is not None:
                proof = prove_root(at, grid.supports[i], 1e-4, np.inf)
            else:
                _, proof = certify(at, grid.supports[i], root_only=True)
            if proof.status == "interrupted":
                break
            bounds[i] = min(proof.bound, grid.objective[i])
            step(1)
    except KeyboardInterrupt:
        pass  # in the few lines of set-up outside the proof
    return bounds
