"""Drawing the halves for a fit."""

from __future__ import annotations

import operator
import warnings
from typing import TYPE_CHECKING

from sparsekin.data.blocks import TaskBlocks
from sparsekin.errors import DataError, InterruptedWarning, OptionError
from sparsekin.inference.bootstrap import DRAWS, redraw
from sparsekin.inference.halves import Halves, draw_halves
from sparsekin.inference.tuned import TunedChoice
from sparsekin.models.sparse.exact import problem_at
from sparsekin.options import check_option
from sparsekin.results.sparse.family_table import events_of
from sparsekin.results.sparse.stability import check_share
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.split import Rng, check_labels, read_groups

if TYPE_CHECKING:
    import pandas as pd

    from sparsekin.results.sparse.fit import SparseFit

LEAST_ROWS = 4


def halves_of(
    fit: SparseFit, pairs: int, rng: Rng, groups: object, retune: bool, n_jobs: int | None, progress: bool
) -> Halves:  # fmt: skip
    """Halves of the rows of a fit, each searched at its settings, or tuned anew."""
    check_pairs(pairs)
    check_option("retune", retune, (False, True))
    if fit.blocks.origin is not None:
        raise OptionError(f"Rows cannot be halved: {FROM_MOMENTS}.")
    for k, (name, n) in enumerate(zip(fit.blocks.task_names, fit.blocks.n_obs, strict=True)):
        least, what = least_count(fit.blocks, k)
        if min(n, least) < LEAST_ROWS:
            count, of = (n, "rows") if n < LEAST_ROWS else (least, what)
            raise DataError(
                f"Task {name!r} has {count} {of}, too few to halve; it needs {LEAST_ROWS}, or drop the task."
            )
    check_labels({"groups": groups}, fit.index)
    codes = None if groups is None else read_groups(groups, fit.row_positions, len(fit.index))
    effort = fit.effort if fit.blocks.responses is None else 0  # else half the time went into verifying moves
    drawn = draw_halves(
        problem_at(fit), pairs=pairs, rng=rng, groups=codes, n_jobs=n_jobs, progress=progress, effort=effort,
        choose=TunedChoice(5, 0, effort) if retune else None,
    )  # fmt: skip
    if drawn.pairs < pairs:
        warnings.warn(
            f"Interrupted: {drawn.pairs} of {pairs} pairs of halves are finished and kept.", InterruptedWarning,
            stacklevel=3,
        )  # fmt: skip
    return drawn


def bootstrap_intervals(fit: SparseFit, level: float, rng: Rng, n_jobs: int | None) -> pd.DataFrame:
    """Percentiles of coefficients over searches on rows drawn again, in the groups that `stability` was given."""
    check_share("level", level)
    if fit.blocks.origin is not None:
        raise OptionError(f"Rows cannot be drawn again: {FROM_MOMENTS}.")
    groups = None if fit.halves is None else fit.halves.groups
    effort = fit.effort if fit.blocks.responses is None else 0
    found = redraw(problem_at(fit), rng=rng, effort=effort, groups=groups, n_jobs=n_jobs)
    if len(found.coef) < DRAWS:
        warnings.warn(
            f"Interrupted: {len(found.coef)} of {DRAWS} draws are finished and used.", InterruptedWarning, stacklevel=3
        )
    return fit.ends_table(found.features, *found.interval(level))


def least_count(blocks: TaskBlocks, k: int) -> tuple[int, str]:
    """Rows of the smaller class, or events; the rows where neither is meant."""
    family = blocks.families_said[k]
    if family == "cox" or (family == "binomial" and blocks.outcome_of(k).ndim == 1):
        return int(events_of(blocks)[k]), "events" if family == "cox" else "rows in its smaller class"
    return int(blocks.n_obs[k]), "rows"


def check_pairs(pairs: object) -> None:
    """Raise `OptionError` unless pairs is a whole number of at least 10."""
    try:
        if isinstance(pairs, bool) or operator.index(pairs) < 10:  # type: ignore[arg-type]
            raise TypeError
    except TypeError:
        raise OptionError(f"pairs = {pairs!r} must be a whole number of at least 10; 50 is usual.") from None


def check_at_least(at_least: object, n_tasks: int) -> None:
    """Raise `OptionError` unless at_least is one of 1..K."""
    try:
        if isinstance(at_least, bool) or not 1 <= operator.index(at_least) <= n_tasks:  # type: ignore[arg-type]
            raise TypeError
    except TypeError:
        raise OptionError(f"at_least = {at_least!r} must be a number of tasks, 1 to {n_tasks}.") from None
