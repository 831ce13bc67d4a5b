"""Arguments in the place of others: what was meant, said before anything else goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsekin.data.arrays import is_frame
from sparsekin.errors import DataError, FormulaError


def check_arrays(y: Any, X: Any) -> None:
    """Refuse a formula where an outcome belongs, and X in the place of y.

    Raises
    ------
    DataError
    """
    if isinstance(y, str):
        raise DataError("The first argument is text; a formula and a data frame go to from_formula(formula, data).")
    shapes = _shape(y), _shape(X)
    if len(shapes[0]) == 2 and len(shapes[1]) == 1 and shapes[0][0] == shapes[1][0] and shapes[0][1] > 1:
        raise DataError(
            f"y has shape {shapes[0]} and X {shapes[1]}: these seem to be swapped. The outcome comes first: (y, X)."
        )


def check_formula(formula: Any, data: Any) -> None:
    """Refuse data where the formula belongs.

    Raises
    ------
    FormulaError
    """
    if isinstance(data, str) and (isinstance(formula, dict) or is_frame(formula)):
        raise FormulaError("The formula and the data are swapped: from_formula(formula, data).")


def _shape(data: Any) -> tuple[int, ...]:
    shape = getattr(data, "shape", None)
    return tuple(shape) if isinstance(shape, tuple) else np.shape(data) if isinstance(data, list | tuple) else ()
