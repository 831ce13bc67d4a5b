"""The part of a basis that a fit uses: small enough to keep, and enough to predict with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_coef
from sparsekin.hal.basis import Basis, Section
from sparsekin.hal.design import Design


def subset(basis: Basis, functions: Ints) -> Basis:
    """The basis of some functions, ascending, in their order; axes that none of them uses are left out."""
    of = basis.section_of(functions)
    place: dict[int, int] = {}
    sections = []
    for at in np.unique(of).tolist():
        old = basis.sections[at]
        axes = tuple(place.setdefault(a, len(place)) for a in old.axes)
        cells = old.cells[functions[of == at] - basis.first[at]]
        sections.append(Section(axes, old.orders, cells, old.factor))
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


def relaxed(blocks: TaskBlocks, design: Design, functions: Ints) -> tuple[Floats, Floats, Floats]:
    """Least squares per task on some functions, without a penalty: coefficients (a, K), intercepts, keep (q, K).

    The minimum-norm answer where columns are constant or collinear in a task.
    """
    q = blocks.keep.shape[1]
    wide = replace(blocks, keep=np.asfortranarray(np.hstack([blocks.keep, design.columns(functions)])))
    found = [unpenalised_coef(wide, k, y) for k, y in enumerate(blocks.y)]
    intercept = np.array([float(c) if blocks.intercept else 0.0 for c, _ in found])
    slopes = np.column_stack([g for _, g in found])
    return slopes[q:], intercept, slopes[:q]
