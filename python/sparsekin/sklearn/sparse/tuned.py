"""Settings of `SparseMTL` chosen by its own cross-validation."""

from __future__ import annotations

from typing import Self

from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.sklearn.base import Rows
from sparsekin.sklearn.sparse.base import SparseBase
from sparsekin.sklearn.tuned import folds_of, own_words, rng_of


class SparseTuned(SparseBase):
    """An estimator that chooses its settings."""

    cv_: CVResults
    _new_task = ("raise", "mean", "pooled", "stack")

    def _take_tuned(self, model: SparseMTL, rows: Rows) -> Self:
        """Keep the cross-validation, and the fit it chooses."""
        with own_words():
            self.cv_ = model.cross_validate(
                self.s, self.lambda_1, self.lambda_2, self.lambda_z, self.support, self.task_weights,
                folds=folds_of(self.cv), groups=rows.groups, metric=self.metric, effort=self.effort, n_jobs=self.n_jobs,
                rng=rng_of(self.random_state),
            )  # fmt: skip
            found = self.cv_.refit(self.choose)
        return self._take(found, rows)
