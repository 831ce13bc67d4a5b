"""What models without some rows say of these, for a fit that holds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import OptionError
from sparsekin.models.sparse.exact import problem_at
from sparsekin.options import Scheme
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.folds import Folds, check_events, check_folds, make_folds
from sparsekin.tuning.sparse.held_out import held_out, models_without, stacking
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from sparsekin.results.sparse.fit import SparseFit

Fit = TypeVar("Fit", bound="SparseFit")


def with_held_out(fit: Fit, folds: Folds, n_jobs: int | None = None) -> Fit:
    """The fit, and what models without each fold, at its settings, say of the rows of the fold."""
    problem = problem_at(fit)
    return replace(fit, held_out=held_out(problem, folds, models_without(problem, folds, fit.effort, n_jobs)))


def tuned(fit: Fit, folds: Folds) -> Fit:
    """As `with_held_out` for a fit with losses, and stacking weights from these models."""
    problem = problem_at(fit)
    models = models_without(problem, folds, fit.effort)
    weights = stacking(problem, folds, fit.effort, models)
    return replace(fit, held_out=held_out(problem, folds, models), stacking=weights)


def hold_out(fit: Fit, folds: Any, scheme: Scheme, groups: Any, n_jobs: int | None, rng: Rng) -> Fit:
    """As `with_held_out`, for folds as a user asks for them."""
    refuse_on_disk(fit.blocks, "hold_out()", "Use cross_validate(), or keep rows for testing.")
    if fit.blocks.origin is not None:
        raise OptionError(f"Nothing can be held out: {FROM_MOMENTS}.")
    made = make_folds(
        fit.blocks, scheme=scheme, folds=folds, groups=groups, rng=rng, positions=fit.row_positions,
        n_given=len(fit.index),
    )  # fmt: skip
    check_events(fit.blocks, made)
    if scheme == "within-task":
        check_folds(fit.blocks, made, int(fit.s.max()))
    return with_held_out(fit, made, n_jobs)
