"""From a formula with h() terms to data and the terms of a basis."""

from __future__ import annotations

from itertools import product
from typing import Any

from sparsekin.data.families import Levels, code_levels
from sparsekin.data.formula import column_name
from sparsekin.data.frame import to_pandas
from sparsekin.data.hal_formula import HCall, read_hal_formula
from sparsekin.data.prepare import Prepared, prepare_parts
from sparsekin.data.reader import common_index
from sparsekin.data.recipe import Recipe
from sparsekin.data.spare import check_group_name
from sparsekin.data.swaps import check_formula
from sparsekin.errors import FormulaError
from sparsekin.hal.basis import Term, bins_of
from sparsekin.options import Missing


def prepare_hal(
    formula: str,
    data: Any,
    task: str | None,
    weights: Any,
    missing: Missing,
    order: int,
    *,
    binomial: bool = False,
    groups: str | None = None,
) -> tuple[Prepared, list[Term], dict[str, Levels]]:
    """Data whose candidates are the columns in h() and whose kept terms are the others, and the sections asked for.

    Outcomes that are text of two levels become 0 and 1; those levels come third. With `binomial` there may be no
    others.

    Raises
    ------
    FormulaError
        The formula cannot be read, or two terms make the same section.
    """
    check_formula(formula, data)
    frame = to_pandas(data)
    index = common_index({"the data": data, "weights": weights})
    task = column_name("task", task)
    column = weights if isinstance(weights, str) else None
    read = read_hal_formula(formula, list(frame.columns), task, column, check_group_name(groups))
    outcomes = [term.factors[0].expr for term in read.parts.outcomes]
    frame, levels = code_levels(frame, [name for name in outcomes if name in frame.columns], binomial)
    prepared = prepare_parts(read.parts, frame, index, task, weights, missing, groups=groups)
    names = prepared.blocks.feature_names
    terms: list[Term] = []
    calls: dict[tuple[int, ...], HCall] = {}
    assert prepared.design.recipe is not None
    places = _places(prepared.design.recipe, names)
    for variables, call in read.sections:
        for columns in product(*(places[name] for name in variables)):
            chosen = tuple(sorted(columns))
            _check_once(calls, chosen, call, names)
            terms.append(_term(chosen, call, order))
    terms.sort(key=lambda term: len(term.columns))
    return prepared, terms, levels


def _places(recipe: Recipe, names: tuple[str, ...]) -> dict[str, list[int]]:
    """Columns of each variable: itself, or the columns of its levels."""
    at = {name: j for j, name in enumerate(names)}
    places = {name: [at[name]] for name in (*recipe.plain, *recipe.kinds) if name in at}
    for variable, columns in recipe.level_columns.items():
        places.setdefault(variable, [at[name] for name in columns.values() if name in at])
    return places


def _term(columns: tuple[int, ...], call: HCall, order: int) -> Term:
    order = call.options.get("order", order)
    bins = call.options.get("k", bins_of(None, order, len(columns)))
    sign = {"i": 1, "d": -1, "none": 0}[call.options.get("monotone", "none")]
    return Term(columns, order, bins, call.options.get("pf", 1.0), sign)


def _check_once(
    calls: dict[tuple[int, ...], HCall], columns: tuple[int, ...], call: HCall, names: tuple[str, ...]
) -> None:
    earlier = calls.setdefault(columns, call)
    if earlier is not call:
        section = ", ".join(names[j] for j in columns)
        raise FormulaError(f"'{earlier.text}' and '{call.text}' both make the section ({section}); name it once.")
