"""Notes on what a fit of `SparseMTL` was given: what is shared, scales, and outcomes that are 0 or 1."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.sources.stored import stored_of
from sparsekin.data.standardize import Standardization
from sparsekin.report.numbers import number
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.linear import LinearFit


def disk_notes(blocks: TaskBlocks, passes: int | None) -> list[str]:
    """How often columns on disk were read, and which were left out before."""
    if passes is None:
        return []
    ledger = stored_of(blocks).source.ledger
    read = f"Columns on disk: all {blocks.n_features} were read {passes} time{'s' * (passes != 1)}."
    return [read, f"{ledger.describe()}."] if ledger is not None and ledger.dropped else [read]


def pooled_note(fit: SparseFit) -> str:
    """What tasks share, and what is their own, where lambda_2 is infinite."""
    kept = ", of kept terms too," if fit.blocks.keep_names else ""
    own = "; each task has its own intercept" if fit.blocks.intercept else ""
    scale = ", in units of the standard deviation of each outcome" if fit.standard.scale_outcome else ""
    return f"lambda_2 = inf: one coefficient vector{kept} for all tasks{scale}{own}."


def scale_note(standard: Standardization, task_weights: Floats | None = None) -> str:
    """What the penalties act on, so that they can be given again."""
    said = f"Scale of the penalties: standardize={standard.mode!r}, scale_outcome={standard.scale_outcome}"
    return f"{said}." if task_weights is None else f"{said}, task_weights={name_of_weights(task_weights)!r}."


def counted_weights(fit: SparseFit) -> Floats:
    """(K,) weights of tasks before those of gaussian ones are divided by residual variances."""
    mixed = [k for k, family in enumerate(fit.families) if family != "gaussian"]
    return fit.task_weights[mixed] if mixed else fit.task_weights


def name_of_weights(task_weights: Floats) -> str:
    """The option that gives these weights of tasks."""
    return "equal" if np.all(task_weights == 1) else "rows"


def link_notes(blocks: TaskBlocks) -> list[str]:
    """What coefficients are where not all outcomes are gaussian."""
    given, names = blocks.responses, blocks.task_names
    if given is None:
        return []
    kinds = {"gaussian": "means", "binomial": "log odds", "poisson": "log means", "cox": "log hazards"}
    notes = []
    for family in dict.fromkeys(given.families):
        of = [names[k] for k, one in enumerate(given.families) if one == family]
        what = f"Coefficients are of {kinds[family]} (family='{family}')"
        notes.append(f"{what}{'' if len(of) == len(names) else f' in {shorten(of)}'}.")
    levels = dict.fromkeys(one[1] for one in given.levels if one is not None)
    if levels:
        notes.append(f"The odds are those of {shorten(levels)}.")
    if "cox" in given.families:
        strata = any(one is not None for one in given.strata)
        own = "task and stratum" if strata else "task"
        notes.append(f"Every {own} has a baseline hazard of its own; ties: {given.ties.capitalize()}.")
    return notes


def family_notes(fit: SparseFit) -> list[str]:
    """The same, and how the table per task is to be read."""
    given, names, notes = fit.blocks.responses, fit.blocks.task_names, link_notes(fit.blocks)
    if given is None:
        return []
    gaussian = [k for k, family in enumerate(given.families) if family == "gaussian"]
    if gaussian and len(gaussian) < len(names):
        listed = shorten([f"{names[k]} {number(fit.task_weights[k])}" for k in gaussian])
        notes.append(f"Squared errors count by one over the residual variance of the task fitted alone: {listed}.")
    if any(one is not None for one in given.offset):
        notes.append("The linear predictor has an offset.")
    return [*notes, *_separated(fit)]


def _separated(fit: SparseFit) -> list[str]:
    """Tasks whose selected features separate the outcome."""
    told = [task for task, there in zip(fit.blocks.task_names, fit.separated, strict=True) if there]
    if not told:
        return []
    return [f"The selected features separate the outcome in {shorten(told)}: sizes are set by lambda_1 there."]


def binary_notes(fit: LinearFit) -> list[str]:
    """That least squares was used, where an outcome is 0 or 1."""
    blocks, two = fit.blocks, []
    if blocks.origin is not None or blocks.responses is not None:
        return []
    for task, y, w in zip(blocks.task_names, blocks.y, blocks.weights, strict=True):
        if set(np.unique(y if w is None else y[w > 0]).tolist()) == {0.0, 1.0}:
            two.append(task)
    if not two:
        return []
    where = "" if len(two) == blocks.n_tasks else f" in {shorten(two)}"
    return [
        f"The outcome is 0 or 1{where}: fitted by least squares, so fitted values are no probabilities and may leave "
        'that range. For log odds: SparseMTL(..., family="binomial").'
    ]
