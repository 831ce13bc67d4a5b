"""What the stored result files of arXiv 2212.08697 say once all methods in them are compared, not one baseline.

Geometric means over 100 replicates of test RMSE relative to "L0L2" (independent fits), FSCV data, K = 4, 25 features,
read from the authors' files (2024) for the project's design notes. Two of the ratios make a third: geometric means
divide. The baseline itself came from a solver that keeps the wrong coefficients at each step (top features are taken
from a vector without intercept and used in one with it), so nothing is said of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from experiment import Cell, Experiment, Row
from tables import markdown

METHODS = (
    "Zbar+L2", "Zbar+Bbar", "CS+L2", "CS+Bbar", "Bbar", "SGL", "GL", "grMCP", "gel", "cMCP", "ridge", "L0Learn"
)  # fmt: skip
RATIOS = {
    (1000, 100): (0.928, 1.132, 1.022, 1.033, 1.155, 0.951, 0.979, 0.957, 0.953, 1.135, 0.823, 0.891),
    (1000, 250): (1.007, 1.262, 1.068, 1.153, 1.300, 1.060, 1.117, 1.053, 1.049, 1.304, 1.000, 0.903),
    (1000, 1000): (1.038, 1.313, 1.093, 1.208, 1.365, 1.114, 1.173, 1.090, 1.085, 1.355, 0.943, 0.913),
    (500, 100): (0.851, 1.016, 0.938, 0.945, 1.045, 0.858, 0.886, 0.875, 0.871, 1.040, 0.758, 0.809),
    (500, 250): (0.971, 1.163, 1.048, 1.106, 1.202, 1.003, 1.060, 1.017, 1.013, 1.253, 1.025, 0.868),
    (500, 1000): (1.047, 1.240, 1.109, 1.197, 1.297, 1.089, 1.151, 1.090, 1.090, 1.355, 0.940, 0.906),
    (200, 100): (0.841, 0.908, 0.965, 0.914, 0.940, 0.852, 0.880, 0.876, 0.868, 1.045, 0.794, 0.795),
    (200, 250): (0.948, 1.040, 1.015, 1.075, 1.091, 1.003, 1.046, 0.951, 0.981, 1.119, 0.946, 0.851),
    (200, 1000): (1.003, 1.082, 1.013, 1.130, 1.131, 1.070, 1.118, 0.998, 1.035, 1.186, 0.825, 0.880),
    (100, 100): (0.750, 0.792, 0.812, 0.833, 0.807, 0.850, 0.818, 0.807, 0.804, 0.967, 0.778, 0.727),
    (100, 250): (0.890, 0.907, 0.870, 1.020, 0.941, 1.029, 1.021, 0.931, 0.963, 1.095, 0.815, 0.822),
    (100, 1000): (0.940, 0.955, 0.909, 1.077, 0.986, 1.091, 1.087, 0.982, 1.013, 1.163, 0.801, 0.852),
}
SAID = """**Behind two methods that share nothing by support: independent L0Learn fits and dense ridge regression.**
Against the other multi-task methods Zbar+L2 is ahead. Replicate by replicate it wins against L0Learn in 0
to 32 % of the replicates of a cell, and cross-validation picks a lambda_z above .001 in 1 to 11 % of
them: what these files show is the worth of a ridge and of the optimiser, not of the Zbar penalty.
(L0Learn tuned its size up to 25; the others were held at 25.)"""
EXACT = """**The exact solver's table** (its table 3): no published number could be retrieved, so there is nothing to
compare with. Ours for its demonstration design (p = 200, K = 5, n = 500, s = 5, 40 dB, lambda_1 = 1e-6)
are in `exact.md`."""


def run(cell: Cell, seed: int) -> list[Row]:
    """A line per method of a cell."""
    return [{"method": name, "ratio": ratio} for name, ratio in zip(METHODS, RATIOS[cell["p"], cell["n"]], strict=True)]


def page(frame: pd.DataFrame, folder: Path) -> str:
    """Zbar+L2 against every other method: geometric mean over cells, range, and in how many cells it is ahead."""
    table = frame.pivot(index="replicate", columns="method", values="ratio")
    rows = []
    for name in METHODS[1:]:
        ratio = table["Zbar+L2"] / table[name]
        mean, ahead = float(np.exp(np.log(ratio).mean())), f"{(ratio < 1).sum()} of {len(ratio)}"
        rows.append((mean, [name, f"{mean:.2f}", f"{ratio.min():.2f}-{ratio.max():.2f}", ahead]))
    heads = ["method", "Zbar+L2 / method", "range over cells", "Zbar+L2 ahead in"]
    lines = markdown(heads, [row for _, row in sorted(rows, key=lambda one: -one[0])])
    return f"{__doc__.split(chr(10), 2)[2].strip()}\n\n{SAID}\n\n{lines}\n\n{EXACT}"


CELLS = [{"p": p, "n": n} for p, n in RATIOS]
EXPERIMENTS = (
    Experiment("published", "The stored results of arXiv 2212.08697, read again", CELLS, run, page, sets=1, quick=1),
)
