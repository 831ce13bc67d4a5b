"""Proven bounds along a path, from the root alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.glm.prove import certify as certify_family
from sparsekin.l0.grid import GridFit


def root_bounds(grid: GridFit, step: Callable[[int], object] = lambda n: None) -> Floats:
    """(m,) lower bound of F at each setting; NaN where Ctrl-C came first. `step(1)` is called after each."""
    bounds = np.full(len(grid), np.nan)
    try:
        for i in [] if grid.stopped else np.flatnonzero(grid.finished):
            at = grid.settings.at(grid.problem, int(i))
            prove = certify if at.losses is None else certify_family
            _, proof = prove(at, grid.supports[i], root_only=True)
            if proof.status == "interrupted":
                break
            bounds[i] = min(proof.bound, grid.objective[i])
            step(1)
    except KeyboardInterrupt:
        pass  # in the few lines of set-up outside the proof
    return bounds
