"""Linear mixed forms from the columns R has made: each function reads its arguments, calls one method, replies.

`model` holds the arguments of `MixedForms.from_formula`; R has made the columns of all three tables and names them in
the formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.models.forms.model import MixedForms
from sparsekin.models.forms.results import FormsResults
from sparsekin.report.forms.summary import reading_notes
from sparsekin.results.forms.fit import BLOCKS

Options = Mapping[str, Any]
Reply = dict[str, Any]


def fit(model: Options, options: Options) -> Reply:
    """`MixedForms.fit`."""
    return reply(MixedForms.from_formula(**model).fit(**options))


def cross_validate(model: Options, options: Options) -> Reply:
    """`MixedForms.cross_validate`: the table of errors and the two choices of d."""
    d = options["d"]
    dims = [int(one) for one in d] if isinstance(d, pd.Series) else [d]
    found = MixedForms.from_formula(**model).cross_validate(**{**options, "d": dims})
    return {"table": found.table, "best": found.errors.best, "best_1se": found.errors.best_1se}


def bootstrap(model: Options, options: Options, resampling: Options) -> Reply:
    """`FormsResults.bootstrap` of the fit these options give: its intervals."""
    found = MixedForms.from_formula(**model).fit(**options)
    return {"intervals": found.bootstrap(**resampling).intervals}


def reply(found: FormsResults) -> Reply:
    """Everything an R fit holds besides what R itself sent."""
    solution, shifts = found.solution, found.task_shifts
    return {
        "names": {block: list(names) for block, names in zip(BLOCKS, found.design.names, strict=True)},
        "tasks": [str(task) for task in found.design.task_names],
        "loadings": dict(zip(BLOCKS, solution.loadings, strict=True)),
        "center": {name: np.asarray(one.center) for name, one in zip(BLOCKS, found.problem.blocks, strict=True)},
        "scale": {name: np.asarray(one.scale) for name, one in zip(BLOCKS, found.problem.blocks, strict=True)},
        "codes_fixed": solution.codes_fixed,
        "codes_random": solution.codes_random,
        "basis": solution.basis,
        "noise": solution.noise,
        "column_noise": solution.column_noise,
        "trace": found.trace.astype({"sweep": int, "run": int}),
        "variance_explained": found.variance_explained.reset_index(),
        "residual_variance": found.residual_variance.to_numpy(),
        "implied_covariance": {name: part.to_numpy() for name, part in found.implied_covariance.items()},
        "implied_correlation": found.implied_correlation.to_numpy(),
        "task_shifts": None if shifts is None else shifts.to_numpy(),
        "adds_effects": solution.effects is not None,
        "slopes": solution.slopes,
        "level": solution.level,
        "n_starts": len(solution.starts),
        "notes": reading_notes(found),
        "codes_split": [part.to_numpy() for part in found.codes_split],
        "glance": found.glance(),
    }
