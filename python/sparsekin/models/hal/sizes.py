"""Numbers that a HAL cannot be computed with, and outcomes that one lambda cannot serve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.families import outcome_scales
from sparsekin.errors import DataError, DataWarning, warn
from sparsekin.hal.basis import Basis
from sparsekin.options import LossFamily
from sparsekin.results.hal.names import section_name

LARGEST, SMALLEST = 1e150, 1e-150  # beyond these squares overflow, or are 0
_APART = 1e3


def check_outcomes(blocks: TaskBlocks, families: Sequence[LossFamily]) -> None:
    """Refuse outcomes, plain columns and weights whose squares overflow or vanish.

    Raises
    ------
    DataError
    """
    what = "Outcome" if blocks.shared or blocks.n_tasks == 1 else "The outcome of task"
    for k, w in enumerate(blocks.weights):
        if w is not None and not np.max(w) * len(w) < LARGEST:
            raise DataError(f"Weights reach {np.max(w):.3g} in task '{blocks.task_names[k]}'; divide them all by that.")
        if families[k] == "gaussian":
            _check_size(f"{what} '{blocks.task_names[k]}'", _counted(blocks, k))
    for name, column in zip(blocks.keep_names, blocks.keep.T, strict=True):
        _check_size(f"Column '{name}'", column)


def _counted(blocks: TaskBlocks, k: int) -> Floats:
    w = blocks.weights[k]
    return blocks.y[k] if w is None else blocks.y[k][w > 0]


def _check_size(what: str, values: Floats) -> None:
    most = float(np.abs(values).max(initial=0.0))
    if most > LARGEST:
        raise DataError(f"{what} reaches {most:.3g}, whose square overflows; divide it by a power of ten.")
    spread = float(np.ptp(values)) if len(values) else 0.0
    if 0 < spread < SMALLEST:
        raise DataError(f"{what} varies by {spread:.3g}, whose square is 0; multiply it by a power of ten.")


def check_functions(basis: Basis, X: Floats, names: Sequence[str]) -> None:
    """Refuse sections with functions whose squares overflow or vanish; steps are 0 or 1 whatever the columns.

    Raises
    ------
    DataError
    """
    low, high = X.min(axis=0, initial=np.inf), X.max(axis=0, initial=-np.inf)
    with np.errstate(over="ignore"):
        span = high - low
    for i, section in enumerate(basis.sections):
        columns = basis.columns_of(i)
        largest = 1.0
        with np.errstate(over="ignore", under="ignore"):
            for j, order in zip(columns, section.orders, strict=True):
                largest *= span[j] ** order
        varying = all(span[j] > 0 for j, order in zip(columns, section.orders, strict=True) if order)
        if largest > LARGEST or (varying and largest < SMALLEST):
            spans = " and ".join(f"'{names[j]}' spans {span[j]:.3g}" for j in columns)
            fault = "overflows" if largest > 1 else "is 0"
            raise DataError(
                f"The functions of {section_name(names, columns)} reach {largest:.3g}, whose square {fault}: column "
                f"{spans}. Rescale by a power of ten, or use order=0."
            )


def warn_of_units(blocks: TaskBlocks, families: Sequence[LossFamily]) -> None:
    """Warn where standard deviations of outcomes are so far apart that one lambda cannot serve them.

    Warns
    -----
    DataWarning
    """
    sd = outcome_scales(blocks, families)
    at = [k for k, family in enumerate(families) if family == "gaussian" and np.ptp(_counted(blocks, k)) > 0]
    if not at:
        return
    small, large = min(at, key=sd.__getitem__), max(at, key=sd.__getitem__)
    if sd[large] > _APART * sd[small]:
        name = blocks.task_names
        warn(
            f"The outcomes of task '{name[large]}' (sd {sd[large]:.3g}) and '{name[small]}' (sd {sd[small]:.3g}) are "
            "in units far apart: one lambda cannot serve both, and which functions are shared is left to the larger. "
            "Use scale_outcome=True.",
            DataWarning,
        )
