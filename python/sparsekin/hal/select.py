"""The part of a basis that a fit uses: small enough to keep, and enough to predict with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.basis import Basis


def subset(basis: Basis, functions: Ints) -> Basis:
    """The basis of some functions, ascending, in their order; axes that none of them uses are left out."""
    of = basis.section_of(functions)
    place: dict[int, int] = {}
    sections = []
    for at in np.unique(of).tolist():
        old = basis.sections[at]
        axes = tuple(place.setdefault(a, len(place)) for a in old.axes)
        cells = old.cells[functions[of == at] - basis.first[at]]
        sections.append(replace(old, axes=axes, cells=cells))
    return Basis(tuple(basis.axes[a] for a in place), tuple(sections))


def largest_values(basis: Basis, top: Floats) -> Floats:
    """(p,) value of each function at the largest value (d,) of every column."""
    out = []
    for section in basis.sections:
        codes = np.unravel_index(section.cells, basis.grid(section))
        value = np.ones(len(section.cells))
        for a, c, order in zip(section.axes, codes, section.orders, strict=True):
            value = value * (top[basis.axes[a].column] - basis.axes[a].knots[c]) ** order
        out.append(value)
    return np.concatenate(out) if out else np.empty(0)
