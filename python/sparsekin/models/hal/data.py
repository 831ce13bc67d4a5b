"""From data and a basis to the problem a multi-task HAL solves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from sparsekin.data.families import Families, Levels, outcome_scales, read_families
from sparsekin.data.frame import list_names
from sparsekin.data.prepare import Prepared
from sparsekin.errors import OptionError
from sparsekin.hal.basis import Term, make_basis
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.penalty import PenaltyName, ratio_of
from sparsekin.hal.problem import Problem, make_problem
from sparsekin.losses.families import check_outcome
from sparsekin.models.hal.checks import check_l1_ratio, check_share
from sparsekin.models.hal.sizes import check_functions, check_outcomes, warn_of_units
from sparsekin.options import LossFamily, check_option


def hal_problem(
    prepared: Prepared,
    terms: Sequence[Term],
    *,
    family: Families,
    reduce_basis: float | None,
    penalty: PenaltyName,
    l1_ratio: float,
    scale_outcome: bool | None,
    memory: float,
) -> tuple[Prepared, Problem]:
    """Data with a dense X, and their problem.

    Raises
    ------
    OptionError, DataError
        As for `MTHAL`.
    """
    check_option("penalty", penalty, get_args(PenaltyName))
    check_option("scale_outcome", scale_outcome, (None, True, False))
    ratio = ratio_of(penalty, check_l1_ratio(l1_ratio))
    share = check_share(reduce_basis, int(prepared.blocks.X.shape[0]))
    families = read_families(family, prepared.blocks.task_names, get_args(LossFamily))
    for k, one in enumerate(families):
        check_outcome(one, prepared.blocks.outcome_of(k), prepared.blocks.weights[k], prepared.blocks.task_names[k])
    check_outcomes(prepared.blocks, families)
    X = prepared.blocks.X
    dense = X if isinstance(X, np.ndarray) else np.asfortranarray(X.toarray())
    blocks = replace(prepared.blocks, X=dense)
    full = make_basis(dense, terms, blocks.feature_names, memory, blocks.n_tasks)
    basis = drop_repeats(full, dense, share)
    check_functions(basis, dense, blocks.feature_names)
    scaled = len(set(families)) > 1 if scale_outcome is None else scale_outcome
    units = outcome_scales(blocks, families) if scaled else None
    if not scaled:
        warn_of_units(blocks, families, stacklevel=4)
    return replace(prepared, blocks=blocks), make_problem(blocks, Design(basis, dense), ratio, families, units)


def with_factors(problem: Problem, factors: Sequence[float]) -> Problem:
    """The same problem with a penalty factor for each section of its basis."""
    design = problem.design
    sections = tuple(replace(one, factor=v) for one, v in zip(design.basis.sections, factors, strict=True))
    changed = Design(replace(design.basis, sections=sections), problem.blocks.X)
    return make_problem(problem.blocks, changed, problem.penalty.ratio, problem.families, problem.units)


def levels_of_tasks(
    problem: Problem, outcomes: Sequence[str], levels: Mapping[str, Levels]
) -> tuple[Levels | None, ...]:
    """K levels of binomial outcomes that were text.

    Raises
    ------
    OptionError
        A text outcome is not binomial in every task that has it.
    """
    names = outcomes if problem.blocks.shared else [outcomes[0]] * problem.n_tasks
    for name, family in zip(names, problem.families, strict=True):
        if name in levels and family != "binomial":
            raise OptionError(
                f"Outcome '{name}' is text ({list_names(levels[name])}): give family='binomial', which models the "
                f"log odds of {levels[name][1]!r}, not {family!r}."
            )
    return tuple(levels.get(name) for name in names)
