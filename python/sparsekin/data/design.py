"""The design of a fit: what its columns are called and how they are made again from new data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.arrays import as_matrix, finite_rows, is_frame, match_columns
from sparsekin.data.blocks import Bools, Floats, Matrix
from sparsekin.data.frame import to_pandas
from sparsekin.data.jsonable import decode, encode
from sparsekin.data.labels import find_labels
from sparsekin.data.reader import common_index, read_labels
from sparsekin.data.recipe import Recipe
from sparsekin.data.rows import Codes
from sparsekin.data.sources.base import Columns
from sparsekin.data.sources.stored import Stored
from sparsekin.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class NewRows:
    """New data in the columns of a fit, in the order of the user's rows.

    =========== ============ ====================================================================
    field       shape        meaning
    =========== ============ ====================================================================
    X           (n, p)       candidate columns; NaN in a row that is not complete
    keep        (n, q)       always-in columns; likewise
    task_codes  (n,) int     task of each row, -1 where the fit does not know it; 0 throughout when
                             the fit has one task, -1 throughout in the multi-label case
    task_labels n            the labels as given, None where missing or where there is no task column
    index       n            pandas Index of the new data
    complete    (n,) bool    no covariate is missing
    =========== ============ ====================================================================
    """

    X: Matrix
    keep: Floats
    task_codes: Codes
    task_labels: tuple[object, ...]
    index: pd.Index
    complete: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How the columns of a fit are made, and what they are called.

    ============= ============ ==================================================================
    field         shape        meaning
    ============= ============ ==================================================================
    formula       str or None  as written; None when the fit was given arrays
    outcomes      of str       one name, or K names in the multi-label case
    task          str or None  the task column
    task_names    K            labels of the tasks, or the outcomes in the multi-label case
    feature_names p            candidate columns
    keep_names    q            always-in columns
    weights       str or None  the weights column
    multi_label   bool         K outcomes share one X
    intercept     bool         every task has an intercept
    recipe        Recipe|None  how a frame becomes columns; None when the fit was given arrays
    keep_at       of int       arrays: positions in the user's X of columns moved to `keep`
    ============= ============ ==================================================================
    """

    formula: str | None
    outcomes: tuple[str, ...]
    task: str | None
    task_names: tuple[object, ...]
    feature_names: tuple[str, ...]
    keep_names: tuple[str, ...]
    weights: str | None
    multi_label: bool
    intercept: bool
    recipe: Recipe | None = None
    keep_at: tuple[int, ...] = ()

    @property
    def outcome(self) -> str:
        """The outcomes as on the left side of a formula."""
        return " + ".join(self.outcomes)

    def apply(self, new: Any, *, task: Any = None, keep: Any = None) -> NewRows:
        """Make the columns of the fit from new data by the same steps.

        Parameters
        ----------
        new : frame, or array of shape (n, p) when the fit was given arrays
        task : array of n labels, optional
            Only when the fit was given arrays; a frame has the task column itself (it may be absent).
        keep : array of shape (n, q), optional
            Only when the fit was given a `keep` array; by default the columns of a frame `new` by their names.

        Returns
        -------
        NewRows

        Raises
        ------
        DataError
            Missing columns, a factor level not seen when fitting, other types, values that are not finite.
        """
        if self.recipe is None:
            return self._apply_arrays(new, task, keep)
        frame = to_pandas(new)
        gaps = self.recipe.gaps(frame)
        complete = ~np.any(list(gaps.values()), axis=0) if gaps else np.ones(len(frame), bool)
        made = self.recipe.make(frame, np.flatnonzero(complete))
        if not complete.all():
            made = _spread(made, complete)
        p = len(self.feature_names)
        labels = frame[self.task] if self.task in frame.columns else None
        return NewRows(made[:, :p], made[:, p:], *self._code(labels, len(frame)), frame.index, complete)

    def _apply_arrays(self, new: Any, task: Any, keep: Any) -> NewRows:
        index = common_index({"the new rows": new, "task": task, "keep": keep})
        names = self._array_names()
        X: Any = (
            Stored.of(new) if isinstance(new, Columns) else as_matrix(match_columns(new, names), "X", fortran=False)
        )
        if X.shape[1] != len(names):
            raise DataError(f"X has {X.shape[1]} columns; the model was fitted with {len(names)}.")
        if self.keep_at:
            kept = _dense(X[:, list(self.keep_at)])
            X = X[:, np.delete(np.arange(len(names)), self.keep_at)]
        elif not self.keep_names:
            kept = np.empty((X.shape[0], 0))
        elif keep is None and not is_frame(new):
            raise DataError(f"The model has always-in columns; pass keep of shape (n, {len(self.keep_names)}).")
        else:
            kept = _dense(
                as_matrix(match_columns(new if keep is None else keep, self.keep_names), "keep", fortran=False)
            )
        if kept.shape != (X.shape[0], len(self.keep_names)):
            raise DataError(f"keep has shape {kept.shape}; expected {(X.shape[0], len(self.keep_names))}.")
        there = np.ones(len(X), bool) if isinstance(X, Stored) else finite_rows(X, "X", self.feature_names)
        complete = there & finite_rows(kept, "keep", self.keep_names)
        index = pd.RangeIndex(X.shape[0]) if index is None else index
        return NewRows(X, kept, *self._code(task, X.shape[0]), index, complete)

    def _array_names(self) -> tuple[str, ...]:
        """Columns of the X the user passes: the candidates, and among them the always-in columns named out of X."""
        names = list(self.feature_names)
        for at, name in sorted(zip(self.keep_at, self.keep_names, strict=False)):
            names.insert(at, name)
        return tuple(names)

    def _code(self, labels: Any, n: int) -> tuple[Codes, tuple[object, ...]]:
        if self.multi_label or (self.task is None):
            return np.full(n, -1 if self.multi_label else 0, np.intp), (None,) * n
        if labels is None:
            return np.full(n, -1, np.intp), (None,) * n
        column = read_labels(labels)
        if len(column) != n:
            raise DataError(f"task has {len(column)} labels for {n} rows.")
        given = tuple(None if gap else label for label, gap in zip(column.tolist(), column.isna(), strict=True))
        return find_labels(given, self.task_names), given

    def to_dict(self) -> dict[str, Any]:
        """Write the design as values JSON can hold."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["recipe"] = None if self.recipe is None else self.recipe.to_dict()
        encoded: dict[str, Any] = encode(plain)
        return encoded

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Design:
        """Rebuild the design `to_dict` described."""
        plain = decode(saved)
        recipe = plain.pop("recipe")
        return cls(**plain, recipe=None if recipe is None else Recipe(**recipe))


def _spread(made: Floats, complete: Bools) -> Floats:
    """Rows of `made` at the complete places, NaN elsewhere."""
    out = np.full((len(complete), made.shape[1]), np.nan, order="F")
    out[complete] = made
    return out


def _dense(X: Matrix) -> Floats:
    return np.asfortranarray(X if isinstance(X, np.ndarray) else X.toarray())


def default_names(stem: str, n: int) -> tuple[str, ...]:
    """x1, x2, ... xn."""
    return tuple(f"{stem}{j}" for j in range(1, n + 1))


def check_names(design: Design) -> None:
    """Refuse columns that would share a row of the tables of coefficients.

    Raises
    ------
    DataError
    """
    if twice := set(design.keep_names) & set(design.feature_names):
        raise DataError(
            f"A column of keep and a column of X are both called '{min(twice)}'; rename one of them, or name that "
            "of X in keep=[...], which moves it."
        )
    if design.intercept and "Intercept" in (*design.keep_names, *design.feature_names):
        raise DataError(
            "A column is called 'Intercept', as is the constant of every task in the tables of coefficients; rename "
            "it, or leave it out if it is the constant."
        )


def as_names(names: Sequence[object], n: int, what: str) -> tuple[str, ...]:
    """Check for n distinct text names, or a `DataError`."""
    texts = tuple(str(name) for name in names)
    if len(texts) != n:
        raise DataError(f"There are {len(texts)} {what} for {n} columns.")
    if len(set(texts)) < n:
        twice = next(name for i, name in enumerate(texts) if name in texts[:i])
        raise DataError(f"Two {what} are '{twice}'; give every column a name of its own.")
    return texts
