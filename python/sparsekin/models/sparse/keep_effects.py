"""Always-in terms by double selection, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, TaskBlocks
from sparsekin.data.random import make_generator
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import OptionError
from sparsekin.inference.keep import double_selection
from sparsekin.inference.tuned import TunedChoice
from sparsekin.l0.problem import make_problem
from sparsekin.options import check_level
from sparsekin.results.sparse.stability import ends_by_term
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.inner_folds import read_number
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from sparsekin.results.sparse.fit import SparseFit


def keep_intervals(fit: SparseFit, level: float, rng: Rng) -> pd.DataFrame:
    """The intervals of `keep_effects`, a row per term, columns (task, "lower") and (task, "upper")."""
    found = keep_effects(fit, level, 5, rng)
    return ends_by_term(fit.blocks.keep_names, fit.task_index, found[["conf_low", "conf_high"]].to_numpy())


def keep_effects(fit: SparseFit, level: float, folds: int, rng: Rng) -> pd.DataFrame:
    """See `SparseResults.double_selection`."""
    check_level("level", level)
    blocks = fit.blocks
    if not blocks.keep_names:
        raise OptionError("No term is always in the model; name the exposure and its confounders in keep=.")
    refuse_on_disk(blocks, "double_selection()")
    if blocks.origin is not None:
        raise OptionError(f"Nothing can be selected anew: {FROM_MOMENTS}.")
    effort = fit.effort if blocks.responses is None else 0
    tuned = TunedChoice(read_number(folds), int(make_generator(rng).integers(2**32)), effort)

    def choose(given: TaskBlocks) -> Bools:
        standard = fit.standard.anew(given)
        return tuned(
            make_problem(
                given,
                standard,
                fit.s,
                lambda_1=fit.lambda_1,
                lambda_z=fit.lambda_z,
                task_weights=fit.task_weights,
                support=fit.support_mode,
            )
        )

    found = double_selection(blocks, choose)
    low, high = found.interval(level)
    q, K = found.slope.shape
    return pd.DataFrame({
        "term": np.repeat(np.array(blocks.keep_names, dtype=object), K),
        "task": list(blocks.task_names) * q,
        "estimate": found.slope.ravel(),
        "std_error": found.se.ravel(),
        "conf_low": low.ravel(),
        "conf_high": high.ravel(),
        "p_value": found.pvalue.ravel(),
        "controls": np.tile(found.controls, q),
        "estimate_fit": fit.estimated(fit.solution.keep_coef).ravel(),
    })  # fmt: skip
