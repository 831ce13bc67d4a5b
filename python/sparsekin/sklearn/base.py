"""Common ground of the scikit-learn estimators: what each column of X is for, and predictions task by task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from sparsekin.data.arrays import is_frame
from sparsekin.data.blocks import Floats, Ints, Matrix
from sparsekin.data.frame import list_names, suggest, to_pandas
from sparsekin.data.labels import find_labels
from sparsekin.errors import DataError
from sparsekin.options import check_option

Labels = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """X taken apart.

    ======== ================ ================================================================
    field    shape            meaning
    ======== ================ ================================================================
    X        (n, p)           numbers: columns of X that are features, always-in ones too
    at       (p,) int         their positions in X
    names    p                their names: those of the frame, or x0, x1, ... by position in X
    task     (n,) or None     labels of tasks
    groups   (n,) or None     which rows belong together
    weights  (n,) or None     how much each row counts
    ======== ================ ================================================================
    """

    X: Matrix
    at: Ints
    names: tuple[str, ...]
    task: Labels | None = None
    groups: Labels | None = None
    weights: Floats | None = None


class TaskEstimator(BaseEstimator):
    """An estimator one of whose columns may say which task a row belongs to."""

    task: str | int | None
    result_: Any
    tasks_: Labels
    _allow_nan = False
    _new_task: tuple[str, ...] = ("raise", "mean", "pooled")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self._allow_nan
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")

    def _read(self, X: Any, y: Any, sample_weight: Any = None, **options: Any) -> tuple[Rows, Labels]:
        """X and weights taken apart, and y, as `options` say; names and number of columns are remembered."""
        if self._new_task:
            check_option("new_task", self.new_task, self._new_task)
        X = _as_pandas(X)
        given, y = validate_data(
            self, X, y, dtype=None, accept_sparse="csc", ensure_all_finite=False, ensure_min_samples=2, **options
        )  # fmt: skip
        rows = self._take_apart(X, given)
        return (rows if sample_weight is None else replace(rows, weights=_weights(sample_weight, rows))), y

    def _read_new(self, X: Any) -> Rows:
        """New rows, whose columns must be those of the fit."""
        check_is_fitted(self)
        X = _as_pandas(X)
        given = validate_data(self, X, dtype=None, accept_sparse="csc", ensure_all_finite=False, reset=False)
        return self._take_apart(X, given)

    def _take_apart(self, X: Any, given: Any) -> Rows:
        roles = roles_of(self)
        at = np.delete(np.arange(given.shape[1]), list(roles.values()))
        if not len(at):
            raise DataError("X has no feature beside its column of tasks.")
        names = tuple(column_names(self)[at].tolist())
        return Rows(
            self._numbers(given[:, at] if roles else given, names),
            at,
            names,
            **{role: _column(X, given, place) for role, place in roles.items()},
        )

    def _numbers(self, given: Any, names: tuple[str, ...]) -> Matrix:
        """(n, p) as floats."""
        finite = "allow-nan" if self._allow_nan else True
        if given.dtype == object:
            for name, column in zip(names, given.T, strict=True):
                if any(isinstance(cell, str) for cell in column):
                    raise DataError(
                        f"Column {name!r} of X holds text. Encode it before (OneHotEncoder), or, if it says what task "
                        f"a row is of, give task={name!r}."
                    )
        return check_array(
            given, dtype=np.float64, accept_sparse="csc", ensure_all_finite=finite, input_name="X", estimator=self
        )

    def _features(self, role: str, columns: Any, rows: Rows) -> list[str]:
        """Names of the features that a parameter lists, by name or position in X."""
        listed = columns if isinstance(columns, Iterable) and not isinstance(columns, str) else [columns]
        places = [place_of(self, role, column) for column in listed]
        for column, place in zip(listed, places, strict=True):
            if place not in rows.at:
                raise DataError(f"{role} names {column!r}, which says what task or group a row is of.")
        return [str(column_names(self)[place]) for place in places]

    def _predict(self, X: Any, **options: Any) -> Floats:
        """(n,), or (n, K) where tasks are outcomes: each row by its task, rows of new tasks as `new_task` says."""
        rows = self._read_new(X)
        if rows.task is None:
            return np.asarray(self.result_.predict(rows.X, **options))
        labels = [None if pd.isna(label) else label for label in rows.task.tolist()]
        known = find_labels(labels, self.tasks_.tolist()) >= 0
        if known.all():
            return np.asarray(self.result_.predict(rows.X, task=rows.task, **options))
        if self.new_task == "raise":
            strangers = list(dict.fromkeys(np.asarray(labels, dtype=object)[~known].tolist()))
            raise DataError(
                f"The model was not fitted to task {list_names(strangers)} (it knows {list_names(self.tasks_)}); "
                "new_task='mean' predicts rows of new tasks by the mean of the task models."
            )
        out = np.array(self.result_.predict(rows.X, how=self.new_task, **options))
        if known.any():
            out[known] = self.result_.predict(rows.X[known], task=rows.task[known], **options)
        return out

    def _keep_fit(self, result: Any) -> Self:
        """Keep a fit, and the labels of its tasks."""
        self.result_ = result
        if self.task is not None:
            self.tasks_ = np.asarray(pd.Index(list(result.design.task_names), tupleize_cols=False).to_numpy())
        return self


def roles_of(estimator: BaseEstimator) -> dict[str, int]:
    """Positions in X of the columns of tasks and groups, those there are."""
    named = {role: getattr(estimator, role, None) for role in ("task", "groups")}
    return {role: place_of(estimator, role, column) for role, column in named.items() if column is not None}


def column_names(estimator: BaseEstimator) -> Labels:
    """(n_features_in_,) names of the columns of X; x0, x1, ... where they have none."""
    default = np.array([f"x{j}" for j in range(estimator.n_features_in_)], dtype=object)
    return np.asarray(getattr(estimator, "feature_names_in_", default))


def place_of(estimator: BaseEstimator, role: str, column: Any) -> int:
    """Position in X of the column that a parameter names.

    Raises
    ------
    DataError
    """
    n = estimator.n_features_in_
    if isinstance(column, str):
        if not hasattr(estimator, "feature_names_in_"):
            raise DataError(
                f"{role}={column!r} is a name, but the columns of X have none (X is an array, perhaps made by an "
                "earlier step of a pipeline). Give a position, or keep names with set_output(transform='pandas')."
            )
        names = estimator.feature_names_in_.tolist()
        if column not in names:
            raise DataError(f"{role}={column!r} is no column of X. {suggest(column, names)}")
        return int(names.index(column))
    if isinstance(column, bool | np.bool_) or not isinstance(column, Integral):
        raise DataError(f"{role}={column!r} must be the name or the position of a column of X, or None.")
    if not -n <= column < n:
        raise DataError(f"{role}={column!r} is no position in X, which has {n} columns.")
    return int(column) % n


def _weights(sample_weight: Any, rows: Rows) -> Floats:
    """(n,) weights of the rows."""
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (n := rows.X.shape[0],):
        raise DataError(f"sample_weight has shape {weights.shape}; give one weight for each of the {n} rows.")
    if not weights.any():
        raise DataError("All weights in sample_weight are zero; at least one row must count.")
    return np.asarray(weights)


def _as_pandas(X: Any) -> Any:
    """Frames of other libraries as pandas frames, whose names every version of scikit-learn reads."""
    return to_pandas(X) if is_frame(X) and not isinstance(X, pd.DataFrame) else X


def _column(X: Any, given: Any, place: int) -> Labels:
    """(n,) a column as the user gave it."""
    if is_frame(X):
        return np.asarray(X.iloc[:, place].to_numpy())
    part = given[:, [place]]
    return np.asarray(part if isinstance(part, np.ndarray) else part.toarray())[:, 0]
