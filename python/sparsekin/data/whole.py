"""Checks of what was given as a whole: shapes, and that tasks have one meaning."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsekin.data.rows import Codes, encode_tasks
from sparsekin.errors import DataError, FormulaError


def check_one_meaning(multi_label: bool, task: str | None) -> None:
    """Refuse a task column beside several outcomes."""
    if multi_label and task is not None:
        raise FormulaError(
            f"Several outcomes are tasks of their own, so there cannot be a task column ('{task}') as well; "
            "fit one outcome by task, or several outcomes without a task."
        )


def check_size(n: int, p: int) -> None:
    """Refuse an X without rows or columns."""
    if n == 0:
        raise DataError("X has no rows.")
    if p == 0:
        raise DataError("X has no columns.")


def encode_array(task: Any, n: int) -> tuple[Codes, tuple[object, ...]]:
    """Codes (n,) and labels of the tasks of n rows."""
    if isinstance(task, str):
        raise DataError(f"task = {task!r} is a name; names of columns are for from_formula, here give the labels.")
    if np.ndim(task) != 1 or len(task) != n:
        raise DataError(f"task must have one label for each of the {n} rows of X; it has shape {np.shape(task)}.")
    return encode_tasks(task)
