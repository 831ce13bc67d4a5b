"""Drawing the halves for a fit."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import InterruptedWarning, OptionError, warn
from sparsekin.inference.bootstrap import DRAWS, redraw
from sparsekin.inference.halves import Halves, draw_halves
from sparsekin.inference.tuned import TunedChoice
from sparsekin.models.halving import check_halving, warn_of_missing
from sparsekin.models.sparse.exact import problem_at
from sparsekin.options import check_level, check_option
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.inner_folds import INNER, check_rows_to_tune
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    import pandas as pd

    from sparsekin.results.sparse.fit import SparseFit


def halves_of(
    fit: SparseFit, pairs: int, rng: Rng, groups: object, retune: bool, n_jobs: int | None, progress: bool
) -> Halves:  # fmt: skip
    """Halves of the rows of a fit, each searched at its settings, or tuned anew."""
    check_option("retune", retune, (False, True))
    codes = check_halving(fit, pairs, groups)
    if retune:
        check_rows_to_tune(
            fit.blocks, 2, [0] * fit.blocks.n_tasks, "every half is cut into folds again.", "Leave retune out"
        )
    effort = fit.effort if fit.blocks.responses is None else 0  # else half the time went into verifying moves
    drawn = draw_halves(
        problem_at(fit), pairs=pairs, rng=rng, groups=codes, n_jobs=n_jobs, progress=progress, effort=effort,
        choose=TunedChoice(INNER, 0, effort) if retune else None,
    )  # fmt: skip
    warn_of_missing(drawn.pairs, pairs)
    return drawn


def bootstrap_intervals(fit: SparseFit, level: float, rng: Rng, n_jobs: int | None) -> pd.DataFrame:
    """Percentiles of coefficients over searches on rows drawn again, in the groups that `stability` was given."""
    check_level("level", level)
    refuse_on_disk(fit.blocks, 'conf_int(method="bootstrap")')
    if fit.blocks.origin is not None:
        raise OptionError(f"Rows cannot be drawn again: {FROM_MOMENTS}.")
    groups = None if fit.halves is None else fit.halves.groups
    effort = fit.effort if fit.blocks.responses is None else 0
    found = redraw(problem_at(fit), rng=rng, effort=effort, groups=groups, n_jobs=n_jobs)
    if len(found.coef) < DRAWS:
        warn(f"Interrupted: {len(found.coef)} of {DRAWS} draws are finished and used.", InterruptedWarning)
    return fit.ends_table(found.features, *found.interval(level))


def check_at_least(at_least: object, n_tasks: int) -> None:
    """Raise `OptionError` unless at_least is one of 1..K."""
    try:
        if isinstance(at_least, bool) or not 1 <= operator.index(at_least) <= n_tasks:  # type: ignore[arg-type]
            raise TypeError
    except TypeError:
        raise OptionError(f"at_least = {at_least!r} must be a number of tasks, 1 to {n_tasks}.") from None
