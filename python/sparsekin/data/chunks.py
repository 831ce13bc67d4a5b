"""Moments of data that come in chunks: what all chunks must agree on is settled first, then each is on its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from formulaic.parser.types import Factor

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.columns import column_kind, missing_in
from sparsekin.data.formula import FormulaParts, columns_of, factor_names, is_factor_call, read_formula
from sparsekin.data.frame import list_names
from sparsekin.data.jsonable import encode
from sparsekin.data.moments import Moments, moments_from_rows
from sparsekin.data.prepare import Prepared, prepare_frame
from sparsekin.data.recipe import Recipe, learn_recipe
from sparsekin.data.rows import encode_tasks
from sparsekin.errors import DataError, FormulaError
from sparsekin.options import Missing

_LEARNING_ROWS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is done with every chunk.

    ======== ============= ==============================================================
    field    shape         meaning
    ======== ============= ==============================================================
    formula  str           as written
    task     str or None   the task column
    keep     of str        always-in terms
    weights  str or None   the weights column
    missing  str           "raise" or "drop"
    columns  of str        columns a chunk has; after `learn_plan` those that are read
    recipe   Recipe|None   how the columns are made; None until `learn_plan`
    ======== ============= ==============================================================
    """

    formula: str
    task: str | None
    keep: tuple[str, ...]
    weights: str | None
    missing: Missing
    columns: tuple[str, ...]
    recipe: Recipe | None = None

    def parts(self) -> FormulaParts:
        """The formula on these columns."""
        return read_formula(self.formula, self.columns, self.task, self.weights, self.keep)


def factor_columns(plan: Plan, sample: pd.DataFrame) -> list[str]:
    """Columns whose levels must be known beforehand: text, and whatever stands in C(...)."""
    named: set[str] = set()
    for term in plan.parts().terms:
        for factor in term.factors:
            names = factor_names(factor, plan.columns) & set(plan.columns)
            named |= names if is_factor_call(factor) else {n for n in names if _is_text(factor, sample[n])}
    return [name for name in plan.columns if name in named]


def _is_text(factor: Factor, column: pd.Series) -> bool:
    return column_kind(column) == "text"


def levels_in(chunks: Iterable[pd.DataFrame]) -> dict[str, list[Any]]:
    """Sorted levels of every column over all chunks."""
    found: dict[str, dict[Any, None]] = {}
    for chunk in chunks:
        for name in chunk.columns:
            seen = found.setdefault(str(name), {})
            seen.update(dict.fromkeys(pd.unique(chunk[name].dropna().astype(object)).tolist()))
    return {name: sorted(seen) for name, seen in found.items()}


def in_category_order(levels: Mapping[str, Sequence[Any]], sample: pd.DataFrame) -> dict[str, Sequence[Any]]:
    """The levels in the order of their categories, where the column is categorical and knows them all."""
    places = {name: _places(sample[name]) for name in levels}
    return {
        name: sorted(seen, key=places[name].__getitem__) if places[name].keys() >= set(seen) else seen
        for name, seen in levels.items()
    }


def _places(column: pd.Series) -> dict[Any, int]:
    """Place of each category of a column; none where it is not categorical."""
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    return {value: place for place, value in enumerate(column.cat.categories.tolist())} if categorical else {}


def learn_plan(plan: Plan, chunks: Iterable[pd.DataFrame], levels: Mapping[str, Sequence[Any]]) -> Plan:
    """Fix how the columns are made, from the first complete rows and the levels of all."""
    parts = plan.parts()
    known = set(plan.columns)
    read = columns_of((*parts.terms, *parts.outcomes), known) | {plan.task, plan.weights}
    columns = tuple(name for name in plan.columns if name in read)
    rows = _complete_rows(chunks, [name for name in columns if name not in levels])
    many = max([len(rows), *(len(found) for found in levels.values())])
    rows = rows.iloc[np.resize(np.arange(len(rows)), many)].reset_index(drop=True)
    for name in levels:
        if name in columns:
            rows[name] = pd.Series(np.resize(np.array(list(levels[name]), dtype=object), many)).infer_objects()
    left = FormulaParts(parts.text, parts.outcomes, parts.outcomes, frozenset(), (), False)
    recipe, outcomes = (learn_recipe(rows[list(columns)], side, np.arange(many), levels) for side in (parts, left))
    if learned := {**outcomes.transform_state, **recipe.transform_state}:
        raise FormulaError(
            f"The formula '{plan.formula}' has terms that learn from all rows at once "
            f"({list_names(learned)}), which chunks cannot; write the numbers in, as in 'I(age - 50)'."
        )
    return replace(plan, columns=columns, recipe=recipe)


def _complete_rows(chunks: Iterable[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Some rows without gaps, of the first chunk that has any."""
    for chunk in chunks:
        rows = chunk[columns].dropna().head(_LEARNING_ROWS)
        if len(rows):
            return rows
    raise DataError("No complete row is left in any chunk.")


def chunk_moments(plan: Plan, chunk: pd.DataFrame) -> Moments | None:
    """Moments of one chunk; None when no row of it counts."""
    chunk = _counted(plan, chunk[list(plan.columns)])
    if not len(chunk):
        return None
    found = prepare_frame(
        plan.formula, chunk, task=plan.task, keep=plan.keep, weights=plan.weights, missing=plan.missing,
        recipe=plan.recipe,
    )  # fmt: skip
    return moments_of(found, plan.missing)


def moments_of(found: Prepared, missing: Missing = "raise") -> Moments:
    """Moments of prepared rows; those that lack one of several outcomes are left out when gaps are dropped."""
    design = found.design
    return moments_from_rows(
        _with_all_outcomes(found.blocks) if missing == "drop" and design.multi_label else found.blocks,
        outcome=design.outcomes[0],
        task=design.task,
        formula=design.formula,
        recipe=None if design.recipe is None else json.dumps(encode(design.recipe.to_dict()), sort_keys=True),
        keep_at=design.keep_at,
    )


def _with_all_outcomes(blocks: TaskBlocks) -> TaskBlocks:
    """Weight 0 for all outcomes where one of them is missing."""
    given = [np.ones(blocks.X.shape[0]) if w is None else w for w in blocks.weights]
    w = np.min(given, axis=0)
    if not w.any():
        raise DataError(f"No row has all of the outcomes {list_names(blocks.task_names)}.")
    return replace(blocks, weights=(w,) * blocks.n_tasks)


def _counted(plan: Plan, chunk: pd.DataFrame) -> pd.DataFrame:
    """The rows that can count: of weight other than 0 and, when gaps are dropped, complete."""
    if plan.missing == "drop":
        gaps = missing_in(chunk, list(plan.columns))
        chunk = chunk[~np.any(list(gaps.values()), axis=0)] if gaps else chunk
    return chunk if plan.weights is None else chunk[(chunk[plan.weights] != 0).to_numpy()]


def total(parts: Iterable[Moments | None], sample: pd.DataFrame | None = None) -> Moments:
    """The sum of all chunks, tasks in the order a whole frame would have them; `sample` tells that of categories."""
    added: Moments | None = None
    for part in parts:
        if part is not None:
            added = part if added is None else added + part
    if added is None:
        raise DataError("No complete row is left in any chunk.")
    codes, _ = encode_tasks(list(added.tasks)) if added.task is not None else (np.arange(len(added.tasks)), ())
    order = np.argsort(codes)
    if sample is not None and added.task is not None:
        labels = added.tasks
        place = _places(sample[added.task])
        if place.keys() >= set(labels):
            order = np.array(sorted(order, key=lambda i: place[labels[i]]))
    return replace(added, tasks=tuple(added.tasks[i] for i in order), parts=tuple(added.parts[i] for i in order))
