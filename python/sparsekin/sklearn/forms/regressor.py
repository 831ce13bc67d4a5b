"""`MixedForms` as a scikit-learn regressor and transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import ClassNamePrefixFeaturesOutMixin, RegressorMixin, TransformerMixin
from sklearn.utils import Tags

from sparsekin.data.blocks import Bools, Floats, Matrix
from sparsekin.forms.solve import Algorithm
from sparsekin.models.forms.model import MixedForms
from sparsekin.models.forms.results import FormsResults
from sparsekin.sklearn.base import Labels, Rows, TaskEstimator


class MixedFormsRegressor(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RegressorMixin, TaskEstimator):
    """Linear mixed forms as a scikit-learn regressor of several outcomes, and transformer to latent codes.

    The numbers are those of `sparsekin.MixedForms`; its results are kept as `result_`. Missing cells of X (NaN) are
    unknowns of the fit, and left out of account in new rows.

    Parameters
    ----------
    task : str or int, optional
        Column of X that says which task a row belongs to, by name or position: a random effect for each, unless `z` is
        given. Rows of tasks that the fit has not seen are predicted at population level.
    z : sequence of str or int
        Columns of X that are the random-effect data Z, by name or position.
    d, algorithm, ridge, l1, orthogonal, starts, max_sweeps, tolerance
        As for `MixedForms.fit`.

    Attributes
    ----------
    result_ : FormsResults
        The fit: ``result_.summary()``, ``result_.impute()``, ``result_.translate(new)``.
    tasks_ : array of shape (K,)
        Labels of the tasks; with `task` only.
    n_features_in_ : int
        Columns of X, those of tasks and Z too.
    feature_names_in_ : array of shape (n_features_in_,)
        With a frame only.

    Raises
    ------
    DataError, OptionError
        In `fit` as for `MixedForms`; a column that a parameter names is not in X.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin.sklearn import MixedFormsRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 2)) @ rng.standard_normal((2, 6)) + 0.1 * rng.standard_normal((100, 6))
    >>> y = X[:, :3] + 0.1 * rng.standard_normal((100, 3))
    >>> fit = MixedFormsRegressor(d=2).fit(X, y)
    >>> fit.transform(X).shape, round(fit.score(X, y), 2)
    ((100, 2), 0.99)
    """

    result_: FormsResults
    _allow_nan = True
    _new_task = ()

    def __init__(
        self,
        task: str | int | None = None,
        *,
        z: Sequence[str | int] = (),
        d: int = 1,
        algorithm: Algorithm = "als",
        ridge: float = 1.0,
        l1: float = 0.0,
        orthogonal: bool = False,
        starts: int = 3,
        max_sweeps: int = 2000,
        tolerance: float = 1e-8,
    ) -> None:
        self.task = task
        self.z = z
        self.d = d
        self.algorithm = algorithm
        self.ridge = ridge
        self.l1 = l1
        self.orthogonal = orthogonal
        self.starts = starts
        self.max_sweeps = max_sweeps
        self.tolerance = tolerance

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Fit d latent dimensions.

        Parameters
        ----------
        X : frame, array or scipy.sparse matrix of shape (n, n_features_in_)
        y : array of shape (n,) or (n, q)
        """
        rows, y = self._read(X, y, y_numeric=True, multi_output=True)
        fixed, random = self._tables(rows)
        result = MixedForms(y, fixed, random, rows.task).fit(
            self.d, algorithm=self.algorithm, ridge=self.ridge, l1=self.l1, orthogonal=self.orthogonal,
            starts=self.starts, max_sweeps=self.max_sweeps, tolerance=self.tolerance,
        )  # fmt: skip
        self._several = y.ndim == 2
        self._codes = [
            f"{part}_{factor}"
            for part in (("fixed", "random") if result.design.names[2] else ("fixed",))
            for factor in result.factors
        ]
        return self._keep_fit(result)

    def predict(self, X: Any) -> Floats:
        """(n,) or (n, q) expected outcomes, given the task or Z of a row where the fit knows it."""
        new = self._new(X)
        expected = self.result_.predict(**new).to_numpy()
        return np.asarray(expected if self._several else expected[:, 0])

    def transform(self, X: Any) -> Floats:
        """(n, d) codes of rows by what X says of them; with tasks or Z (n, 2 d), those of X and those of Z."""
        new = self._new(X)
        return np.asarray(self.result_.transform(**new)[self._codes])

    def get_feature_names_out(self, input_features: Any = None) -> Labels:
        """Names of the codes: fixed_f1, ..., and with tasks or Z random_f1, ..."""
        super().get_feature_names_out(input_features)
        return np.array(self._codes, dtype=object)

    @property
    def _n_features_out(self) -> int:
        return len(self._codes)

    def _new(self, X: Any) -> dict[str, Any]:
        rows = self._read_new(X)
        fixed, random = self._tables(rows)
        return {"new": fixed, "Z": random, "task": rows.task if random is None else None}

    def _tables(self, rows: Rows) -> tuple[Any, Any]:
        """X without Z, and Z, if there is one."""
        inside = np.isin(rows.names, self._features("z", self.z, rows))
        return _table(rows, ~inside), (_table(rows, inside) if inside.any() else None)


def _table(rows: Rows, columns: Bools) -> pd.DataFrame | Matrix:
    """Some columns, with their names where they are no sparse matrix."""
    part = rows.X[:, columns]
    return pd.DataFrame(part, columns=np.array(rows.names)[columns]) if isinstance(part, np.ndarray) else part
