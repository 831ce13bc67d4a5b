"""The form of effects in a HAL fit: straight lines, curves or steps, and where they bend or jump."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from sparsekin.hal.basis import Basis

LINEAR, CURVED, STEPS = "linear", "curved", "steps"


def form_by_variable(basis: Basis, features: Sequence[str], selected: Sequence[str]) -> pd.DataFrame:
    """Per variable: form, knots, first_knot, last_knot; see `HALFit.forms`."""
    found: dict[str, list[tuple[str, float]]] = {name: [] for name in selected}
    for j in range(basis.size):
        for column, form, knot in _parts(basis, j):
            found[features[column]].append((form, knot))
    rows = []
    for parts in found.values():
        knots = np.unique([knot for form, knot in parts if form != LINEAR and not np.isnan(knot)])
        ends = (knots[0], knots[-1]) if len(knots) else (np.nan, np.nan)
        rows.append((_together(form for form, _ in parts), len(knots), *ends))
    index = pd.Index(list(found), name="variable", dtype=object)
    return pd.DataFrame(rows, columns=["form", "knots", "first_knot", "last_knot"], index=index)


def form_by_function(basis: Basis) -> list[str]:
    """(a,) form of each function: of all its variables together."""
    return [_together(form for _, form, _ in _parts(basis, j)) for j in range(basis.size)]


def form_by_name(basis: Basis, names: Sequence[str]) -> dict[str, str]:
    """Form of the functions of each name, for a name (a section's) per function."""
    forms: dict[str, list[str]] = {}
    for name, form in zip(names, form_by_function(basis), strict=True):
        forms.setdefault(name, []).append(form)
    return {name: _together(some) for name, some in forms.items()}


def _parts(basis: Basis, function: int) -> Iterator[tuple[int, str, float]]:
    """Column, form and knot of each factor of a function; no knot where it neither bends nor jumps inside the data."""
    lowest = {axis.column: float(axis.knots[0]) for axis in basis.axes}
    for column, knot, order in zip(*basis.describe(function), strict=True):
        if order == 0:
            yield column, STEPS, knot
        else:
            inside = knot > lowest[column]
            yield column, LINEAR if order == 1 and not inside else CURVED, knot if inside else np.nan


def _together(forms: Iterable[str]) -> str:
    found = set(forms)
    return found.pop() if len(found) == 1 else CURVED
