"""The part of a HAL fit that moves with some of its variables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.frame import list_names
from sparsekin.errors import DataError
from sparsekin.hal.basis import Basis
from sparsekin.hal.design import Design


def section_at(basis: Basis, coef: Floats, d: int, at: Mapping[int, Floats]) -> Floats:
    """(m, K) the functions of exactly these of d columns, with coefficients (a, K), at values (m,) of each."""
    of = basis.section_of(np.arange(basis.size))
    own = np.flatnonzero([set(basis.columns_of(int(one))) == set(at) for one in of])
    X = np.zeros((len(next(iter(at.values()))), d))
    for column, values in at.items():
        X[:, column] = values
    return Design(basis, X).multiply(own, coef[own]).T


def column_of(blocks: TaskBlocks, variable: str) -> int:
    """Position of a variable in X.

    Raises
    ------
    DataError
        No such variable.
    """
    if variable not in blocks.feature_names:
        listed = list_names(blocks.feature_names)
        raise DataError(f"'{variable}' is no variable of the basis; it has {listed}.")
    return blocks.feature_names.index(variable)
