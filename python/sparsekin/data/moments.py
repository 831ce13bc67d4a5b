"""Sufficient statistics of least squares: what a site can share instead of its rows. NumPy only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.files import as_saved, check_head, headed, read_npz, write_npz
from sparsekin.data.policy import Policy, both, check_rows, check_sums
from sparsekin.data.task_moments import TaskMoments, task_moments
from sparsekin.errors import DataError, OptionError, kind_of

_CELLS = 1 << 22  # cells of [keep, X, y] looked at in one piece
_NEGATIVE = 1e-9
_ARRAYS = ("rows", "weight", "shift", "offset")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Moments:
    """Moments of several tasks: all that least squares with any penalty needs to know of the rows.

    ============= =========== ==================================================================
    field         shape       meaning
    ============= =========== ==================================================================
    tasks         K labels    one per part; (None,) in the multi-label case
    parts         TaskMoments columns in the order keep, X, y
    feature_names p           names of the columns of X
    keep_names    q           names of the always-in columns
    outcomes      m           one name, or K in the multi-label case (one X, K outcomes)
    task          str or None the task column
    intercept     bool        every task has an unpenalised intercept
    formula       str or None as written; None when the columns were given as arrays
    recipe        str or None JSON: how the columns are made from a frame, for prediction
    keep_at       of int      arrays: positions in the user's X of columns moved to `keep`
    policy        Policy/None what they obeyed when they left a site; sums and differences obey the stricter one
    ============= =========== ==================================================================

    ``a + b`` adds sites, or chunks of one; ``a - b`` takes a part away again, such as a fold. Both need the same
    columns by the same names. What a policy would not let out, ``a - b`` refuses.

    Examples
    --------
    >>> from sparsekin import moments
    >>> north = moments.from_arrays([1.0, 2.0, 4.0], [[0.0], [1.0], [2.0]], ["north"] * 3)
    >>> south = moments.from_arrays([3.0, 5.0], [[1.0], [0.0]], ["south"] * 2)
    >>> north + south
    <Moments of y by task: 2 tasks, 5 rows, 1 feature>
    """

    tasks: tuple[object, ...]
    parts: tuple[TaskMoments, ...]
    feature_names: tuple[str, ...]
    keep_names: tuple[str, ...]
    outcomes: tuple[str, ...]
    task: str | None = None
    intercept: bool = True
    formula: str | None = None
    recipe: str | None = None
    keep_at: tuple[int, ...] = ()
    policy: Policy | None = None

    def __repr__(self) -> str:
        by = "" if self.task is None else f" by {self.task}"
        counts = [(len(self.parts), "task"), (self.nobs, "row"), (len(self.feature_names), "feature")]
        listed = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
        return f"<Moments of {' + '.join(self.outcomes)}{by}: {listed}>"

    @property
    def multi_label(self) -> bool:
        """Whether several outcomes share one X."""
        return len(self.outcomes) > 1

    @property
    def nobs(self) -> int:
        """Rows behind the moments."""
        return sum(part.rows for part in self.parts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The d columns of every part: always-in columns, features, outcomes."""
        return (*self.keep_names, *self.feature_names, *self.outcomes)

    def __add__(self, other: Moments) -> Moments:
        check_alike(self, other)
        found = dict(zip(self.tasks, self.parts, strict=True))
        for task, part in zip(other.tasks, other.parts, strict=True):
            found[task] = found[task] + part if task in found else part
        policy = both(self.policy, other.policy)
        return replace(self, tasks=tuple(found), parts=tuple(found.values()), policy=policy)

    def __sub__(self, other: Moments) -> Moments:
        """What is left without `other`; a task of which no row is left is left out.

        What is left is within 1e-6 of the moments of the rows that are left, or refused where `other` holds all but
        1e-9 of the variation of a column: a difference of sums has no digits for the rest. Where all but 1e-13 is taken
        away the column counts as constant in the rest, such as the indicator of a level that only `other` has, if its
        mean there is 0 or at least twice its standard deviation in the whole.
        """
        check_alike(self, other)
        found, policy = dict(zip(self.tasks, self.parts, strict=True)), both(self.policy, other.policy)
        for task, part in zip(other.tasks, other.parts, strict=True):
            if task not in found:
                raise DataError(f"Task {task!r} cannot be taken away: the moments have {_listed(self.tasks)}.")
            if found[task].rows == part.rows and part.equals(found[task]):
                del found[task]
                continue
            if policy is not None and found[task].rows > part.rows:
                check_rows(policy, found[task].rows - part.rows, task)
            found[task] = self._rest(task, found[task], part)
        if not found:
            raise DataError("No row is left when these moments are taken away.")
        rest = replace(self, tasks=tuple(found), parts=tuple(found.values()), policy=policy)
        if policy is not None:
            rest.check(policy)
        return rest

    def check(self, policy: Policy) -> None:
        """Raise `DataError` unless the policy lets these moments out; it names the task and column."""
        predictors = len(self.keep_names) + len(self.feature_names)
        for task, part in zip(self.tasks, self.parts, strict=True):
            check_sums(policy, part, self.columns, predictors, task)

    def _rest(self, task: object, whole: TaskMoments, part: TaskMoments) -> TaskMoments:
        name = "The moments" if task is None else f"Task {task!r}"
        if part.rows == whole.rows:
            raise DataError(
                f"{name}: what is taken away is not a part of it; it has the same {part.rows} rows but other moments."
            )
        if part.rows > whole.rows or part.weight >= whole.weight:
            raise DataError(
                f"{name}: {part.rows} rows (weight {part.weight:g}) cannot be taken away from {whole.rows} "
                f"(weight {whole.weight:g})."
            )
        rest = whole - part
        short = np.flatnonzero(np.diag(rest.cross) < -_NEGATIVE * np.diag(whole.cross))
        if len(short):
            raise DataError(
                f"{name}: what is taken away is not a part of it; the sum of squares of "
                f"'{self.columns[short[0]]}' would be negative."
            )
        if (lost := np.flatnonzero(whole.lost_in(rest))).size:
            raise DataError(
                f"{name}: nearly all variation of '{self.columns[lost[0]]}' is in what is taken away, so too few "
                "digits of the rest would be left; take the moments of the other rows instead."
            )
        return rest

    def save(self, path: str | os.PathLike[str], policy: Policy | None = None) -> None:
        """Write one .npz file named exactly `path`: arrays and JSON, no pickle; no rows of the data.

        Parameters
        ----------
        path : path
        policy : Policy, optional
            Limits that these moments must obey; the file has them, and so do the moments read from it. What was
            released before is known to a `sparsekin.federation.Site` alone, which also adds noise.

        Raises
        ------
        DataError
            A task label is neither text nor a number, or the policy does not let the moments out.
        OptionError
            The policy asks for noise.
        """
        if policy is not None:
            if policy.epsilon is not None:
                raise OptionError("Noise is added where the rows are: use sparsekin.federation.Site(...).release().")
            self.check(policy)
            return replace(self, policy=both(self.policy, policy)).save(path)
        lower = np.tril_indices(len(self.columns))
        arrays = {name: np.array([getattr(part, name) for part in self.parts]) for name in _ARRAYS}
        write_npz(path, _header(self), arrays | {"cross": np.array([part.cross[lower] for part in self.parts])})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Moments:
        """Read moments that `save` wrote. Nothing in the file is run: its formula can only call what formulas may call.

        Raises
        ------
        DataError
            The file holds no moments, or was written by a later version of sparsekin.
        """
        header, arrays = read_npz(path, "does not hold sparsekin moments")
        with as_saved(path):
            check_head(path, header, "Moments")
            d = arrays["shift"].shape[1]
            fields = ("tasks", "feature_names", "keep_names", "outcomes", "keep_at")
            names: dict[str, Any] = {name: tuple(header[name]) for name in fields}
            parts = tuple(
                TaskMoments(int(rows), float(weight), shift, offset, _unpack(cross, d))
                for *(rows, weight, shift, offset), cross in zip(
                    *(arrays[name] for name in _ARRAYS), arrays["cross"], strict=True
                )
            )
            rest = {name: header[name] for name in ("task", "intercept", "formula", "recipe")}
            rest["policy"] = None if header.get("policy") is None else Policy.from_dict(header["policy"])
        return cls(**names, parts=parts, **rest)


def moments_from_rows(
    blocks: TaskBlocks,
    *,
    outcome: str = "y",
    task: str | None = None,
    formula: str | None = None,
    recipe: str | None = None,
    keep_at: tuple[int, ...] = (),
) -> Moments:
    """Moments of blocks of rows.

    Parameters
    ----------
    blocks : TaskBlocks
        In the multi-label case every outcome must be complete.
    outcome, task, formula, recipe, keep_at
        As the fields of `Moments`; in the multi-label case the outcomes are the tasks of `blocks`.

    Raises
    ------
    DataError
        Outcomes of one X are missing in different rows, so they have no cross-products in common.
    """
    rest = (blocks.feature_names, blocks.keep_names)
    if not blocks.shared or blocks.n_tasks == 1:
        parts = tuple(_sum_up(_pieces(blocks, k, [k])) for k in range(blocks.n_tasks))
        return Moments(blocks.task_names, parts, *rest, (outcome,), task, blocks.intercept, formula, recipe, keep_at)
    first = blocks.weights[0]
    for k, w in enumerate(blocks.weights):
        if w is not first and (w is None or first is None or not np.array_equal(w, first)):
            names = f"{blocks.task_names[0]!r} and {blocks.task_names[k]!r}"
            raise DataError(
                f"Outcomes {names} are missing in different rows, so they cannot share moments; "
                "drop the rows that lack an outcome, or take the moments of each outcome alone."
            )
    part = _sum_up(_pieces(blocks, 0, range(blocks.n_tasks)))
    outcomes = tuple(str(name) for name in blocks.task_names)
    return Moments((None,), (part,), *rest, outcomes, None, blocks.intercept, formula, recipe, keep_at)


def check_alike(a: Moments, b: Moments) -> None:
    """Raise `DataError` naming the first difference between the columns of `a` and `b`."""
    pairs = [("outcome", a.outcomes, b.outcomes), ("feature", a.feature_names, b.feature_names)]
    for what, mine, other in [*pairs, ("always-in column", a.keep_names, b.keep_names)]:
        for i, (x, y) in enumerate(zip(mine, other, strict=False), start=1):
            if x != y:
                raise DataError(
                    f"These moments do not fit together: {what} {i} is '{x}' in one and '{y}' in the other."
                )
        if len(mine) != len(other):
            extra = max(mine, other, key=len)[min(len(mine), len(other))]
            raise DataError(
                f"These moments do not fit together: {len(mine)} and {len(other)} {what}s; only one has '{extra}'."
            )
    if (a.task, a.intercept) != (b.task, b.intercept):
        what, mine_is, other_is = "task column", str(a.task), str(b.task)
        if a.task == b.task:
            what, mine_is, other_is = "intercept", str(a.intercept), str(b.intercept)
        raise DataError(
            f"These moments do not fit together: the {what} is {mine_is!r} in one and {other_is!r} in the other."
        )
    if a.recipe != b.recipe:
        raise DataError(
            f"These moments do not fit together: '{a.formula}' and '{b.formula}' make columns of the same names in "
            "different ways; use the same formula and factor levels, and no term that learns from the rows of one site."
        )


def _sum_up(pieces: Iterator[TaskMoments]) -> TaskMoments:
    total = next(pieces)
    for piece in pieces:
        total = total + piece
    return total


def _pieces(blocks: TaskBlocks, k: int, outcomes: Sequence[int]) -> Iterator[TaskMoments]:
    """Moments of the rows of task k, some rows at a time."""
    X, keep, w = blocks.X_of(k), blocks.keep_of(k), blocks.weights[k]
    X = sparse.csr_array(X) if isinstance(X, sparse.sparray) else X
    counted = np.arange(X.shape[0]) if w is None else np.flatnonzero(w)
    size = max(1, _CELLS // (X.shape[1] + keep.shape[1] + len(outcomes)))
    for first in range(0, len(counted), size):
        chosen = counted[first : first + size]
        side_by_side = len(chosen) == chosen[-1] - chosen[0] + 1
        rows: Any = slice(int(chosen[0]), int(chosen[-1]) + 1) if side_by_side else chosen
        part = X[rows].toarray() if isinstance(X, sparse.sparray) else X[rows]
        y = np.column_stack([blocks.y[j][rows] for j in outcomes])
        yield task_moments(np.column_stack([keep[rows], part, y]), None if w is None else w[rows])


def _header(moments: Moments) -> dict[str, Any]:
    for task in moments.tasks:
        if not isinstance(task, str | int | float | bool | None):
            raise DataError(
                f"The task label {task!r} is {kind_of(task)}, which a moments file cannot hold; "
                "make the labels text or numbers."
            )
    names = ("tasks", "feature_names", "keep_names", "outcomes", "task", "intercept", "formula", "recipe", "keep_at")
    policy = {} if moments.policy is None else {"policy": moments.policy.to_dict()}
    return headed("Moments", {name: getattr(moments, name) for name in names} | policy)


def _unpack(lower: Floats, d: int) -> Floats:
    """(d, d) symmetric matrix from its lower triangle, row by row."""
    full = np.zeros((d, d))
    full[np.tril_indices(d)] = lower
    return np.asarray(full + np.tril(full, -1).T)


def _listed(tasks: Sequence[object]) -> str:
    shown = ", ".join(repr(task) for task in tasks[:8])
    return shown + (f" and {len(tasks) - 8} more" if len(tasks) > 8 else "")
