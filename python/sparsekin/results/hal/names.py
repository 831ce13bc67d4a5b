"""Functions and sections of a HAL fit in words, and tables by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sparsekin.hal.basis import Basis


def section_name(features: Sequence[str], columns: Sequence[int]) -> str:
    """Variables of a section: ``age x bmi``."""
    return " x ".join(features[j] for j in columns)


def sections_of(basis: Basis, features: Sequence[str]) -> list[str]:
    """(a,) name of the section of each function."""
    of = basis.section_of(np.arange(basis.size))
    return [section_name(features, basis.columns_of(int(at))) for at in of]


def term_name(basis: Basis, features: Sequence[str], function: int) -> str:
    """A function as it is read: ``I(age >= 50)`` a step, ``(age - 50)+`` a hinge, ``(age - 50)+^2`` its square."""
    parts = []
    for column, knot, order in zip(*basis.describe(function), strict=True):
        name = features[column]
        hinge = f"({name} {'-' if knot >= 0 else '+'} {abs(knot):.5g})+"
        parts.append(f"I({name} >= {knot:.5g})" if order == 0 else hinge if order == 1 else f"{hinge}^{order}")
    return " * ".join(parts)


def ranked(table: pd.DataFrame, name: str, tasks: pd.Index) -> pd.DataFrame:
    """A table of functions and shares per task, largest mean share first."""
    order = np.argsort(-table.iloc[:, 1:].to_numpy(float).mean(axis=1), kind="stable")
    out = table.iloc[order]
    out.index.name, out.columns.name = name, tasks.name
    return out.astype({"functions": int})
