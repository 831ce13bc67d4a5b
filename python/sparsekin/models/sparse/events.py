"""What binomial, poisson and cox tasks need of a fit: a ridge, enough events, and options that exist for them."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.errors import DataWarning, OptionError, SolverError, warn
from sparsekin.l0.glm.separation import separates
from sparsekin.l0.grid import Settings
from sparsekin.l0.pooled import is_pooled, pooled_problem
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.losses.occurrences import events_of_tasks
from sparsekin.options import AnyMetric, Metric, check_option, check_penalty
from sparsekin.results.naming import counted, shorten
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.dial.settings import least_share, make_dial
from sparsekin.tuning.sparse.grid import (
    SEARCHED_PER_ROW,
    is_auto,
    make_grid,
    read_penalties,
    read_sizes,
    ridges_by_rows,
)

Ridge = float | Literal["auto"]
FEW = 5.0  # events per selected feature below which there is a warning


def read_ridge(lambda_1: Any, blocks: TaskBlocks) -> float:
    """lambda_1 as a number."""
    if isinstance(lambda_1, str) and lambda_1 == "auto":
        return auto_ridge(blocks)
    return check_penalty("lambda_1", lambda_1)


def auto_ridge(blocks: TaskBlocks) -> float:
    """0 for gaussian outcomes, with an offset too; else 1 / (mean rows of a task)."""
    return 0.0 if set(blocks.families_said) == {"gaussian"} else float(ridges_by_rows(blocks)[0])


def family_grid(
    problem: Problem, folds: Folds, s: Any, lambda_1: Any, lambda_2: Any, lambda_z: Any
) -> Settings:  # fmt: skip
    """What a comparison tries of shared supports where not all outcomes are gaussian: sizes and lambda_z of a dial."""
    auto = ridges_by_rows(problem.blocks, SEARCHED_PER_ROW)
    ridges = auto[1] if lambda_1 is None else auto if is_auto("lambda_1", lambda_1) else lambda_1
    if is_auto("s", s) or is_auto("lambda_z", lambda_z):
        given = None if is_auto("s", s) else read_sizes(s, problem.n_features)
        dial = make_dial(problem, given, least=least_share(folds, problem.blocks))
        s = dial.shared.s if given is None else s
        lambda_z = dial.shared.lambda_z if is_auto("lambda_z", lambda_z) else lambda_z
    return make_grid(problem, s, ridges, lambda_2, lambda_z)


def read_metric(metric: AnyMetric | None, blocks: TaskBlocks) -> AnyMetric:
    """The metric of a cross-validation.

    Raises
    ------
    OptionError
        The outcomes have no such metric.
    """
    named = {"gaussian"} if blocks.responses is None else set(blocks.responses.families)
    if blocks.responses is None:
        check_option("metric", "rmse" if metric is None else metric, get_args(Metric))
        return metric or "rmse"
    if metric is None:
        return "deviance"
    own = {"auc": {"binomial"}, "brier": {"binomial"}, "c_index": {"cox"}}
    allowed = ["deviance", *(name for name, kind in own.items() if named == kind)]
    if metric not in allowed:
        listed = ", ".join(map(repr, allowed))
        raise OptionError(f"metric={metric!r} is not for {', '.join(sorted(named))} outcomes; use {listed}.")
    return metric


def check_stacking(ensemble: str, blocks: TaskBlocks) -> None:
    """Refuse stacking of tasks of several families."""
    named = sorted(set(blocks.families_said))
    if ensemble == "stack" and len(named) > 1:
        raise OptionError(f"ensemble='stack' weighs models of one family; here tasks are {', '.join(named)}.")


def check_families(blocks: TaskBlocks, lambda_2: Any, solver: str = "search") -> None:
    """Refuse to tie the coefficients of tasks of several families, and solvers for squared errors only.

    `lambda_2` is a number, several, or "auto", which ties what may be tied.

    Raises
    ------
    OptionError
    """
    if blocks.responses is None:
        return
    families = dict(zip(blocks.responses.families, blocks.task_names, strict=True))
    largest = 0.0 if is_auto("lambda_2", lambda_2) else float(read_penalties("lambda_2", lambda_2).max())
    if len(families) > 1 and largest == np.inf:
        named = ", ".join(sorted(families))
        raise OptionError(
            f"lambda_2 = inf is one model for all tasks, and here they are {named}; use lambda_2 = 0 (lambda_z shares "
            "supports)."
        )
    if len(families) > 1 and largest > 0:
        each = ", ".join(f"'{task}' is {family}" for family, task in families.items())
        raise OptionError(
            f"lambda_2 = {largest:g} ties the coefficients of the tasks, and those of different families are not on "
            f"one scale: {each}. Use lambda_2 = 0; lambda_z shares supports."
        )
    if solver != "search":
        raise OptionError(f"solver={solver!r} is for gaussian outcomes so far; use solver='search'.")


def check_separation(problem: Problem, solution: Solution) -> None:
    """Refuse a fit without a ridge whose features separate the outcome of a task.

    Raises
    ------
    SolverError
        The message names tasks and columns.
    """
    if problem.lambda_1 > 0:
        return
    names = problem.blocks.feature_names
    pooled = is_pooled(problem)
    problem = pooled_problem(problem) if pooled else problem
    for k, task in enumerate(problem.blocks.task_names):
        S = np.flatnonzero(solution.support[:, k])
        if separates(problem, k, S):
            columns = shorten([names[j] for j in S]) if len(S) else "the always-in columns"
            where = "all tasks together" if pooled else f"task '{task}'"
            raise SolverError(
                f"In {where} {columns} separate{'s' * (len(S) == 1)} the outcome, so that no finite coefficients "
                'are best; use lambda_1 > 0 ("auto"), or a smaller s.'
            )


def warn_of_events(blocks: TaskBlocks, solution: Solution, pooled: bool) -> None:
    """Warn where a task has few events for what it selects; where tasks are `pooled`, all of them together.

    Warns
    -----
    DataWarning
    """
    events, selected = events_of_tasks(blocks), solution.support.sum(axis=0)
    if pooled:
        if events.sum() < FEW * selected[0]:
            warn(
                f"All tasks together have {counted(int(events.sum()), 'event')} for "
                f"{counted(int(selected[0]), 'selected feature')}, fewer than {FEW:g} each; what is selected may be "
                "chance. Use a smaller s.",
                DataWarning,
            )
        return
    few = [k for k in range(blocks.n_tasks) if 0 <= events[k] < FEW * selected[k]]
    if few:
        k = min(few, key=lambda one: float(events[one] / selected[one]))
        others = f"; also in {shorten([blocks.task_names[i] for i in few if i != k])}" if len(few) > 1 else ""
        warn(
            f"Task '{blocks.task_names[k]}' has {counted(int(events[k]), 'event')} for "
            f"{counted(int(selected[k]), 'selected feature')}, fewer than {FEW:g} each{others}; what is selected may "
            "be chance. Use a smaller s, or more sharing.",
            DataWarning,
        )
