"""From what the user has to what a solver sees: `prepare_frame` for a formula, `prepare_arrays` for arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

import numpy as np
import pandas as pd

from sparsekin.data.arrays import as_matrix, gaps_by_column, is_frame, take_rows
from sparsekin.data.blocks import Bools, Floats, Matrix, TaskBlocks
from sparsekin.data.columns import missing_in
from sparsekin.data.design import Design, as_names, check_names, default_names
from sparsekin.data.formula import FormulaParts, column_name, columns_of, read_formula
from sparsekin.data.frame import RowLedger, to_pandas
from sparsekin.data.keep import keep_array
from sparsekin.data.outcomes import NOTHING_SAID, Said, outcome_array, outcomes_of, said_of
from sparsekin.data.prepare_stored import check_found, check_row_names, no_names
from sparsekin.data.reader import common_index
from sparsekin.data.recipe import Recipe, learn_recipe
from sparsekin.data.rows import Codes, RowPlan, check_weights, encode_tasks, plan_rows, split_outcomes
from sparsekin.data.sources.base import Columns
from sparsekin.data.sources.stored import Stored, moments_of_tasks
from sparsekin.data.spare import NOTHING, Spare, check_group_name, spare_of
from sparsekin.data.swaps import check_arrays, check_formula
from sparsekin.data.text import warn_of_text
from sparsekin.data.whole import check_one_meaning, check_size, encode_array
from sparsekin.options import Missing, check_option


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Data ready for a solver, and the way back to the user's rows.

    ============= =========== ====================================================================
    field         shape       meaning
    ============= =========== ====================================================================
    blocks        TaskBlocks  numbers cut into tasks
    design        Design      how the columns are made, for new data
    ledger        RowLedger   which rows left, and why
    row_positions (N,) int    0-based position in the user's data of each row of ``blocks.X``
    index         n_given     pandas Index of the user's frame; a RangeIndex for arrays
    labelled      bool        whether the user's rows had that index: vectors given later must have it too
    spare         Spare       columns of the user's frame that are no part of the model
    said          Said        what the formula says of outcomes beside their numbers
    ============= =========== ====================================================================
    """

    blocks: TaskBlocks
    design: Design
    ledger: RowLedger
    row_positions: Codes
    index: pd.Index
    labelled: bool = False
    spare: Spare = NOTHING
    said: Said = NOTHING_SAID


def prepare_frame(
    formula: str,
    data: Any,
    *,
    task: str | None = None,
    keep: Sequence[str] = (),
    weights: Any = None,
    groups: str | None = None,
    missing: Missing = "raise",
    levels: Mapping[str, Sequence[Any]] | None = None,
    recipe: Recipe | None = None,
    calls: bool = False,
) -> Prepared:
    """Read a formula on a data frame and cut its rows into tasks.

    Parameters
    ----------
    formula : str
        ``"y ~ x1 + x2"``; ``.`` is all columns but outcomes, task, weights and groups. Several
        outcomes, ``"y1 + y2 ~ ."``, are the multi-label case: they share one X and may each be missing.
    data : data frame
        pandas, polars, pyarrow, anything narwhals reads, or a dict of arrays. Never changed.
    task : str, optional
        Column that says to which task a row belongs, of any type. None: one task.
    keep : sequence of str
        Terms or columns that are always in; added to the formula when it does not have them.
    weights : str or array of shape (n,), optional
        Observation weights >= 0; a row of weight 0 does not count.
    groups : str, optional
        Column that says which rows belong together, for cross-validation; `.` leaves it out.
    missing : {"raise", "drop"}
    levels : dict of column to levels, optional
        Levels of text columns, in order, the first being the reference; by default those the rows have, sorted.
    recipe : Recipe, optional
        How the columns are made, when these rows are a part of more; by default it is learned from these rows.
    calls : bool
        Outcomes may be Surv() and cbind(), and there may be offset() and strata(), for who reads `Prepared.said`.

    Returns
    -------
    Prepared

    Raises
    ------
    FormulaError
        If the formula cannot be read or names unknown columns.
    DataError
        If values are missing under ``missing="raise"``, infinite, or of a type that cannot be used.

    Warns
    -----
    DataWarning
        Text of which nearly all values are numbers, or that has more levels than a quarter of the rows.

    Examples
    --------
    >>> data = {"y": [1.0, 2.0, 3.0, 5.0], "x": [0.0, 1.0, 2.0, 3.0], "site": ["a", "b", "a", "b"]}
    >>> prepared = prepare_frame("y ~ x", data, task="site")
    >>> prepared.blocks.task_names, prepared.row_positions
    (('a', 'b'), array([0, 2, 1, 3]))
    """
    check_formula(formula, data)
    frame = to_pandas(data)
    index = common_index({"the data": data, "weights": weights})
    task = column_name("task", task)
    column = weights if isinstance(weights, str) else None
    kept, groups = (keep,) if isinstance(keep, str) else keep, check_group_name(groups)
    parts = read_formula(formula, list(frame.columns), task, column, kept, groups, calls)
    return prepare_parts(parts, frame, index, task, weights, missing, levels, recipe, groups)


def prepare_parts(
    parts: FormulaParts,
    frame: pd.DataFrame,
    index: pd.Index | None,
    task: str | None,
    weights: Any = None,
    missing: Missing = "raise",
    levels: Mapping[str, Sequence[Any]] | None = None,
    recipe: Recipe | None = None,
    groups: str | None = None,
) -> Prepared:
    """The same for a formula that has been read on the columns of the frame."""
    check_option("missing", missing, get_args(Missing))
    column = weights if isinstance(weights, str) else None
    multi_label = len(parts.outcomes) > 1
    check_one_meaning(multi_label, task)
    Y, names = outcomes_of(frame, parts.outcomes)
    read = columns_of([*parts.terms, *parts.offsets, *parts.strata], set(frame.columns))
    gaps = missing_in(frame, [name for name in frame.columns if name in read])
    codes, labels = encode_tasks(frame[task]) if task is not None else (None, names)
    w = None
    if weights is not None:
        w = check_weights(frame[column] if column else weights, len(frame), column or "weights")
    plan = _plan(Y, names, gaps, codes, labels, w, missing, task or "task", column or "weights")
    if recipe is None:
        recipe = learn_recipe(frame, parts, np.sort(plan.positions), levels)
        warn_of_text(frame, recipe, parts.terms, plan.positions, levels or ())
    made = recipe.make(frame, plan.positions)
    p = recipe.n_features
    features, kept = recipe.names[:p], recipe.names[p:]
    design = Design(parts.text, names, task, plan.tasks, features, kept, column, multi_label, parts.intercept, recipe)
    known = set(frame.columns)
    spare = spare_of(frame, read | columns_of(parts.outcomes, known), groups)
    return replace(_assemble(made[:, :p], made[:, p:], Y, w, plan, design, index, spare), said=said_of(frame, parts))


def prepare_arrays(
    y: Any,
    X: Any,
    task: Any = None,
    *,
    keep: Any = None,
    weights: Any = None,
    feature_names: Sequence[str] | None = None,
    missing: Missing = "raise",
    intercept: bool = True,
    own: bool = True,
) -> Prepared:
    """Cut arrays into tasks.

    Parameters
    ----------
    y : array of shape (n,) or (n, K)
        Outcome; K columns are K outcomes that share X (multi-label), each of which may be missing (NaN).
    X : array, scipy.sparse matrix or frame of numbers, shape (n, p)
        Copied once, so that a fit does not change when the user's array does; sparse input becomes a ``csc_array``.
    task : array of n labels, optional
    keep : array or frame of shape (n, q), or names of columns of X, optional
        Columns that are always in. Named columns are moved out of X, which copies it.
    weights : array of shape (n,), optional
    feature_names : p names, optional
        Default: the columns of a frame, or x1, x2, ...
    missing : {"raise", "drop"}
    intercept : bool
    own : bool
        False: X is used where it is, when it is Fortran-ordered float64 and the rows of each task are side by side;
        for who does not keep it.

    Returns
    -------
    Prepared

    Raises
    ------
    DataError
        If shapes or row labels do not agree, two columns have one name, or values are missing under
        ``missing="raise"``, infinite or not numbers.

    Examples
    --------
    >>> X = np.asfortranarray(np.eye(4))
    >>> prepared = prepare_arrays(np.arange(4.0), X, ["a", "a", "b", "b"])
    >>> prepared.blocks.rows
    (slice(0, 2, None), slice(2, 4, None))
    """
    check_option("missing", missing, get_args(Missing))
    if isinstance(X, Columns):
        return _prepare_stored(y, X, task, keep, weights, feature_names, missing, intercept)
    check_arrays(y, X)
    columns = to_pandas(X).columns if is_frame(X) else None
    index = common_index({"X": X, "y": y, "task": task, "keep": keep, "weights": weights})
    matrix = as_matrix(X, "X", fortran=False)
    n, p = matrix.shape
    if feature_names is None:
        feature_names = default_names("x", p) if columns is None else list(columns)
    names = as_names(feature_names, p, "feature names")
    check_size(n, p)
    Y, outcomes = outcome_array(y, n)
    multi_label = Y.shape[1] > 1
    check_one_meaning(multi_label, None if task is None else "task")
    kept, keep_names, keep_at = keep_array(keep, matrix, names, n)
    gaps = gaps_by_column(matrix, "X", names)
    if not keep_at:
        gaps |= gaps_by_column(kept, "keep", keep_names)
    codes, labels = (None, outcomes) if task is None else encode_array(task, n)
    w = None if weights is None else check_weights(weights, n, "weights")
    plan = _plan(Y, outcomes, gaps, codes, labels, w, missing, "task", "weights")
    if keep_at:
        rest = np.delete(np.arange(p), keep_at)
        matrix, names = matrix[:, rest], tuple(names[j] for j in rest)
    design = Design(
        None, outcomes, None if task is None else "task", plan.tasks, names, keep_names, None, multi_label, intercept,
        keep_at=keep_at,
    )  # fmt: skip
    chosen, kept = (take_rows(part, plan.positions, own) for part in (matrix, kept))
    return _assemble(chosen, kept, Y, w, plan, design, index)


def _prepare_stored(
    y: Any, X: Columns, task: Any, keep: Any, weights: Any, feature_names: Sequence[str] | None, missing: Missing,
    intercept: bool,
) -> Prepared:  # fmt: skip
    """`prepare_arrays` of columns on disk: one pass, which gathers moments over the rows of each task."""
    index = common_index({"y": y, "task": task, "keep": keep, "weights": weights})
    check_row_names(X, index)
    n, p = X.shape
    names = X.names if feature_names is None else as_names(feature_names, p, "feature names")
    check_size(n, p)
    Y, outcomes = outcome_array(y, n)
    multi_label = Y.shape[1] > 1
    check_one_meaning(multi_label, None if task is None else "task")
    kept, keep_names, _ = keep_array(no_names(keep), np.empty((n, 0)), (), n)
    gaps = gaps_by_column(kept, "keep", keep_names)
    codes, labels = (None, outcomes) if task is None else encode_array(task, n)
    w = None if weights is None else check_weights(weights, n, "weights")
    while True:
        plan = _plan(Y, outcomes, gaps, codes, labels, w, missing, "task", "weights")
        design = Design(
            None, outcomes, None if task is None else "task", plan.tasks, names, keep_names, None, multi_label,
            intercept,
        )  # fmt: skip
        stored = Stored.of(X, plan.positions)
        found = _assemble(cast(Matrix, stored), take_rows(kept, plan.positions, True), Y, w, plan, design, index)
        gone = check_found(moments_of_tasks(found.blocks), names, plan, missing == "drop")
        if gone is None:
            return found
        gaps = gaps | {"X": np.zeros(n, bool)}
        gaps["X"][plan.positions[gone]] = True


def _assemble(
    X: Matrix, keep: Floats, Y: Floats, w: Floats | None, plan: RowPlan, design: Design, index: pd.Index | None,
    spare: Spare = NOTHING,
) -> Prepared:  # fmt: skip
    check_names(design)
    ys, ws = split_outcomes(Y, design.outcomes, w, plan, design.multi_label)
    blocks = TaskBlocks(
        X, ys, plan.slices, ws, keep, plan.tasks, design.feature_names, design.keep_names, design.multi_label,
        design.intercept,
    )  # fmt: skip
    ledger = plan.ledger
    if not ledger.tasks:
        seen = (~np.isnan(Y[plan.positions])).sum(axis=0)
        tasks = tuple((name, ledger.n_given, int(count)) for name, count in zip(plan.tasks, seen, strict=True))
        ledger = RowLedger(ledger.n_given, ledger.n_kept, ledger.reasons, tasks, ledger.dropped)
    rows = pd.RangeIndex(len(Y)) if index is None else index
    return Prepared(blocks, design, ledger, plan.positions, rows, index is not None, spare)


def _plan(
    Y: Floats,
    outcomes: Sequence[str],
    gaps: dict[str, Bools],
    codes: Codes | None,
    labels: Sequence[object],
    w: Floats | None,
    missing: Missing,
    task: str,
    weights: str,
) -> RowPlan:
    """Find the rows that have an outcome, a task, a weight and every covariate."""
    unseen: Bools = np.asarray(np.isnan(Y).all(axis=1))
    found: dict[str, Bools] = {outcomes[0] if len(outcomes) == 1 else "all outcomes": unseen}
    if codes is not None:
        found[task] = codes < 0
    if w is not None:
        found[weights] = np.isnan(w)
    return plan_rows(len(Y), found | gaps, missing, codes, labels)
