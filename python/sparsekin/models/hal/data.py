"""From data and a basis to the problem a multi-task HAL solves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from sparsekin.data.families import outcome_scales
from sparsekin.data.prepare import Prepared
from sparsekin.errors import OptionError
from sparsekin.hal.basis import Term, make_basis
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.penalty import PenaltyName, ratio_of
from sparsekin.hal.problem import Problem, make_problem
from sparsekin.models.hal.checks import check_l1_ratio, check_share
from sparsekin.models.hal.sizes import check_functions, check_outcomes, warn_of_units
from sparsekin.options import LossFamily, check_option


def hal_problem(
    prepared: Prepared,
    terms: Sequence[Term],
    *,
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
    families = _families(prepared)
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
        warn_of_units(blocks, families)
    return replace(prepared, blocks=blocks), make_problem(blocks, Design(basis, dense), ratio, families, units)


def _families(prepared: Prepared) -> tuple[LossFamily, ...]:
    """K families.

    Raises
    ------
    OptionError
        A gaussian task has an offset.
    """
    blocks = prepared.blocks
    found: Any = blocks.families_said
    for k, family in enumerate(found):
        if family == "gaussian" and blocks.offset_of(k) is not None:
            raise OptionError(
                f"Task '{blocks.task_names[k]}' is gaussian and has an offset; subtract it from the outcome, as in "
                "'I(y - z) ~ h(.)'."
            )
    return tuple(found)


def with_factors(problem: Problem, factors: Sequence[float]) -> Problem:
    """The same problem with a penalty factor for each section of its basis."""
    design = problem.design
    sections = tuple(replace(one, factor=v) for one, v in zip(design.basis.sections, factors, strict=True))
    changed = Design(replace(design.basis, sections=sections), problem.blocks.X)
    return make_problem(problem.blocks, changed, problem.penalty.ratio, problem.families, problem.units)
