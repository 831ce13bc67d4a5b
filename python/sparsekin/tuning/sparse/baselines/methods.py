"""Methods to compare, the simplest first: one model for all tasks, tasks that share, tasks by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from sparsekin.data.blocks import Ints, TaskBlocks
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.grid import Settings, cross
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.baselines import families, squares
from sparsekin.tuning.sparse.baselines.boosting import LEAVES, ROUNDS, fit_boosting, why_no_boosting
from sparsekin.tuning.sparse.baselines.lasso import fit_multi_task_lasso, fractions, why_no_multi_task
from sparsekin.tuning.sparse.baselines.pooled import fit_pooled_l0
from sparsekin.tuning.sparse.baselines.pretrain import ALPHAS
from sparsekin.tuning.sparse.baselines.ridge import RIDGES
from sparsekin.tuning.sparse.cross_validate import fit_grid
from sparsekin.tuning.sparse.family_scoring import null_families
from sparsekin.tuning.sparse.grid import ridges_by_rows
from sparsekin.tuning.sparse.scoring import Models, Predictor, null_models

Family: TypeAlias = Literal["null", "pooling", "sharing", "separate models", "boosting"]

FAMILIES: tuple[Family, ...] = ("pooling", "sharing", "separate models", "boosting")  # of the verdict, simplest first
LAMBDA_1 = (0.0, 0.02, 0.1, 0.4, 1.5, 6.0)  # weak signals need a ridge; the standardised columns have variance 1


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A way to make models from training rows, with the settings that are tried.

    ========== ================ ====================================================================================
    field      shape            meaning
    ========== ================ ====================================================================================
    name       str
    family     str              null, pooling, sharing, separate models or boosting
    fitter     callable or None ``fitter(training)``: a model per setting; None: not available
    settings   m                Settings
    per_task   (m,) or None     settings with the same number may differ between tasks: each task has its own best of
                                them; None: one setting for all tasks
    start_from str              name of an earlier method: ``fitter(training, start=setting)`` is given the setting of
                                that one which is best on the *other* folds
    reason     str              why it is not available
    ========== ================ ====================================================================================
    """

    name: str
    family: Family
    fitter: Callable[..., Sequence[Predictor | None]] | None = None
    settings: Settings | None = None
    per_task: Ints | None = None
    start_from: str = ""
    reason: str = ""


def methods(
    problem: Problem, settings: Settings, effort: int, *, boosting: bool = False, pooled_sizes: Ints | None = None
) -> Iterator[Method]:
    """Shared supports at `settings`, and what they have to beat.

    Parameters
    ----------
    problem : Problem
    settings : Settings
        Of shared supports and of a common support. Pooled and independent L0 fits take their s and lambda_1, and
        `LAMBDA_1` too.
    effort : {0, 1, 2}
    boosting : bool
    pooled_sizes : Ints, optional
        s of pooled L0, where rows of all tasks allow more than those of one.
    """
    p = problem.n_features
    alone = "the data have one task" if problem.n_tasks == 1 else ""
    apart = alone or ("the tasks are different outcomes" if problem.blocks.shared else "")
    curved = problem.losses is not None
    convex = families if curved else squares
    if problem.blocks.mixed:
        apart = apart or "the tasks are of several families"
    n = problem.blocks.n_obs
    whole, part = (cross([p], fractions(rows, p), [0.0], [0.0]) for rows in (n.sum(), n.mean()))
    pretrained = cross([p], part.lambda_1, ALPHAS, [0.0])
    ridges = cross([p], RIDGES, [0.0], [0.0])
    lambda_1 = np.union1d(settings.lambda_1, ridges_by_rows(problem.blocks) if curved else LAMBDA_1)
    one_task = cross(settings.s, lambda_1, [0.0], [0.0])
    one_model = one_task if pooled_sizes is None else cross(pooled_sizes, lambda_1, [0.0], [0.0])
    common = cross(settings.s, settings.lambda_1, settings.lambda_2, [0.0])

    def fits(fitter: Callable[..., Sequence[Predictor | None]], tried: Settings, **options: object) -> Callable:
        return partial(fitter, problem=problem, settings=tried, **options)

    def l0(asked: Problem, tried: Settings) -> Callable:
        if curved:  # exact refits rank supports, so less effort finds as good ones
            return partial(fit_grid, problem=asked, settings=tried, effort=max(effort - 1, 0), shortlist=QUICK)
        return partial(fit_grid, problem=asked, settings=tried, effort=effort)

    found = [
        Method("null", "null", fit_null, cross([0], [0.0], [0.0], [0.0])),
        Method("pooled lasso", "pooling", fits(convex.fit_pooled_lasso, whole), whole, reason=apart),
        Method("pooled ridge", "pooling", fits(convex.fit_pooled_ridge, ridges), ridges, reason=apart),
        Method("pooled L0", "pooling", fits(fit_pooled_l0, one_model, effort=effort), one_model, reason=apart),
        Method(
            "pretrained lasso", "sharing", fits(convex.fit_pretrained, pretrained), pretrained,
            np.unique(pretrained.lambda_2, return_inverse=True)[1], "pooled lasso", apart,
        ),
        Method(
            "multi-task lasso", "sharing", fits(fit_multi_task_lasso, part), part,
            reason=alone or why_no_multi_task(problem),
        ),
        Method("shared supports", "sharing", l0(problem, settings), settings),
        Method("common support", "sharing", l0(replace(problem, support="common"), common), common, reason=alone),
        Method(
            "lasso per task", "separate models", fits(convex.fit_lasso_per_task, part), part, _together(part)
        ),
        Method("ridge per task", "separate models", fits(convex.fit_ridge_per_task, ridges), ridges, _together(ridges)),
        Method(
            "independent L0", "separate models", l0(replace(problem, support="independent"), one_task), one_task,
            reason=alone,
        ),
    ]  # fmt: skip
    if boosting:
        grown = cross([p], ROUNDS, LEAVES, [0.0])
        why = apart or why_no_boosting(problem)
        found.append(Method("gradient boosting", "boosting", fits(fit_boosting, grown), grown, reason=why))
    for one in found:
        yield replace(one, fitter=None, settings=None) if one.reason else one


def _together(settings: Settings) -> Ints:
    """All settings under one number."""
    return np.zeros(len(settings), np.int64)


def fit_null(training: TaskBlocks) -> list[Models]:
    """Means and always-in columns alone."""
    return [null_models(training) if training.responses is None else null_families(training)]
