"""What a formula says of new rows beside their columns: outcomes, offset() and strata()."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.calls import ASIDE
from sparsekin.data.design import Design
from sparsekin.data.formula import FormulaParts, read_formula, split_outside
from sparsekin.data.frame import to_pandas
from sparsekin.data.outcomes import offset_of
from sparsekin.errors import DataError, FormulaError


def aside_of(formula: str) -> list[str]:
    """The offset() and strata() terms of a formula, as written."""
    right = split_outside(formula, "~")[-1]
    pieces = [piece.strip() for piece in split_outside(right, "+")]
    return [piece for piece in pieces if piece.split("(")[0].strip() in ASIDE]


def parts_of_new(design: Design, frame: pd.DataFrame) -> FormulaParts:
    """Outcomes, offset() and strata() of the formula of a fit, for the columns of a new frame.

    Raises
    ------
    DataError
        A column that they read is not there.
    """
    assert design.formula is not None
    left = split_outside(design.formula, "~")[0]
    try:
        return read_formula(
            " ~ ".join([left, " + ".join(["1", *aside_of(design.formula)])]), list(frame.columns), None, None, (),
            calls=True,
        )  # fmt: skip
    except FormulaError as error:
        raise DataError(f"Of the new rows: {error}") from error


def new_offset(design: Design, new: Any) -> Floats | None:
    """(n,) the offset() terms of the formula of a fit for new rows, NaN where missing; None where it has none.

    Raises
    ------
    DataError
        A column that they read is not in the new rows.
    """
    if design.formula is None or not (said := [one for one in aside_of(design.formula) if one.startswith("offset")]):
        return None
    frame = to_pandas(new)
    try:
        any_column = f"`{frame.columns[0]}`"  # stands for the outcome, which new rows need not have
        text = f"{any_column} ~ {' + '.join(['1', *said])}"
        parts = read_formula(text, list(frame.columns), None, None, (), calls=True)
    except FormulaError as error:
        raise DataError(f"The formula has {' + '.join(said)}, which new rows need too. {error}") from error
    return offset_of(frame, parts.offsets)
