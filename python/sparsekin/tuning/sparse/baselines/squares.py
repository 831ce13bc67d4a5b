"""Convex baselines of squared errors, under the names that those of other losses have too."""

from __future__ import annotations

from sparsekin.tuning.sparse.baselines.lasso import fit_lasso_per_task, fit_pooled_lasso
from sparsekin.tuning.sparse.baselines.pretrain import fit_pretrained
from sparsekin.tuning.sparse.baselines.ridge import fit_pooled_ridge, fit_ridge_per_task

__all__ = ["fit_lasso_per_task", "fit_pooled_lasso", "fit_pooled_ridge", "fit_pretrained", "fit_ridge_per_task"]
