"""What sums over rows could give away that only the rows tell: columns of two values, and rows that stand alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.data.policy import Policy, check_cells
from sparsekin.errors import DataError

ALONE = 0.95  # leverage from which on a combination of columns is one row, nearly


def check_values(policy: Policy, values: Floats, names: Sequence[str], task: object) -> None:
    """Refuse columns (n, d) of which one, or a combination, stands for fewer rows than a cell needs.

    Columns of two values count rows whatever the values are. A combination that is 0 for all rows but one exists where
    its leverage is 1; from .95 on nearly.

    Raises
    ------
    DataError
        It names the task and the column.
    """
    said = "The rows have" if task is None else f"Task {task!r} has"
    n, d = values.shape
    two, ones = two_valued(values)
    check_cells(policy, two, ones.T.astype(float) @ ones, n, names, said)
    for j in np.flatnonzero(np.ptp(values, axis=0) > 0).tolist():
        _check_alone(values[:, [j]], [names[j]], said)
    if 2 * (d + 1) <= n:
        _check_alone(values, names, said)


def columns_of(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, d) the columns [keep, X] of task k, dense."""
    X = blocks.X_of(k)
    return np.column_stack([blocks.keep_of(k), X if isinstance(X, np.ndarray) else X.toarray()])


def two_valued(values: Floats) -> tuple[list[int], Bools]:
    """Places of the columns of two values (m of them), and (n, m) where they have the larger one."""
    low, high = values.min(axis=0), values.max(axis=0)
    two = np.flatnonzero((low < high) & np.all((values == low) | (values == high), axis=0))
    return two.tolist(), values[:, two] == high[two]


def leverages(values: Floats) -> Floats:
    """(n,) leverage of each row in columns (n, d) and a constant."""
    centred = values - values.mean(axis=0)
    sd = centred.std(axis=0)
    centred = centred[:, sd > 0] / sd[sd > 0]
    U, found, _ = np.linalg.svd(centred, full_matrices=False)
    U = U[:, found > 1e-8 * found.max(initial=0.0)]
    return np.asarray(1 / len(values) + np.sum(U**2, axis=1))


def _check_alone(values: Floats, names: Sequence[str], said: str) -> None:
    found = leverages(values)
    i = int(np.argmax(found))
    if found[i] <= ALONE:
        return
    spread = values.std(axis=0)
    far = np.abs(values[i] - values.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    raise DataError(
        f"{said} a row that sums of these columns give away: nearly all of "
        f"{'a combination of them' if len(names) > 1 else 'the variation'} is that row's, most of it in "
        f"'{names[int(np.argmax(far))]}'. Cut values off, or leave the column out."
    )
