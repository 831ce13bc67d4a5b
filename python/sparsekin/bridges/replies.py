"""What R is told about a result: names, numbers and tables, from which it builds an object of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsekin.models.results import SparseResults
from sparsekin.results.homogeneity import Homogeneity
from sparsekin.results.ranking import rank_features

Reply = dict[str, Any]


def fit(found: SparseResults) -> Reply:
    """Everything an R fit holds besides what R itself sent."""
    solution = found.solution
    return {
        "tasks": [str(task) for task in found.blocks.task_names],
        "intercept": solution.intercept,
        "coef": solution.coef,
        "coef_standardized": solution.coef_standardized,
        "keep_coef": solution.keep_coef,
        "support": solution.support.astype(float),
        "ranked": rank_features(solution.support, solution.coef_standardized) + 1,
        "s": found.s,
        "fitted": np.asarray(found.fittedvalues, float).reshape(found.nobs, -1),
        "task_fit": found.task_fit.reset_index(drop=True),
        "homogeneity": homogeneity(found.homogeneity),
        "constant": {str(task): columns for task, columns in found.constant_columns.items()},
        "iterations": solution.iterations,
        "glance": found.glance(),
    }


def homogeneity(alike: Homogeneity) -> Reply:
    """Sizes, similarities and what they would be by chance."""
    return {
        "sizes": alike.sizes,
        "core": list(alike.core),
        "union": list(alike.union),
        **{name: getattr(alike, name).to_numpy(float) for name in ("shared", "jaccard", "overlap", "chance_shared")},
        **{
            name: getattr(alike, name)
            for name in ("mean_jaccard", "mean_overlap", "chance_jaccard", "chance_overlap")
        },
    }
