"""From outcomes and columns that stay on disk to what a solver sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools
from sparsekin.data.frame import list_names
from sparsekin.data.rows import RowPlan
from sparsekin.data.sources.base import Columns
from sparsekin.data.sources.moments import ColumnMoments
from sparsekin.errors import DataError


def check_row_names(source: Columns, index: pd.Index | None) -> None:
    """Refuse an outcome whose labels are others than those of the rows on disk; plain row numbers fit any.

    Raises
    ------
    DataError
    """
    names = getattr(source, "row_names", None)
    if names is None or index is None or isinstance(index, pd.RangeIndex):
        return
    labels = [str(label) for label in index]
    if labels == list(names):
        return
    at = next((i for i, (a, b) in enumerate(zip(labels, names, strict=False)) if a != b), min(len(labels), len(names)))
    shown = [one[at] if at < len(one) else "nothing" for one in (labels, names)]
    raise DataError(
        f"Row {at} of y is labelled '{shown[0]}', and row {at} of X on disk is '{shown[1]}'; put y into the order "
        "of the file, as in y.loc[list(X.row_names)]."
    )


def check_found(moments: ColumnMoments, names: Sequence[str], plan: RowPlan, drop: bool) -> Bools | None:
    """(N,) rows to drop for their gaps, None where there are none; an infinite value is refused.

    Raises
    ------
    DataError
        Values are infinite, or missing where rows are not to be dropped.
    """
    for j in np.flatnonzero(moments.infinite)[:1]:
        raise DataError(f"Column '{names[j]}' of X holds infinite values; only finite numbers can be used.")
    gaps = np.flatnonzero(moments.missing)
    if not len(gaps):
        return None
    n = int(moments.rows_missing.sum())
    if not drop:
        raise DataError(
            f"Missing values in {n} of {len(plan.positions)} rows and {len(gaps)} columns of X on disk: "
            f'{list_names(names[j] for j in gaps[:9])}. Open it with missing="mean" to put in the means of columns, or '
            'use SparseMTL(..., missing="drop") to leave these rows out.'
        )
    return moments.rows_missing


def no_names(keep: Any) -> Any:
    """`keep` where it is values.

    Raises
    ------
    DataError
        It names columns, which would have to leave X.
    """
    if isinstance(keep, str) or (isinstance(keep, Sequence) and len(keep) and all(isinstance(n, str) for n in keep)):
        named = list_names([keep] if isinstance(keep, str) else keep)
        raise DataError(
            f"keep names {named}, and the columns of X stay on disk; give values instead, as in keep=X.columns([...])."
        )
    return keep
