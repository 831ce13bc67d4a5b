"""Checks of what a fit is asked for, in the user's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.frame import list_names
from sparsekin.data.profile import unpenalised_basis
from sparsekin.data.reader import by_label
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.data.standardize import Standardization, standardize
from sparsekin.errors import DataError, OptionError
from sparsekin.l0.disk.screen import most_held
from sparsekin.l0.grid import Settings
from sparsekin.losses.tasks import weights_of
from sparsekin.options import SupportMode, TaskWeights
from sparsekin.tuning.folds import Folds, check_folds, training_rows

MOST_CELLS = 500_000_000  # numbers that a stack of outcomes or of intercepts may have

Sizes = int | Sequence[int] | Mapping[object, int]


def read_sizes(s: object, blocks: TaskBlocks) -> NDArray[np.int64]:
    """(K,) most features per task, at most p, from one number, one per task in order, or a dict by task.

    Raises
    ------
    OptionError
        A size is not a whole number >= 0, or the sizes do not match the tasks.
    """
    tasks = blocks.task_names
    s = by_label(s)
    if isinstance(s, Mapping):
        _check_keys(s, tasks)
        sizes = [s[task] for task in tasks]
    elif isinstance(s, str | bytes) or np.ndim(s) == 0:  # type: ignore[arg-type]
        sizes = [s] * len(tasks)
    else:
        sizes = list(s)  # type: ignore[call-overload]
        if len(sizes) != len(tasks):
            raise OptionError(f"s has {len(sizes)} values for {len(tasks)} tasks; give one number, or one per task.")
    for size in sizes:
        if isinstance(size, bool | np.bool_) or not isinstance(size, Integral) or size < 0:
            raise OptionError(f"s = {size!r} is not a whole number >= 0.")
    return np.minimum([int(size) for size in sizes], blocks.n_features).astype(np.int64)


def _check_keys(s: Mapping[object, object], tasks: Sequence[object]) -> None:
    unknown, absent = [key for key in s if key not in tasks], [task for task in tasks if task not in s]
    if unknown:
        raise OptionError(
            f"s names task {list_names(unknown)}, which the data do not have; they have {list_names(tasks)}."
        )
    if absent:
        raise OptionError(f"s has no value for task {list_names(absent)}; give one for every task.")


def check_sharing(
    support: SupportMode, sizes: NDArray[np.int64], tasks: Sequence[object], lambda_2: float, lambda_z: float
) -> None:
    """Refuse penalties and sizes that contradict the support mode or each other."""
    if support == "independent":
        for name, value in (("lambda_2", lambda_2), ("lambda_z", lambda_z)):
            if value > 0:
                raise OptionError(
                    f"support='independent' shares nothing between tasks, so {name} = {value:g} has no meaning; "
                    f"set {name}=0 or use support='heterogeneous'."
                )
    one = "support='common'" if support == "common" else "lambda_2 = inf" if lambda_2 == np.inf else ""
    if one and len(set(sizes.tolist())) > 1:
        listed = ", ".join(f"{size} for {task!r}" for task, size in list(zip(tasks, sizes, strict=True))[:4])
        raise OptionError(f"{one} selects the same features in every task, but s differs: {listed}; give one s.")


def check_room(blocks: TaskBlocks, s: int) -> None:
    """Refuse supports of columns on disk that memory has no room for.

    Raises
    ------
    OptionError
    """
    if not blocks.on_disk:
        return
    most = most_held(blocks.X.shape)
    if s > most // (2 * blocks.n_tasks) and most < blocks.n_features:
        raise OptionError(
            f"s = {s} needs more columns in memory than the {most} of {blocks.n_features} that there is room for at "
            f"{blocks.X.shape[0]} rows; use at most s = {most // (2 * blocks.n_tasks)}."
        )


def check_rows(blocks: TaskBlocks, sizes: NDArray[np.int64], lambda_1: float, pooled: bool = False) -> None:
    """Refuse a task, or tasks that are `pooled`, with too few rows for s coefficients besides unpenalised columns.

    With s >= p and a ridge penalty the problem has one solution whatever the number of rows, so it passes.
    """
    if pooled:
        return check_pooled_rows(blocks, int(sizes.max()), lambda_1, int(blocks.n_obs.sum()))
    n_obs, short = blocks.n_obs, []
    for k, s in enumerate(sizes.tolist()):
        if n_obs[k] - unpenalised_basis(blocks, k).shape[1] < s and not (s >= blocks.n_features and lambda_1 > 0):
            short.append(k)
    if short:
        raise DataError(_too_few_rows(blocks, short, sizes))


def check_pooled_rows(blocks: TaskBlocks, s: int, lambda_1: float, n: int, where: str = "") -> None:
    """Refuse one coefficient vector for all tasks where their n rows are too few, or too many to be stacked."""
    if blocks.shared:
        refuse_on_disk(blocks, "lambda_2 = inf of outcomes of one X", "Use a large finite lambda_2, such as 1e5.")
    if n - blocks.n_tasks * blocks.intercept - len(blocks.keep_names) < s and not (
        s >= blocks.n_features and lambda_1 > 0
    ):
        unpenalised = ["an intercept per task"] * blocks.intercept + ["the always-in terms"] * bool(blocks.keep_names)
        besides = f" besides {' and '.join(unpenalised)}" if unpenalised else ""
        raise DataError(f"With lambda_2 = inf all tasks together have {n} rows{where} but s = {s}{besides}; lower s.")
    cells, what = stacked_cells(blocks), "outcomes" if blocks.shared else "tasks"
    if cells > MOST_CELLS:
        raise DataError(
            f"lambda_2 = inf stacks rows and intercepts of {blocks.n_tasks} {what}: {cells * 8e-9:.1f} GB of numbers, "
            f"more than the {MOST_CELLS * 8e-9:.1f} GB allowed; use a large finite lambda_2, such as 1e5."
        )


def stacked_cells(blocks: TaskBlocks) -> int:
    """Numbers that the problem of one task holds besides those of the K tasks: X where outcomes share it, sites."""
    N = blocks.X.shape[0] * (blocks.n_tasks if blocks.shared else 1)
    stored = blocks.X.nnz if isinstance(blocks.X, sparse.sparray) else blocks.X.size
    return blocks.n_tasks * stored * blocks.shared + 2 * N * blocks.n_tasks * blocks.intercept


def _too_few_rows(blocks: TaskBlocks, short: list[int], sizes: NDArray[np.int64]) -> str:
    k, what = short[0], "outcome" if blocks.shared else "task"
    n, s, name = int(blocks.n_obs[k]), int(sizes[k]), blocks.task_names[k]
    rows = "1 complete row" if n == 1 else f"{n} complete rows"
    unpenalised = ["the intercept"] * blocks.intercept + ["the always-in terms"] * bool(blocks.keep_names)
    besides = "" if n < s else f" besides {' and '.join(unpenalised)}"
    others = [blocks.task_names[i] for i in short[1:]]
    more = f" The same holds for {list_names(others)}." if others else ""
    return f"{what.capitalize()} {name!r} has {rows} but s = {s}{besides}; lower s or drop the {what}.{more}"


def read_task_weights(task_weights: TaskWeights, blocks: TaskBlocks, pooled: bool) -> Floats:
    """(K,) w_k: 1 for "equal", n_k K / N for "rows"; "auto" is "rows" where lambda_2 = inf is asked for.

    Rows count by weights, and of successes and failures trials do.
    """
    if task_weights == "equal" or (task_weights == "auto" and not pooled):
        return np.ones(blocks.n_tasks)
    n = np.array([weights_of(blocks, k).sum() for k in range(blocks.n_tasks)])
    return np.asarray(n * blocks.n_tasks / n.sum())


def one_scale(standard: Standardization, blocks: TaskBlocks, pooled: bool) -> Standardization:
    """The divisors of the model, pooled ones where lambda_2 = inf is asked for: one vector, one scale."""
    if not pooled or blocks.shared or standard.mode != "within":
        return standard
    return standardize(blocks, "pooled", standard.scale_outcome)


def check_settings(blocks: TaskBlocks, settings: Settings, folds: Folds | None = None) -> None:
    """Raise `DataError` where the largest s of a grid is too much for a task, or for what folds leave of it."""
    if settings.tied.any():
        tied = settings.take(settings.tied)
        least, most = float(tied.lambda_1.min()), int(tied.s.max())
        for fold in range(-1, 0 if folds is None else folds.n_folds):
            where = "" if fold < 0 else f" outside fold {fold}"
            check_pooled_rows(blocks, most, least, training_rows(blocks, folds, fold), where)
        settings = settings.take(~settings.tied)
        if not len(settings):
            return
    largest = int(settings.s.max())
    check_rows(blocks, np.full(blocks.n_tasks, largest), float(settings.lambda_1.min()))
    if folds is not None and not (largest >= blocks.n_features and settings.lambda_1.min() > 0):
        check_folds(blocks, folds, largest)
