"""No solver goes on with what is not a number."""

from __future__ import annotations

import math

from sparsekin.errors import SolverError


def check_finite(value: float, what: str) -> None:
    """Stop where a number is not finite.

    Raises
    ------
    SolverError
    """
    if not math.isfinite(value):
        raise SolverError(
            f"{what} is not finite ({value}): numbers of this size cannot be computed with. Bring outcomes, columns "
            "and weights to sizes near 1."
        )
