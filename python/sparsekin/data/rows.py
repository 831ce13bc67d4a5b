"""Which rows stay, and in which order: complete rows, those of a task side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.frame import RowLedger, list_counts
from sparsekin.data.reader import read_labels
from sparsekin.errors import DataError
from sparsekin.options import Missing

Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class RowPlan:
    """The rows that are used, in the order of the blocks.

    ========== ============== ==================================================================
    field      shape          meaning
    ========== ============== ==================================================================
    positions  (N,)           0-based positions in the user's data, a task's rows side by side
    slices     K slices       rows of each task among `positions`
    tasks      K              labels of the tasks that have rows
    ledger     RowLedger      the rows that left
    ========== ============== ==================================================================
    """

    positions: Codes
    slices: tuple[slice, ...]
    tasks: tuple[object, ...]
    ledger: RowLedger


def encode_tasks(labels: Any) -> tuple[Codes, tuple[object, ...]]:
    """Codes (n,), -1 where missing, and the labels they stand for.

    Order: the categories of a categorical (unused ones left out), else sorted, else as they appear.
    """
    column = read_labels(labels)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
        return column.cat.codes.to_numpy().astype(np.intp), tuple(column.cat.categories.tolist())
    codes, found = pd.factorize(column)
    names = list(found.tolist())
    try:
        order = sorted(range(len(names)), key=names.__getitem__)
    except TypeError:
        order = list(range(len(names)))
    rank = np.full(len(names) + 1, -1, np.intp)
    rank[order] = np.arange(len(names))
    return rank[codes], tuple(names[i] for i in order)


def plan_rows(
    n: int, gaps: Mapping[str, Bools], missing: Missing, codes: Codes | None, labels: Sequence[object]
) -> RowPlan:
    """Drop the rows with gaps (or raise) and put the rows of each task side by side.

    Parameters
    ----------
    n : int
        Rows in the user's data.
    gaps : mapping of reason to (n,) bool
        True where a row lacks what the reason names.
    missing : {"raise", "drop"}
    codes : (n,) int or None
        Task of each row; None when all rows belong to every task.
    labels : sequence
        Labels of the tasks; ``labels[c]`` for code c.
    """
    gone = np.zeros(n, bool)
    for mask in gaps.values():
        gone |= mask
    reasons = tuple((name, int(mask.sum())) for name, mask in gaps.items() if mask.any())
    if reasons and missing == "raise":
        raise DataError(
            f"Missing values in {int(gone.sum())} of {n} rows: {list_counts(reasons)}. "
            'Fill them in, or use missing="drop" to leave these rows out.'
        )
    kept = np.flatnonzero(~gone)
    if not len(kept):
        raise DataError(f"No complete row is left of {n}: {list_counts(reasons)}.")
    if codes is None:
        whole = tuple(slice(0, len(kept)) for _ in labels)
        return RowPlan(kept, whole, tuple(labels), RowLedger(n, len(kept), reasons, (), np.flatnonzero(gone)))
    counts = np.bincount(codes[kept], minlength=len(labels))
    given = np.bincount(codes[codes >= 0], minlength=len(labels))
    tasks = tuple((name, int(a), int(b)) for name, a, b in zip(labels, given, counts, strict=True))
    ledger = RowLedger(n, len(kept), reasons, tasks, np.flatnonzero(gone))
    positions, slices = _group(kept, codes[kept], len(labels))
    present = [c for c in range(len(labels)) if counts[c]]
    return RowPlan(positions, tuple(slices[c] for c in present), tuple(labels[c] for c in present), ledger)


def _group(kept: Codes, codes: Codes, n_tasks: int) -> tuple[Codes, list[slice]]:
    """Rows sorted stably by task, unless each task's rows are side by side already."""
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    if len(np.unique(codes[starts])) < len(starts):
        order = np.argsort(codes, kind="stable")
        kept, codes = kept[order], codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
    slices = [slice(0, 0)] * n_tasks
    for start, stop in zip(starts, [*starts[1:], len(codes)], strict=True):
        slices[codes[start]] = slice(int(start), int(stop))
    return kept, slices


def check_weights(weights: Any, n: int, name: str) -> Floats:
    """(n,) float weights, NaN where missing; `DataError` for a wrong length, negative or infinite ones."""
    if np.ndim(weights) > 1:
        raise DataError(
            f"The weights ({name}) have shape {np.shape(weights)}, but a weight is of a row: give {n} of them. An "
            "outcome that is missing in a row is NaN in y."
        )
    try:
        values = np.asarray(read_labels(weights).to_numpy(np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise DataError(f"The weights ({name}) must be numbers.") from None
    if len(values) != n:
        raise DataError(f"There are {len(values)} weights for {n} rows.")
    if np.isinf(values).any():
        raise DataError(f"The weights ({name}) are infinite in {int(np.isinf(values).sum())} rows.")
    if (values < 0).any():
        raise DataError(f"The weights ({name}) are negative in {int((values < 0).sum())} rows; they must be >= 0.")
    return values


def split_outcomes(
    Y: Floats, names: Sequence[str], weights: Floats | None, plan: RowPlan, multi_label: bool
) -> tuple[tuple[Floats, ...], tuple[Floats | None, ...]]:
    """Outcome and weights of each task; a missing cell of a multi-label outcome is 0 with weight 0."""
    ys: list[Floats] = []
    ws: list[Floats | None] = []
    for k, rows in enumerate(plan.slices):
        at = plan.positions[rows]
        y = Y[at, k if multi_label else 0]
        w = None if weights is None else weights[at]
        seen = ~np.isnan(y)
        if not seen.all():
            w, y = (seen * 1.0 if w is None else seen * w), np.where(seen, y, 0.0)
        if w is not None and not w.any():
            what = f"Outcome '{names[k]}'" if multi_label else f"Task {plan.tasks[k]!r}"
            raise DataError(f"{what} has no row with a value and a positive weight; leave it out.")
        ys.append(np.ascontiguousarray(y))
        ws.append(w)
    return tuple(ys), tuple(ws)
