"""Always-in columns that come as an array, or as names of columns of X."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparsekin.data.arrays import as_matrix, is_frame
from sparsekin.data.blocks import Floats, Matrix
from sparsekin.data.design import as_names, default_names
from sparsekin.data.frame import suggest, to_pandas
from sparsekin.data.reader import read_array
from sparsekin.errors import DataError


def keep_array(keep: Any, X: Matrix, names: tuple[str, ...], n: int) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    """Always-in columns (n, q), their names, and their positions in X where they were named out of it."""
    if keep is None or (isinstance(keep, Sequence) and len(keep) == 0):
        return np.empty((n, 0)), (), ()
    if isinstance(keep, str) or (isinstance(keep, Sequence) and all(isinstance(name, str) for name in keep)):
        wanted = dict.fromkeys([keep] if isinstance(keep, str) else keep)
        for name in wanted:
            if name not in names:
                raise DataError(f"keep names '{name}', which is no column of X. {suggest(name, names)}")
        at = tuple(names.index(name) for name in wanted)
        if len(at) == len(names):
            raise DataError("keep names every column of X; there is none left to select from.")
        part = X[:, list(at)]
        return np.asarray(part if isinstance(part, np.ndarray) else part.toarray()), tuple(wanted), at
    columns = to_pandas(keep).columns if is_frame(keep) else None
    kept = as_matrix(keep if columns is not None or np.ndim(keep) != 1 else read_array(keep)[:, None], "keep")
    kept = kept if isinstance(kept, np.ndarray) else kept.toarray()
    if len(kept) != n:
        raise DataError(f"keep has {len(kept)} rows, X has {n}.")
    chosen = default_names("keep", kept.shape[1]) if columns is None else list(columns)
    return kept, as_names(chosen, kept.shape[1], "keep names"), ()
